//! When a stage's numbers are worth anything at all. A run is valid or not before it is fast or slow: each doubt about the
//! instrument is held against a limit, and a [`Breach`] either marks the numbers or refuses them.
//!
//! ```yaml
//! validity: { lag_p99: 5ms, generator_cpu: 90%, shape: strict }
//! ```

use super::certificate::{Doubt, Trouble};
use super::reading::Statistic;
use super::stage::StageSummary;
use crate::units::{Period, Share, float, nanos, ratio};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;

/// The limits beyond which the numbers of a stage are refused.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Validity {
    /// The largest send lag at the 99th percentile. When left out, one that is above 100ms and above half of the latency at
    /// that percentile refuses.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub lag_p99: Option<Period>,
    /// The largest share of its lanes' time that the generator may spend computing. When left out, more than 95% refuses
    /// together with a send lag above 10ms and above half of the latency.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub generator_cpu: Option<Share>,
    /// The largest share of the requests that may never be sent. When left out, more than 1% refuses where the generator was
    /// to blame: it computed for more than 95% of its lanes' time.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub not_sent: Option<Share>,
    /// What follows when the load did not have the shape that was asked for. A schedule that is none of its law refuses
    /// unless this is `off`.
    #[serde(skip_serializing_if = "Strictness::is_usual")]
    pub shape: Strictness,
    /// What follows when a percentile that a rule is about has too few samples.
    #[serde(skip_serializing_if = "Strictness::is_usual")]
    pub samples: Strictness,
    /// The largest share of all cores' time that a hypervisor may give to other machines. When left out, more than 5% marks.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub steal: Option<Share>,
    /// The largest share of the time in which work may wait for a core. When left out, more than 50% marks.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Share>,
    /// The largest share of the scheduler's periods in which the process may have used up its quota of CPU time. When left
    /// out, more than 1% marks.
    #[serde(deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub throttled: Option<Share>,
}

/// What follows from a test that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strictness {
    /// Nothing: it is not even told.
    Off,
    /// A warning: the numbers are marked.
    #[default]
    Mark,
    /// The numbers are refused.
    Strict,
}

impl Strictness {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

/// A limit of validity that a stage did not keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Breach {
    /// Which limit.
    pub what: Limit,
    /// Which of several load streams did not keep it, by its name, where it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stream: Option<String>,
    /// What was measured: durations in nanoseconds, shares from 0 to 1.
    pub measured: f64,
    /// What it should have been at the most, or exactly, in the same unit.
    pub limit: f64,
    /// What follows.
    pub severity: Severity,
}

/// What a stage's numbers depend on. Those that a scenario can set are called as they are there, under `validity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Requests accounted for, which should be those that were due.
    Accounting,
    /// Answers that the client counts, which should be those in the target's own journal.
    Journal,
    /// Variation of the gaps of the schedule, which should be that of its law.
    Schedule,
    /// Dispersion of what was sent, which should be that of the schedule.
    Shape,
    /// Send lag at the 99th percentile.
    LagP99,
    /// Share of its lanes' time that the generator computed.
    GeneratorCpu,
    /// Share of the requests that were never sent.
    NotSent,
    /// Answers, of which a 99th percentile takes so many.
    Samples,
    /// Share of all cores' time that a hypervisor gave to other machines.
    Steal,
    /// Share of the time in which work waited for a core.
    Pressure,
    /// Share of the periods in which a quota was used up.
    Throttled,
    /// Share of the files that the process may open.
    OpenFiles,
    /// Share of the ports that connections get theirs from.
    Ports,
}

/// What follows from a breach.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The numbers stand, with a warning.
    Mark,
    /// The numbers are refused.
    Refuse,
}

/// Above this share of its lanes' time a generator could hardly do more.
const SATURATED: f64 = 0.95;
/// Above this share of the latency, the lag is what was measured.
const LAG_RULES: f64 = 0.5;
/// A shorter lag is a busy machine's, and refuses nothing by itself.
const LAG_OF_A_BUSY_MACHINE: Duration = Duration::from_millis(100);
/// The least lag that, together with a generator at its end, refuses.
const LAG_OF_A_SATURATED_GENERATOR: Duration = Duration::from_millis(10);
/// More than this share of requests never sent is no accident.
const MOST_NOT_SENT: f64 = 0.01;

impl Validity {
    /// Is nothing in it but defaults?
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Is this doubt of interest at all?
    pub(super) fn allows(&self, doubt: &Doubt) -> bool {
        match doubt {
            Doubt::InStream { doubt, .. } => self.allows(doubt),
            Doubt::Shape { .. } | Doubt::Schedule { .. } => self.shape != Strictness::Off,
            Doubt::FewSamples { .. } => self.samples != Strictness::Off,
            Doubt::Accounting { .. }
            | Doubt::Journal { .. }
            | Doubt::Cancellations { .. }
            | Doubt::GeneratorBusy { .. }
            | Doubt::Late { .. }
            | Doubt::NotSent { .. }
            | Doubt::Errors { .. }
            | Doubt::Saturated { .. }
            | Doubt::Machine(_) => true,
        }
    }

