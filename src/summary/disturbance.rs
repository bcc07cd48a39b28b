//! What the faults of a stage's target did to it, where their time is limited: how soon the client saw them, how soon it went
//! elsewhere, when the objective was met again, and which requests were lost or executed twice:
//! `{ "fault": "refuse", "at": "the mock `primary`", "begins_ns": 1000000000, "detect_ns": 310000, "recover": { "after_ns": 0 } }`.
//!
//! All of it is recorded in constant memory while the load runs, by a [`Watch`] that knows beforehand when the faults come.

mod recovery;
mod watch;

pub use recovery::Recovery;
pub use watch::{ExpectedFault, Watch};

use super::nanoseconds;
use super::reading::Reading;
use super::stage::StageSummary;
use crate::units::{float, nanos};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// When a target serves as it should.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Objective {
    /// The longest latency of a right answer that is good enough, in nanoseconds in files.
    #[serde(rename = "latency_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub latency: Duration,
    /// The share of requests that must have one, from 0 to 1.
    pub success_rate: f64,
    /// For how long that must be so before it is believed, in nanoseconds in files.
    #[serde(rename = "held_for_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub held_for: Duration,
}

/// The faults of a stage whose time is limited, and what they did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disturbances {
    /// What had to be met again.
    pub objective: Objective,
    /// How exactly the time to recover is known, in nanoseconds in files.
    #[serde(rename = "resolution_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub resolution: Duration,
    /// Requests without a right answer that ended, or should have begun, after the first fault had begun.
    pub lost: u64,
    /// Each fault, in the order of the target.
    pub faults: Vec<Disturbance>,
}

/// One fault whose time is limited, and what it did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Disturbance {
    /// Its kind, such as `refuse`; `death` where a mock ended as planned.
    pub fault: String,
    /// What was struck.
    pub at: String,
    /// When it began, from the start of the stage, in nanoseconds in files.
    #[serde(rename = "begins_ns", with = "nanoseconds")]
    #[schemars(with = "u64")]
    pub begins: Duration,
    /// When it ended, in nanoseconds; never when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_ns: Option<u64>,
    /// From its begin to the first attempt that failed by it, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detect_ns: Option<u64>,
    /// From its begin to the first attempt at an endpoint that comes after the struck ones, in nanoseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_ns: Option<u64>,
    /// From its begin until the objective was met again.
    pub recover: Recovery,
    /// Requests without a right answer that ended from its begin to that of the next fault.
    pub lost: u64,
    /// Executions of requests that had begun elsewhere or before, in the same time; nothing where the target's journal does
    /// not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicated: Option<u64>,
}

const UNDISTURBED: &str =
    "no fault of the target has a beginning or an end that lies within the stage";
const UNDETECTED: &str = "no attempt is known to have failed at an endpoint that a fault struck";
const NOT_SWITCHED: &str =
    "no attempt is known to have gone to an endpoint that comes after those that a fault struck";
const NOT_RECOVERED: &str = "the objective was not met again before the stage ended";
const NO_JOURNAL: &str = "the target keeps no journal of what it executed, or did not tell it";

impl StageSummary {
    /// The longest time from the begin of a fault to the first attempt that failed by it.
    pub fn detect(&self) -> Reading {
        self.longest(|fault| fault.detect_ns, UNDETECTED)
    }

    /// The longest time from the begin of a fault to the first attempt at an endpoint that comes after the struck ones.
    pub fn switch(&self) -> Reading {
        self.longest(|fault| fault.switch_ns, NOT_SWITCHED)
    }

    /// The longest time from the begin of a fault until the objective was met again. Where that never was it is no number,
    /// so that no limit can hold.
    pub fn recover(&self) -> Reading {
        let Some(disturbances) = &self.disturbances else {
            return Reading::NotMeasured(UNDISTURBED);
        };
        let recoveries = disturbances.faults.iter().map(|fault| fault.recover);
        match recoveries.reduce(Recovery::worse) {
            None => Reading::NotMeasured(UNDISTURBED),
            Some(Recovery::Never) => Reading::NotMeasured(NOT_RECOVERED),
            Some(Recovery::Insufficient { n, needed }) => Reading::Insufficient { n, needed },
            Some(Recovery::After(time)) => Reading::Value(float(nanos(time))),
        }
    }

    /// Requests that were never answered right from the begin of the first fault on.
    pub fn lost(&self) -> Reading {
        let lost = self.disturbances.as_ref().map(|known| float(known.lost));
        Reading::or_not_measured(lost, UNDISTURBED)
    }

    /// Executions that the target began of requests that it had begun before.
    pub fn duplicated(&self) -> Reading {
        let journal = self.journal.as_ref().filter(|journal| journal.is_whole());
        let duplicated = journal.and_then(|journal| journal.duplicated);
        Reading::or_not_measured(duplicated.map(float), NO_JOURNAL)
    }

    fn longest(&self, time: fn(&Disturbance) -> Option<u64>, without: &'static str) -> Reading {
        let Some(disturbances) = &self.disturbances else {
            return Reading::NotMeasured(UNDISTURBED);
        };
        let longest = disturbances.faults.iter().filter_map(time).max();
        Reading::or_not_measured(longest.map(float), without)
    }
}

impl Disturbances {
    /// Adds those of another generator's stage, whose target was its own: of each fault the longer times, and all losses.
    pub(super) fn add(&mut self, other: &Self) {
        self.lost += other.lost;
        for (mine, theirs) in self.faults.iter_mut().zip(&other.faults) {
            mine.detect_ns = mine.detect_ns.max(theirs.detect_ns);
            mine.switch_ns = mine.switch_ns.max(theirs.switch_ns);
            mine.recover = mine.recover.worse(theirs.recover);
            mine.lost += theirs.lost;
            let both = mine.duplicated.zip(theirs.duplicated);
            mine.duplicated = both.map(|(mine, theirs)| mine + theirs);
        }
        let more = other.faults.get(self.faults.len()..).unwrap_or_default();
        self.faults.extend_from_slice(more);
    }
}

#[cfg(test)]
mod tests;
