//! Counts for the eyes of whoever watches a run. The report never uses them.

use crate::sample::Outcome;
use std::sync::atomic::{AtomicU64, Ordering};

/// Counts that lanes raise and a display reads. Relaxed: a display may be a moment behind.
#[derive(Debug, Default)]
pub struct Progress {
    started: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    cancelled: AtomicU64,
    not_sent: AtomicU64,
}

/// The counts at one moment, warm-up included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Requests sent and not yet finished.
    pub in_flight: u64,
    /// Requests answered.
    pub answered: u64,
    /// Requests that failed or were answered wrongly.
    pub failed: u64,
    /// Requests given up by their caller.
    pub cancelled: u64,
    /// Requests that should have been sent and were not.
    pub not_sent: u64,
}

impl Progress {
    pub(super) fn started(&self) {
        self.started.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn ended(&self, outcome: Outcome) {
        let count = match outcome {
            Outcome::Answered => &self.answered,
            Outcome::WrongAnswer(_) | Outcome::Failed(_) => &self.failed,
            Outcome::Cancelled => &self.cancelled,
            Outcome::NotSent => &self.not_sent,
        };
        count.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        let answered = self.answered.load(Ordering::Relaxed);
        let failed = self.failed.load(Ordering::Relaxed);
        let cancelled = self.cancelled.load(Ordering::Relaxed);
        let started = self.started.load(Ordering::Relaxed);
        Snapshot {
            in_flight: started.saturating_sub(answered + failed + cancelled),
            answered,
            failed,
            cancelled,
            not_sent: self.not_sent.load(Ordering::Relaxed),
        }
    }
}
