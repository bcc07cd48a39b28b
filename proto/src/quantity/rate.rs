//! Events per unit of time, written `200/s`, `30/m` or `1/h`.

use super::{Invalid, split, written_as_text};
use std::fmt;
use std::str::FromStr;

const EXPECTED: &str = "a rate above zero such as 200/s, 30/m or 0.5/s";

/// Events per unit of time, above zero and at most 10 million a second.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Rate(f64);

written_as_text!(
    Rate,
    "Rate",
    "a rate above zero such as 200/s, 30/m or 0.5/s",
    r"^\s*\d+(\.\d+)?\s*/\s*[smh]\s*$"
);

impl Rate {
    /// A rate from events per second.
    ///
    /// # Errors
    /// [`Invalid`] unless above zero and at most 10 million.
    pub fn try_per_second(per_second: f64) -> Result<Self, Invalid> {
        if per_second > 0.0 && per_second <= 1e7 {
            Ok(Self(per_second))
        } else {
            Err(Invalid::new(EXPECTED, &per_second.to_string()))
        }
    }

    /// Events per second.
    pub const fn per_second(self) -> f64 {
        self.0
    }
}

impl FromStr for Rate {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = || Invalid::new(EXPECTED, text);
        let (number, unit) = split(text.trim()).ok_or_else(invalid)?;
        let unit = unit.strip_prefix('/').ok_or_else(invalid)?.trim();
        let seconds = match unit {
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return Err(invalid()),
        };
        Self::try_per_second(number / seconds).map_err(|_| invalid())
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/s", self.0)
    }
}
