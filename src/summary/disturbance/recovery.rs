//! When the objective was met again. Requests are counted by the moment at which they were due, in buckets of one width:
//! how many, and how many of them met the objective. A stretch is as many buckets as the objective has to hold for.
//!
//! ```text
//! due      5 5 5 5 5 5 5 5        begin of the fault at bucket 2, three buckets long to hold
//! met      5 5 1 0 5 5 5 5        broken in the stretch 2-4, met again in 4-6: recovered after two buckets
//! ```

use super::Objective;
use crate::summary::nanoseconds;
use crate::units::{Offset, float, nanos, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// From the begin of a fault until the objective was met again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Recovery {
    /// After so long, in nanoseconds in files; at once where the client let nobody notice the fault.
    #[serde(rename = "after_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    After(Duration),
    /// There were too few requests to say.
    Insufficient {
        /// Requests in the fullest stretch of time in which the objective would have had to hold.
        n: u64,
        /// Requests that it takes.
        needed: u64,
    },
    /// It was not, before the stage ended.
    Never,
}

/// Requests that a stretch of time must have had to say anything.
const FLOOR: u64 = 10;

/// The most buckets of a series.
const MOST: u64 = 6_000;
/// The narrowest bucket.
const NARROWEST: Duration = Duration::from_millis(10);

/// Requests over time. Takes 48 KiB at most, all of it when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Series {
    width: Duration,
    buckets: Vec<Bucket>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bucket {
    due: u32,
    met: u32,
}

impl Recovery {
    /// The worse of two: never is worse than unknown, and unknown than any time.
    pub(super) fn worse(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, _) | (_, Self::Never) => Self::Never,
            (Self::Insufficient { .. }, _) => self,
            (Self::After(_), Self::Insufficient { .. }) => other,
            (Self::After(one), Self::After(two)) => Self::After(one.max(two)),
        }
    }
}

impl Series {
    /// Room for all requests that are due before `end`.
    pub(super) fn until(end: Offset) -> Self {
        let share = Duration::from_nanos(end.nanos().div_ceil(MOST));
        let width = NARROWEST.max(share);
        let buckets = end.nanos().div_ceil(nanos(width));
        let count = usize::try_from(buckets).unwrap_or(usize::MAX);
        Self {
            width,
            buckets: vec![Bucket::default(); count],
        }
    }

    /// How wide its buckets are.
    pub(super) fn width(&self) -> Duration {
        self.width
    }

    /// Counts a request that was due then.
    pub(super) fn count(&mut self, due: Offset, met: bool) {
        let index = self.index(due);
        if let Some(bucket) = self.buckets.get_mut(index) {
            bucket.due = bucket.due.saturating_add(1);
            bucket.met = bucket.met.saturating_add(u32::from(met));
        }
    }

    /// Adds what another lane counted.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            mine.due = mine.due.saturating_add(theirs.due);
            mine.met = mine.met.saturating_add(theirs.met);
        }
    }

    fn index(&self, at: Offset) -> usize {
        let index = at.nanos() / nanos(self.width).max(1);
        usize::try_from(index).unwrap_or(usize::MAX)
    }

    /// When the objective was met again after a fault that began at `begin`, where the next one began at `next` and
    /// requests were sent until `end`.
    pub(super) fn recovery(
        &self,
        objective: &Objective,
        begin: Offset,
        next: Option<Offset>,
        end: Offset,
    ) -> Recovery {
        let end = self.index(end).min(self.buckets.len());
        let first = self.index(begin);
        let next = next.map_or(end, |next| self.index(next).min(end));
        let stretches = Stretches::new(self, objective, end);
        let since_begin = |bucket: usize| {
            let at = nanos(self.width).saturating_mul(wide(bucket));
            Recovery::After(Offset::from_nanos(at).since(begin))
        };
        let Some(broken) = stretches.first_broken(first, next) else {
            // What was never broken was never recovered; but it has to be seen to hold.
            return match stretches.first_held(first) {
                Some(_) => Recovery::After(Duration::ZERO),
                None => stretches.without(first),
            };
        };
        match stretches.first_held(broken) {
            Some(held) => since_begin(held),
            None => stretches.without(broken),
        }
    }
}

/// All stretches of time that are as long as the objective has to hold.
struct Stretches {
    /// Requests due, and requests that met the objective, before each bucket.
    before: Vec<(u64, u64)>,
    length: usize,
    success_rate: f64,
    end: usize,
}

impl Stretches {
    fn new(series: &Series, objective: &Objective, end: usize) -> Self {
        let mut sum = (0, 0);
        let mut before = vec![sum];
        for bucket in &series.buckets {
            sum = (sum.0 + u64::from(bucket.due), sum.1 + u64::from(bucket.met));
            before.push(sum);
        }
        let length = nanos(objective.held_for).div_ceil(nanos(series.width).max(1));
        Self {
            before,
            length: usize::try_from(length).unwrap_or(usize::MAX).max(1),
            success_rate: objective.success_rate,
            end,
        }
    }

    /// Requests due from one bucket up to another, and how many of them met the objective.
    fn between(&self, from: usize, until: usize) -> (u64, u64) {
        let before = |bucket: usize| self.before.get(bucket).copied().unwrap_or_default();
        let (until, from) = (before(until), before(from));
        (
            until.0.saturating_sub(from.0),
            until.1.saturating_sub(from.1),
        )
    }

    fn is_met(&self, (due, met): (u64, u64)) -> bool {
        float(met) >= self.success_rate * float(due)
    }

    /// The first stretch from `first` on, none of it at or after `until`, in which the objective was not met. Where the time
    /// is shorter than a stretch, the whole of it is one.
    fn first_broken(&self, first: usize, until: usize) -> Option<usize> {
        let last = until.saturating_sub(self.length).max(first);
        (first..=last).find(|&from| {
            let stretch = from.saturating_add(self.length).min(until);
            !self.is_met(self.between(from, stretch.max(from)))
        })
    }

    /// The first whole stretch from `first` on in which the objective was met, and enough requests were there to say so.
    fn first_held(&self, first: usize) -> Option<usize> {
        self.whole(first).find(|&from| {
            let counted = self.between(from, from + self.length);
            counted.0 >= FLOOR && self.is_met(counted)
        })
    }

    /// What is to be said where no stretch from `first` on held: too few requests, if that is why.
    fn without(&self, first: usize) -> Recovery {
        let counted = self
            .whole(first)
            .map(|from| self.between(from, from + self.length));
        match counted.map(|(due, _)| due).max() {
            Some(n) if n < FLOOR => Recovery::Insufficient { n, needed: FLOOR },
            Some(_) | None => Recovery::Never,
        }
    }

    /// The stretches from `first` on that are over when sending is.
    fn whole(&self, first: usize) -> impl Iterator<Item = usize> {
        let beyond = (self.end.saturating_add(1)).saturating_sub(self.length);
        first..beyond.max(first)
    }
}
