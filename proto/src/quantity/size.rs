//! An amount of memory, written `64MiB`, `4KiB`, `10MB` or `512B`.

use super::{Invalid, split, written_as_text};
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "a size in bytes such as 64MiB, 4KiB, 10MB or 512B";

/// An amount of memory in bytes, below 2^53 so that every arithmetic on it is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Size(u64);

written_as_text!(
    Size,
    "Size",
    "a size in bytes such as 64MiB, 4KiB, 10MB or 512B",
    r"^\s*\d+(\.\d+)?\s*([KMGT]i?)?B\s*$"
);

const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("KB", 1_000),
    ("B", 1),
];

impl Size {
    /// A size from bytes.
    pub const fn from_bytes(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The size in bytes.
    pub const fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Size {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(EXPECTED, text);
        let (number, unit) = split(text.trim()).ok_or_else(invalid)?;
        let (_, scale) = UNITS
            .iter()
            .find(|(name, _)| *name == unit)
            .ok_or_else(invalid)?;
        whole_bytes(number, *scale).map(Self).ok_or_else(invalid)
    }
}

/// The product as whole bytes, if it stays in the range where an `f64` is exact.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "range checked before the cast; scales are small powers"
)]
fn whole_bytes(number: f64, scale: u64) -> Option<u64> {
    let bytes = (number * scale as f64).round();
    (bytes < 9_007_199_254_740_992.0).then_some(bytes as u64)
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, scale) = UNITS
            .iter()
            .find(|(_, scale)| self.0 >= *scale && self.0.is_multiple_of(*scale))
            .unwrap_or(&("B", 1));
        write!(f, "{}{name}", self.0 / scale)
    }
}
