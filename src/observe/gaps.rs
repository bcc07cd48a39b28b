//! How steadily a thread that only computes is let compute: it reads the clock as fast as it can, and what is missing between
//! two readings was taken by the scheduler, an interrupt or a hypervisor.

use crate::units::{float, nanos};
use serde::{Deserialize, Serialize};
use std::time::Duration;
use tokio::time::Instant;

/// A shorter time between two readings may be the reading itself.
const LEAST: Duration = Duration::from_micros(50);

/// The times that were taken from a thread that wanted none of them taken.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Gaps {
    /// For how long it was watched, in nanoseconds.
    pub watched_ns: u64,
    /// How often more than 50 µs were missing.
    pub count: u64,
    /// The most that was missing at once, in nanoseconds.
    pub longest_ns: u64,
    /// All that was missing together, as a share of the time that was watched.
    pub share: f64,
}

impl Gaps {
    /// Computes on the current thread for as long as this, and says what was missing. Blocks.
    pub fn watch(period: Duration) -> Self {
        let start = Instant::now();
        let readings = std::iter::repeat_with(|| start.elapsed());
        Self::among(readings, period)
    }

    /// Among readings of a clock, up to the first that is past the period.
    fn among(readings: impl Iterator<Item = Duration>, period: Duration) -> Self {
        let mut gaps = Self::default();
        let (mut last, mut missing) = (Duration::ZERO, Duration::ZERO);
        for reading in readings {
            let gap = reading.saturating_sub(last);
            if gap > LEAST {
                gaps.count += 1;
                gaps.longest_ns = gaps.longest_ns.max(nanos(gap));
                missing += gap;
            }
            last = reading;
            if reading >= period {
                break;
            }
        }
        gaps.watched_ns = nanos(last);
        if !last.is_zero() {
            gaps.share = float(nanos(missing)) / float(gaps.watched_ns);
        }
        gaps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_between_readings_is_added_up() {
        let micros = [10, 20, 60, 500, 510, 1_510, 2_000];
        let readings = micros.into_iter().map(Duration::from_micros);

        let gaps = Gaps::among(readings, Duration::from_micros(1_500));

        // 440 from 60 to 500 and 1,000 from 510 to 1,510; nothing after the period.
        assert_eq!(
            gaps,
            Gaps {
                watched_ns: 1_510_000,
                count: 2,
                longest_ns: 1_000_000,
                share: 1_440.0 / 1_510.0,
            }
        );
    }
}
