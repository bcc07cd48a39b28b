//! Samples become facts: a [`Recorder`] for each lane and load stream while the load runs, a [`StageSummary`] for each stage, one
//! [`RunSummary`] for the run. Facts only: nothing here knows an expectation, a clock, a file or how the load was
//! made; the limits of [`Validity`] are about the instrument, not about the target.
//!
//! ```text
//! Sample* -> Recorder -> StageSummary -> RunSummary { stages, scaling, certificate }
//! ```

mod accounting;
mod added;
mod books;
mod calibration;
mod certificate;
mod course;
mod distribution;
mod disturbance;
mod document;
mod environment;
mod evidence;
mod journal;
mod memory;
mod merge;
mod operation;
mod reading;
mod recorder;
mod resources;
mod scaling;
mod script;
mod shape;
mod stage;
mod streams;
mod timings;
mod validity;

pub use accounting::Accounting;
pub use added::Added;
pub use books::ClientBooks;
pub use calibration::Calibration;
pub use certificate::{Certificate, Doubt, StageTrust, StreamTrust, Trouble};
pub use course::{Course, Level, Search};
pub use distribution::{Distribution, SpectrumPoint};
pub use disturbance::{Disturbance, Disturbances, ExpectedFault, Objective, Recovery, Watch};
pub(crate) use document::check_schema;
pub use document::{Error, SCHEMA};
pub use environment::Environment;
pub use journal::{Journal, JournalReader, Visit, VisitEnd};
pub use memory::MemorySlope;
pub use operation::OperationTally;
pub use reading::{Reading, Statistic};
pub use recorder::{Recorder, Window};
pub use resources::Resources;
pub use scaling::{ScalingGroup, ScalingRow};
pub use script::{Difference, Script, StubCalls, UnexpectedRequest, WhyUnexpected};
pub use shape::{Asked, Gaps, LaneGaps, Shape};
pub use stage::{
    Attempts, EndpointTally, StageEnd, StageFacts, StageSummary, Throughput, TokenSources,
    TokenTally, summarize,
};
pub use streams::{Recorders, StreamSummary};
pub use timings::{Distributions, Timings};
pub use validity::{Breach, Limit, Severity, Strictness, Validity};

pub use crate::observe::{Conditions, Pressure, Taken, TargetUsage};
pub use crate::sample::{ClientCounts, ConnectionCounts, Kind, LoadingCounts, Operation};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the metric formulas. Two runs with different versions are not comparable.
pub const METRICS_VERSION: u32 = 1;

/// Everything that was measured in one run of one scenario. A baseline is one of these that someone kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// The version of the metric formulas, [`METRICS_VERSION`] when it was written.
    pub metrics_version: u32,
    /// The version of the tool that measured.
    pub tool_version: String,
    /// What was run, where and when.
    pub identity: RunIdentity,
    /// How many generators' results are added up here; 1 unless shards were merged.
    pub shards: u32,
    /// How the run ended: the worst of its own end and those of its stages.
    pub end: RunEnd,
    /// The facts of each stage, in the order of the plan.
    pub stages: Vec<StageSummary>,
    /// Throughput against concurrency, for stages that differ in nothing else.
    pub scaling: Vec<ScalingGroup>,
    /// How far the instrument can be trusted in this run.
    pub certificate: Certificate,
    /// How it went through its stages, where that was not simply one after the other to the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<Course>,
}

/// What was run, where and when. Plain values from the caller, who may look at clocks and machines.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunIdentity {
    /// A name for this run that no other has.
    pub run_id: String,
    /// The scenario's name.
    pub scenario: String,
    /// What the scenario is for, in its author's words.
    pub purpose: Option<String>,
    /// Digest of the plan. Runs with equal fingerprints sent the same requests on the same schedule.
    pub fingerprint: String,
    /// The seed of all chance in the run.
    pub seed: u64,
    /// When it started, as RFC 3339 text.
    pub started: String,
    /// What the load was sent to, for people.
    pub target: String,
    /// The machine that generated the load.
    pub environment: Environment,
    /// How the run as a whole ended.
    pub end: RunEnd,
}

/// How a run ended, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunEnd {
    /// Every stage ran to its planned end.
    Completed,
    /// Stopped from outside before that.
    Interrupted,
    /// The target was gone before that.
    TargetDied,
}

impl From<StageEnd> for RunEnd {
    fn from(end: StageEnd) -> Self {
        match end {
            StageEnd::Completed => Self::Completed,
            StageEnd::Interrupted => Self::Interrupted,
            StageEnd::TargetDied => Self::TargetDied,
        }
    }
}

impl RunSummary {
    /// Joins the stages of a run and derives what only shows across them: scaling, and the certificate.
    pub fn new(identity: RunIdentity, stages: Vec<StageSummary>) -> Self {
        let end = stages
            .iter()
            .map(|stage| RunEnd::from(stage.end))
            .fold(identity.end, RunEnd::max);
        Self {
            metrics_version: METRICS_VERSION,
            tool_version: env!("CARGO_PKG_VERSION").to_owned(),
            identity,
            shards: 1,
            end,
            scaling: scaling::groups(&stages),
            certificate: Certificate::of(&stages),
            stages,
            course: None,
        }
    }

    /// What one more request in flight takes in memory, by the scaling group of `stage`.
    pub fn memory_of(&self, stage: &StageSummary) -> Option<MemorySlope> {
        let is_here = |group: &&ScalingGroup| group.rows.iter().any(|row| row.stage == stage.index);
        self.scaling.iter().find(is_here)?.memory
    }

    /// The stages that the run is judged by: all, or of a search the one that it found.
    pub fn deciding(&self) -> impl Iterator<Item = &StageSummary> + Clone {
        let course = self.course.as_ref();
        let decides =
            move |stage: &&StageSummary| course.is_none_or(|course| course.decides(stage.index));
        self.stages.iter().filter(decides)
    }

    /// The row of `stage` in its scaling group, if it belongs to one.
    pub fn scaling_of(&self, stage: &StageSummary) -> Option<&ScalingRow> {
        self.scaling
            .iter()
            .flat_map(|group| &group.rows)
            .find(|row| row.stage == stage.index)
    }
}

/// Durations as whole nanoseconds in files, under names that end in `_ns`.
mod nanoseconds {
    use crate::units;
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub(super) fn serialize<S: Serializer>(
        duration: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(units::nanos(*duration))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_nanos)
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
