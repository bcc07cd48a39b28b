//! A share of a whole, written `0.2%` or `99.5%`.

use super::{Invalid, split, written_as_text};
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "a share from 0% to 100%, such as 0.2%";

/// A share of a whole, from 0 % to 100 %.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default)]
pub struct Share(f64);

written_as_text!(
    Share,
    "Share",
    "a share from 0% to 100%, such as 0.2%",
    r"^\s*\d+(\.\d+)?\s*%\s*$"
);

impl Share {
    /// The whole: 100 %.
    pub const WHOLE: Self = Self(1.0);

    /// A share from a ratio in `0.0..=1.0`.
    ///
    /// # Errors
    /// [`Invalid`] outside that range.
    pub fn try_from_ratio(ratio: f64) -> Result<Self, Invalid> {
        if (0.0..=1.0).contains(&ratio) {
            Ok(Self(ratio))
        } else {
            Err(Invalid::new(EXPECTED, &ratio.to_string()))
        }
    }

    /// The share as a ratio in `0.0..=1.0`.
    pub const fn ratio(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        match split(text.trim()) {
            Some((number, "%")) if number <= 100.0 => hundredths(number)
                .map(Self)
                .ok_or_else(|| Invalid::new(EXPECTED, text)),
            _ => Err(Invalid::new(EXPECTED, text)),
        }
    }
}

/// The number with its decimal point moved by two places. A division by 100 would round a second time, and 99.9 % would
/// be more than 999 of 1,000.
fn hundredths(number: f64) -> Option<f64> {
    format!("{number}e-2").parse().ok()
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Rounded far below any share that matters, so that 0.2% prints as it was written.
        write!(f, "{}%", (self.0 * 1e14).round() / 1e12)
    }
}
