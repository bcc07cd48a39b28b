//! The time that the journal tells: nanoseconds of the machine's monotonic clock (`CLOCK_MONOTONIC`), which all processes
//! of one machine share, so that what a mock wrote down can be held against what its client saw. Where there is no such
//! clock, nanoseconds since the mock started.

use std::time::Duration;
use tokio::time::Instant;

/// Translates the program's instants. Pure once made.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    origin: Instant,
    origin_nanos: u64,
    origin_epoch_millis: u64,
}

impl Clock {
    /// A clock that was read at `origin`.
    pub fn new(origin: Instant) -> Self {
        Self {
            origin,
            origin_nanos: monotonic_nanos(),
            origin_epoch_millis: epoch_millis(),
        }
    }

    /// Nanoseconds of the monotonic clock at `instant`.
    pub fn nanos(self, instant: Instant) -> u64 {
        let since = instant.saturating_duration_since(self.origin);
        let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
        self.origin_nanos.saturating_add(nanos)
    }

    /// The instant at which the monotonic clock told so many nanoseconds; no earlier than the origin.
    pub fn instant(self, nanos: u64) -> Instant {
        self.origin + Duration::from_nanos(nanos.saturating_sub(self.origin_nanos))
    }

    /// Milliseconds since 1970 at a moment that [`nanos`](Self::nanos) told, as far as the machine knew the date when the
    /// clock was made. Where there is no such clock, milliseconds since then.
    pub(crate) fn epoch_millis(self, nanos: u64) -> u64 {
        let since = nanos.saturating_sub(self.origin_nanos) / 1_000_000;
        self.origin_epoch_millis.saturating_add(since)
    }
}

#[cfg(target_os = "linux")]
fn epoch_millis() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
    seconds
        .saturating_mul(1000)
        .saturating_add(nanos / 1_000_000)
}

#[cfg(not(target_os = "linux"))]
fn epoch_millis() -> u64 {
    0
}

#[cfg(target_os = "linux")]
fn monotonic_nanos() -> u64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let seconds = u64::try_from(now.tv_sec).unwrap_or_default();
    let nanos = u64::try_from(now.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(nanos)
}

#[cfg(not(target_os = "linux"))]
fn monotonic_nanos() -> u64 {
    0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn time_passes_in_nanoseconds_from_the_origin_on() {
        let origin = Instant::now();
        let clock = Clock::new(origin);

        let start = clock.nanos(origin);

        assert_eq!(
            clock.nanos(origin + Duration::from_micros(3)),
            start + 3_000
        );
        assert_eq!(
            clock.instant(start + 3_000),
            origin + Duration::from_micros(3)
        );
        assert_eq!(
            clock.epoch_millis(start + 3_500_000),
            clock.epoch_millis(start) + 3
        );
    }
}