    /// The limit that a doubt is about, and what follows. `None` of doubts that are about the target.
    pub(super) fn breach(&self, doubt: &Doubt, stage: &StageSummary) -> Option<Breach> {
        Some(match *doubt {
            Doubt::InStream {
                ref stream,
                ref doubt,
            } => Breach {
                stream: Some(stream.clone()),
                ..self.breach(doubt, &stage.of_stream(stream)?)?
            },
            Doubt::Accounting { offered, accounted } => {
                refused(Limit::Accounting, float(accounted), float(offered))
            }
            Doubt::Journal {
                client_answered,
                journal_answered,
                ..
            } => refused(
                Limit::Journal,
                float(client_answered),
                float(journal_answered),
            ),
            Doubt::Schedule { variation, asked } => refused(Limit::Schedule, variation, asked),
            Doubt::Shape { sent, scheduled } => {
                let is_strict = self.shape == Strictness::Strict;
                breach(Limit::Shape, sent, scheduled, is_strict)
            }
            Doubt::Late { lag_p99_ns, .. } => self.late(lag_p99_ns, stage),
            Doubt::GeneratorBusy { share } => {
                let limit = self.generator_cpu.map_or(SATURATED, Share::ratio);
                let with_lag = is_above(stage, LAG_OF_A_SATURATED_GENERATOR);
                let is_grave = share > limit && (self.generator_cpu.is_some() || with_lag);
                breach(Limit::GeneratorCpu, share, limit, is_grave)
            }
            Doubt::NotSent { count, offered } => {
                let share = ratio(count, offered)?;
                let limit = self.not_sent.map_or(MOST_NOT_SENT, Share::ratio);
                let is_its_own = self.not_sent.is_some() || is_saturated(stage);
                breach(Limit::NotSent, share, limit, share > limit && is_its_own)
            }
            Doubt::FewSamples { n, needed } => {
                breach(Limit::Samples, float(n), float(needed), false)
            }
            Doubt::Machine(trouble) => {
                let allowed = self.of_machine(trouble).map(Share::ratio);
                let limit = allowed.unwrap_or(trouble.told_above());
                let share = trouble.share();
                let is_grave = allowed.is_some_and(|allowed| share > allowed);
                breach(trouble.limit(), share, limit, is_grave)
            }
            Doubt::Cancellations { .. } | Doubt::Errors { .. } | Doubt::Saturated { .. } => {
                return None;
            }
        })
    }

    fn late(&self, lag_ns: f64, stage: &StageSummary) -> Breach {
        let limit = match self.lag_p99 {
            Some(limit) => float(nanos(limit.duration())),
            None => lag_that_rules(stage, LAG_OF_A_BUSY_MACHINE),
        };
        breach(Limit::LagP99, lag_ns, limit, lag_ns > limit)
    }

    /// How much of a trouble the scenario allows, where it says so.
    pub(super) const fn of_machine(&self, trouble: Trouble) -> Option<Share> {
        match trouble {
            Trouble::Steal { .. } => self.steal,
            Trouble::Pressure { .. } => self.pressure,
            Trouble::Throttled { .. } => self.throttled,
            Trouble::OpenFiles { .. } | Trouble::Ports { .. } => None,
        }
    }

    /// Is the lag at the 99th percentile above what the scenario allows, in nanoseconds?
    pub(super) fn forbids_lag(&self, lag_ns: f64) -> bool {
        self.lag_p99
            .is_some_and(|limit| lag_ns > float(nanos(limit.duration())))
    }
}

fn is_saturated(stage: &StageSummary) -> bool {
    let share = stage.generator_cpu_share().value();
    share.is_some_and(|share| share > SATURATED)
}

/// Is the send lag above this and above half of the latency?
fn is_above(stage: &StageSummary, least: Duration) -> bool {
    let lag = tail(stage, |stage| &stage.distributions.lag);
    lag.is_some_and(|lag| lag > lag_that_rules(stage, least))
}

/// The lag in nanoseconds beyond which latencies are mostly the generator's own, but at least this.
fn lag_that_rules(stage: &StageSummary, least: Duration) -> f64 {
    let latency = tail(stage, |stage| &stage.distributions.latency).unwrap_or(0.0);
    (LAG_RULES * latency).max(float(nanos(least)))
}

/// The 99th percentile; of too few samples for it, the median.
pub(super) fn tail(
    stage: &StageSummary,
    of: impl Fn(&StageSummary) -> &super::Distribution,
) -> Option<f64> {
    let read = |statistic| of(stage).read(statistic).value();
    read(Statistic::P99).or_else(|| read(Statistic::P50))
}

fn refused(what: Limit, measured: f64, limit: f64) -> Breach {
    breach(what, measured, limit, true)
}

fn breach(what: Limit, measured: f64, limit: f64, is_grave: bool) -> Breach {
    Breach {
        what,
        stream: None,
        measured,
        limit,
        severity: if is_grave {
            Severity::Refuse
        } else {
            Severity::Mark
        },
    }
}

/// What stands behind a name must be a value, not nothing.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
