//! What became of the connections to one endpoint: [`PoolStatistics`].

use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// How often connections to one endpoint were made, used and given up since the client was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStatistics {
    /// Connections made.
    pub created: u64,
    /// Requests that went over a connection that was there already.
    pub reused: u64,
    /// Attempts to make a connection that failed.
    pub failed: u64,
    /// Idle connections closed because they were older than `max_age`.
    pub too_old: u64,
    /// Idle connections closed because they were idle for longer than `idle_for`.
    pub idle_too_long: u64,
    /// Idle connections closed because they gave no sign of life after `health_check`.
    pub lifeless: u64,
    /// Idle connections found to be closed by the server when they were to be used again.
    pub found_closed: u64,
    /// Requests that waited for one of `max_connections` to become free.
    pub waited: u64,
    /// How long they waited, all together.
    pub waiting: Duration,
    /// The longest that one waited.
    pub longest_wait: Duration,
}

/// The figures of one endpoint, as they grow.
#[derive(Debug, Default)]
pub(super) struct Counters(Mutex<PoolStatistics>);

impl Counters {
    pub(super) fn note(&self, change: impl FnOnce(&mut PoolStatistics)) {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner));
    }

    pub(super) fn read(&self) -> PoolStatistics {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that waits for its turn. However the waiting ends, it is counted.
#[derive(Debug)]
pub(super) struct Waiting<'a> {
    counters: &'a Counters,
    since: Instant,
}

impl<'a> Waiting<'a> {
    pub(super) fn begin(counters: &'a Counters) -> Self {
        Self {
            counters,
            since: Instant::now(),
        }
    }

    /// How long it has been so far.
    pub(super) fn so_far(&self) -> Duration {
        self.since.elapsed()
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let wait = self.so_far();
        self.counters.note(|figures| {
            figures.waited += 1;
            figures.waiting += wait;
            figures.longest_wait = figures.longest_wait.max(wait);
        });
    }
}
