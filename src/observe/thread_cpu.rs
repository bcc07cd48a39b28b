//! The CPU clock of the current thread.

use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// CPU time that the current thread has used since it began, user and system.
pub(super) fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    let nanos = u32::try_from(time.tv_nsec).unwrap_or(0);
    Duration::new(seconds, nanos)
}
