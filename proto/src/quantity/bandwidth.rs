//! Memory moved per second, written `1GiB/s`, `250MB/s` or `512KiB/s`.

use super::{Invalid, Size, written_as_text};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const EXPECTED: &str = "a bandwidth above zero such as 1GiB/s or 250MB/s";

/// Bytes per second, above zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bandwidth(Size);

written_as_text!(
    Bandwidth,
    "Bandwidth",
    "a bandwidth above zero such as 1GiB/s or 250MB/s",
    r"^\s*\d+(\.\d+)?\s*([KMGT]i?)?B\s*/\s*s\s*$"
);

impl Bandwidth {
    /// A bandwidth from the size that is moved in one second.
    ///
    /// # Errors
    /// [`Invalid`] for nothing at all.
    pub fn try_per_second(size: Size) -> Result<Self, Invalid> {
        if size.bytes() > 0 {
            Ok(Self(size))
        } else {
            Err(Invalid::new(EXPECTED, &format!("{size}/s")))
        }
    }

    /// The size that is moved in one second.
    pub const fn per_second(self) -> Size {
        self.0
    }

    /// How long it takes to move `size`, rounded down to whole nanoseconds; the longest duration there is where it
    /// would not fit one.
    pub fn time_for(self, size: Size) -> Duration {
        let nanos = u128::from(size.bytes()) * 1_000_000_000 / u128::from(self.0.bytes());
        let seconds = u64::try_from(nanos / 1_000_000_000);
        let rest = u32::try_from(nanos % 1_000_000_000);
        match (seconds, rest) {
            (Ok(seconds), Ok(rest)) => Duration::new(seconds, rest),
            (Err(_), _) | (_, Err(_)) => Duration::MAX,
        }
    }
}

impl FromStr for Bandwidth {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(EXPECTED, text);
        let (size, unit) = text.split_once('/').ok_or_else(invalid)?;
        if unit.trim() != "s" {
            return Err(invalid());
        }
        let size = size.parse().map_err(|_| invalid())?;
        Self::try_per_second(size).map_err(|_| invalid())
    }
}

impl fmt::Display for Bandwidth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}
