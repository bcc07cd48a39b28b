//! A length of time, written `250ms`, `1m 30s` or `0s`.

use super::{Invalid, written_as_text};
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

const EXPECTED: &str = "a duration such as 250ms, 10s or 5m";

/// A length of time with a unit, from `0s` up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Period(Duration);

written_as_text!(
    Period,
    "Period",
    "a duration such as 250ms, 10s or 5m",
    r"^\s*(\d+(\.\d+)?\s*[a-zA-Zµ]+\s*)+$"
);

impl Period {
    /// A period of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// A period of whole seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(Duration::from_secs(seconds))
    }

    /// The same length as the standard type.
    pub const fn duration(self) -> Duration {
        self.0
    }

    /// Is this `0s`?
    pub const fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl From<Duration> for Period {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for Period {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        humantime::parse_duration(text.trim())
            .map(Self)
            .map_err(|_| Invalid::new(EXPECTED, text))
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", humantime::format_duration(self.0))
    }
}
