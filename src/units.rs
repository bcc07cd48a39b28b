//! Units that every stage of the pipeline shares: quantities as files write them, [`Offset`] as the pipeline counts
//! time, and the only lossy number conversions in the crate.

pub use inferometer_proto::quantity::{Period, Rate, Share, Size};

use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// A point in time as the distance from the start of its stage, in nanoseconds. Wraps after 584 years.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Offset(u64);

impl Offset {
    /// The start of the stage.
    pub const ZERO: Self = Self(0);

    /// An offset of whole nanoseconds.
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// An offset of whole milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self(millis * 1_000_000)
    }

    /// Nanoseconds since the start of the stage.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// The distance from the start of the stage.
    pub const fn duration(self) -> Duration {
        Duration::from_nanos(self.0)
    }

    /// The time from `earlier` to here, zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }

    /// This point moved later.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(nanos(duration)))
    }
}

impl From<Duration> for Offset {
    fn from(duration: Duration) -> Self {
        Self(nanos(duration))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.duration())
    }
}

/// Whole nanoseconds, saturating after 584 years.
pub fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A count as a float. Exact below 2^53.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the one place for this conversion; counts stay far below 2^53"
)]
pub fn float(count: u64) -> f64 {
    count as f64
}

/// A float as the nearest count: negative and not-a-number give 0, too large saturates.
#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the one place for this conversion; saturation is the documented meaning"
)]
pub fn count(float: f64) -> u64 {
    float.round() as u64
}

/// A length or index as a count.
#[expect(
    clippy::as_conversions,
    reason = "usize has at most 64 bits on every platform that Rust supports"
)]
pub const fn wide(length: usize) -> u64 {
    length as u64
}

/// Bytes as hexadecimal digits, two each, in lower case: `[10, 255]` is `0aff`.
pub fn hexadecimal(bytes: impl IntoIterator<Item = u8>) -> String {
    let digits = bytes.into_iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits
        .filter_map(|digit| char::from_digit(digit.into(), 16))
        .collect()
}

/// `part / whole`, or `None` when there is no whole.
pub fn ratio(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| float(part) / float(whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_two_hexadecimal_digits_each() {
        assert_eq!(hexadecimal([0, 10, 255]), "000aff");
        assert_eq!(hexadecimal([]), "");
    }
}
