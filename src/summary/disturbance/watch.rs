//! Watches the samples of a lane for what faults do: it knows when they come, and keeps of each the first attempt that failed
//! by it and the first that went elsewhere, and of all requests how many met the objective when.

use super::recovery::Series;
use super::{Disturbance, Disturbances, Objective};
use crate::sample::{Outcome, Sample};
use crate::units::{Offset, nanos};
use std::time::Instant;

/// A fault as it is known before it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFault {
    /// Its kind.
    pub fault: String,
    /// What it strikes, for people.
    pub at: String,
    /// The endpoints that it strikes.
    pub struck: Vec<usize>,
    /// The endpoints that the client asks after them.
    pub fallbacks: Vec<usize>,
    /// When it begins, on the machine's monotonic clock.
    pub begins: Instant,
    /// When it ends; never when there is none.
    pub ends: Option<Instant>,
}

/// Watches over one stage. Takes all its memory when it is made.
#[derive(Debug, Clone)]
pub struct Watch {
    objective: Objective,
    faults: Vec<Watched>,
    series: Series,
    lost: u64,
    end: Offset,
}

#[derive(Debug, Clone)]
struct Watched {
    expected: ExpectedFault,
    begins: Offset,
    ends: Option<Offset>,
    /// Does it come while requests are sent?
    is_due: bool,
    first_failed: Option<Offset>,
    first_elsewhere: Option<Offset>,
    lost: u64,
}

impl Watch {
    /// Watches for these faults while requests are sent, until `end`.
    pub fn new(objective: Objective, faults: Vec<ExpectedFault>, end: Offset) -> Self {
        let watched = |expected| Watched {
            expected,
            begins: Offset::ZERO,
            ends: None,
            is_due: true,
            first_failed: None,
            first_elsewhere: None,
            lost: 0,
        };
        Self {
            objective,
            faults: faults.into_iter().map(watched).collect(),
            series: Series::until(end),
            lost: 0,
            end,
        }
    }

    /// Counts time from `epoch` on.
    pub(in crate::summary) fn begins(&mut self, epoch: Instant) {
        let offset = |at: Instant| Offset::from(at.saturating_duration_since(epoch));
        for fault in &mut self.faults {
            fault.begins = offset(fault.expected.begins);
            fault.ends = fault.expected.ends.map(offset);
            fault.is_due = fault.begins < self.end && fault.ends != Some(Offset::ZERO);
        }
    }

    /// Takes in one sample. Allocates nothing.
    pub(in crate::summary) fn see(&mut self, sample: &Sample<'_>) {
        self.series
            .count(sample.scheduled, is_met(sample, &self.objective));
        for fault in &mut self.faults {
            fault.see(sample);
        }
        if sample.outcome != Outcome::Answered {
            self.lose(sample.finished);
        }
    }

    /// A request without a right answer is lost to the fault that began last before it ended.
    fn lose(&mut self, at: Offset) {
        let begun = |fault: &&Watched| fault.is_due && fault.begins <= at;
        let begun = self.faults.iter().filter(begun);
        let Some(last) = begun.map(|fault| fault.begins).max() else {
            return;
        };
        self.lost += 1;
        for fault in &mut self.faults {
            fault.lost += u64::from(fault.is_due && fault.begins == last);
        }
    }

    /// Adds what another lane saw of the same faults.
    pub(in crate::summary) fn merge(&mut self, other: &Self) {
        self.lost += other.lost;
        self.series.add(&other.series);
        for (mine, theirs) in self.faults.iter_mut().zip(&other.faults) {
            mine.lost += theirs.lost;
            mine.first_failed = earlier(mine.first_failed, theirs.first_failed);
            mine.first_elsewhere = earlier(mine.first_elsewhere, theirs.first_elsewhere);
        }
    }

    /// What the faults did that came before `end`, when sending was over. `begins` is when each of them really began, where
    /// that became known, and `duplicates` when executions began that were not the first of their request.
    pub(in crate::summary) fn finish(
        mut self,
        end: Offset,
        begins: &[Offset],
        duplicates: Option<&[Offset]>,
    ) -> Option<Disturbances> {
        for (fault, begins) in self.faults.iter_mut().zip(begins) {
            fault.begins = *begins;
        }
        self.faults
            .retain(|fault| fault.is_due && fault.begins < end);
        let all: Vec<Offset> = self.faults.iter().map(|fault| fault.begins).collect();
        let faults: Vec<_> = self
            .faults
            .iter()
            .map(|fault| self.disturbance(fault, &all, end, duplicates))
            .collect();
        (!faults.is_empty()).then(|| Disturbances {
            objective: self.objective,
            resolution: self.series.width(),
            lost: self.lost,
            faults,
        })
    }

    fn disturbance(
        &self,
        fault: &Watched,
        all: &[Offset],
        end: Offset,
        duplicates: Option<&[Offset]>,
    ) -> Disturbance {
        let begins = fault.begins;
        let next = all.iter().copied().filter(|other| *other > begins).min();
        let is_its = |at: &&Offset| **at >= begins && next.is_none_or(|next| **at < next);
        let since_begin = |at: Offset| nanos(at.since(begins));
        // What happens only once the next fault has begun is that one's.
        let elsewhere = fault.first_elsewhere.as_ref().filter(is_its);
        let count = |times: &[Offset]| crate::units::wide(times.iter().filter(is_its).count());
        Disturbance {
            fault: fault.expected.fault.clone(),
            at: fault.expected.at.clone(),
            begins: begins.duration(),
            ends_ns: fault.ends.map(Offset::nanos),
            detect_ns: fault.first_failed.map(since_begin),
            switch_ns: elsewhere.copied().map(since_begin),
            recover: self.series.recovery(&self.objective, begins, next, end),
            lost: fault.lost,
            duplicated: duplicates.map(count),
        }
    }
}

impl Watched {
    fn see(&mut self, sample: &Sample<'_>) {
        for attempt in sample.failed_attempts {
            // Who began to wait during the fault and learned of it later was still struck by it.
            let is_struck = self.expected.struck.contains(&attempt.endpoint)
                && attempt.failed >= self.begins
                && self.ends.is_none_or(|ends| attempt.began < ends);
            if is_struck {
                self.first_failed = earlier(self.first_failed, Some(attempt.failed));
            }
            self.see_attempt(attempt.endpoint, attempt.began);
        }
        if let (Some(endpoint), Some(began)) = (sample.endpoint, sample.answered_attempt) {
            self.see_attempt(endpoint, began);
        }
    }

    fn see_attempt(&mut self, endpoint: usize, began: Offset) {
        if began >= self.begins && self.expected.fallbacks.contains(&endpoint) {
            self.first_elsewhere = earlier(self.first_elsewhere, Some(began));
        }
    }
}

fn is_met(sample: &Sample<'_>, objective: &Objective) -> bool {
    let last = sample
        .chunks
        .last()
        .map_or(sample.finished, |chunk| chunk.at);
    sample.outcome == Outcome::Answered && last.since(sample.scheduled) <= objective.latency
}

fn earlier(one: Option<Offset>, other: Option<Offset>) -> Option<Offset> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (only, None) | (None, only) => only,
    }
}
