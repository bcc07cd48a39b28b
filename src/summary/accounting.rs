//! What became of requests, counted so that nothing can be lost: `{ "offered": 9000, "answered": 8998, "failed": 2 }`.

use crate::sample::Outcome;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the requests that were scheduled in the measure phase. `offered` is the sum of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Accounting {
    /// Requests that the schedule held.
    pub offered: u64,
    /// Answered in full and in the form that was asked for.
    pub answered: u64,
    /// Answered with something else.
    pub wrong: u64,
    /// Failed.
    pub failed: u64,
    /// Given up by their caller, as the workload says.
    #[serde(default)]
    pub cancelled: u64,
    /// Never sent.
    pub not_sent: u64,
}

impl Accounting {
    /// Do the parts add up to what was offered?
    pub fn adds_up(&self) -> bool {
        self.offered == self.answered + self.wrong + self.failed + self.cancelled + self.not_sent
    }

    /// Counts one request.
    pub(super) fn count(&mut self, outcome: Outcome) {
        self.offered += 1;
        let place = match outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::WrongAnswer(_) => &mut self.wrong,
            Outcome::Failed(_) => &mut self.failed,
            Outcome::Cancelled => &mut self.cancelled,
            Outcome::NotSent => &mut self.not_sent,
        };
        *place += 1;
    }

    /// Requests whose callers waited for an answer.
    pub fn awaited(&self) -> u64 {
        self.offered.saturating_sub(self.cancelled)
    }

    /// Wrong answers and failures, without what was never sent.
    pub fn errors(&self) -> u64 {
        self.wrong + self.failed
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.offered += other.offered;
        self.answered += other.answered;
        self.wrong += other.wrong;
        self.failed += other.failed;
        self.cancelled += other.cancelled;
        self.not_sent += other.not_sent;
    }
}
