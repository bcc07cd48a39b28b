//! How far the instrument can be trusted in this run: whether its books balance, how late it was, how busy it was itself,
//! and every [`Doubt`] that follows. Facts; what they mean for a verdict is the gate's business, and how they are
//! said the report's.

mod machine;
mod stream;

pub use machine::Trouble;
pub use stream::StreamTrust;

use super::calibration::Calibration;
use super::journal::Journal;
use super::reading::{Reading, Statistic};
use super::stage::StageSummary;
use super::validity::{Breach, tail};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The instrument's account of itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Certificate {
    /// Stage by stage.
    pub stages: Vec<StageTrust>,
    /// What nobody has checked, as sentences.
    pub unchecked: Vec<String>,
    /// What the last calibration of this machine gave, where something was not checked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibration>,
}

/// The instrument's account of itself in one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageTrust {
    /// Index of the stage in the run.
    pub stage: usize,
    /// Offered requests are all accounted for, and every answer has a latency.
    pub accounting_adds_up: bool,
    /// Whether the target's own journal agrees with the client about the number of answers and their tokens, and about
    /// the requests that were given up; nothing where
    /// the target keeps none, or did not tell all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub journal_agrees: Option<bool>,
    /// Whether what was sent had the shape that was asked for, in each load stream that has one; nothing in a closed loop, and of
    /// too few requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shape_kept: Option<bool>,
    /// What the instrument added to the time of the first token, in nanoseconds at the median, where the target told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_p50_ns: Option<f64>,
    /// Likewise at the 99th percentile, where there are enough samples.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub added_p99_ns: Option<f64>,
    /// Median send lag in nanoseconds.
    pub lag_p50_ns: Option<f64>,
    /// 99th percentile of the send lag in nanoseconds, where there are enough samples.
    pub lag_p99_ns: Option<f64>,
    /// Largest send lag in nanoseconds.
    pub lag_max_ns: Option<f64>,
    /// Share of its lanes' time that the generator spent computing.
    pub generator_cpu_share: Option<f64>,
    /// The same of each load stream, where there are several side by side.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub streams: Vec<StreamTrust>,
    /// Reasons to read the numbers with care.
    pub doubts: Vec<Doubt>,
    /// Those of them that are about the measurement, each with its limit and whether the numbers are marked or refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub breaches: Vec<Breach>,
}

/// A reason to read a stage's numbers with care.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// One of several load streams has it.
    InStream {
        /// The stream's name.
        stream: String,
        /// What is doubted of it.
        doubt: Box<Self>,
    },
    /// The requests do not add up: the measurement itself is broken.
    Accounting {
        /// Requests scheduled.
        offered: u64,
        /// Requests accounted for.
        accounted: u64,
    },
    /// The target's own journal says otherwise than the client: one of both is wrong.
    Journal {
        /// Requests that the client says were answered.
        client_answered: u64,
        /// Requests that the target says it answered.
        journal_answered: u64,
        /// Output tokens of the one.
        client_tokens: u64,
        /// Output tokens of the other.
        journal_tokens: u64,
    },
    /// The schedule is none of the law that was asked for: the measurement itself is broken.
    Schedule {
        /// Standard deviation of its gaps over their mean.
        variation: f64,
        /// What the law asks for.
        asked: f64,
    },
    /// What was sent did not keep to its schedule: it came in other clusters.
    Shape {
        /// Variance over mean of the counts in windows of twenty mean gaps, as they were sent, of all lanes or the worst.
        sent: f64,
        /// Likewise as they were due.
        scheduled: f64,
    },
    /// The target's own journal knows of fewer requests that were given up than the client gave up.
    Cancellations {
        /// Requests that their callers gave up.
        client_cancelled: u64,
        /// Attempts that the target saw given up.
        journal_abandoned: u64,
    },
    /// The generator was busy for most of its lanes' time: throughput may be its limit, not the target's.
    GeneratorBusy {
        /// Share of the lanes' time.
        share: f64,
    },
    /// Requests left late, measured against the clock or against the latency itself.
    Late {
        /// 99th percentile of the send lag in nanoseconds; the median where the samples are too few for it.
        lag_p99_ns: f64,
        /// Median latency in nanoseconds.
        latency_p50_ns: f64,
    },
    /// Requests of the schedule were never sent.
    NotSent {
        /// How many.
        count: u64,
        /// Out of how many.
        offered: u64,
    },
    /// Requests failed or were answered wrong.
    Errors {
        /// How many.
        count: u64,
        /// Out of how many.
        offered: u64,
        /// The most frequent kind.
        most: String,
    },
    /// Too few answers for a 99th percentile.
    FewSamples {
        /// Answers there were.
        n: u64,
        /// Answers it takes.
        needed: u64,
    },
    /// The machine was not the run's alone, or nearly out of something.
    Machine(Trouble),
    /// Durations beyond an hour were cut to one hour.
    Saturated {
        /// How many.
        count: u64,
    },
}

/// Above this send lag in nanoseconds, at the 99th percentile, requests count as late.
const LATE_NANOS: f64 = 1e7;
/// So they do above this share of the median latency.
const LATE_SHARE: f64 = 0.1;

impl Certificate {
    pub(super) fn of(stages: &[StageSummary]) -> Self {
        Self {
            stages: stages.iter().map(StageTrust::of).collect(),
            unchecked: unchecked(stages),
            calibration: None,
        }
    }
}

/// What stays unknown, from the most to the least.
fn unchecked(stages: &[StageSummary]) -> Vec<String> {
    let heard = |stage: &&StageSummary| stage.journal.as_ref().is_some_and(Journal::is_whole);
    let mut unchecked = Vec::new();
    if stages.iter().filter(heard).count() < stages.len() {
        let sentence = "Not every stage's answers and tokens were held against the target's own journal: it keeps none, \
                        had no room for all, or did not tell it.";
        unchecked.push(sentence.to_owned());
    }
    let compared = |stage: &&StageSummary| added(stage, Statistic::Mean).is_some();
    if stages.iter().filter(compared).count() < stages.len() {
        let sentence = "Not every stage's times were held against the target's own journal, so what the instrument adds to \
                        each number is not known there beyond its lag and CPU share.";
        unchecked.push(sentence.to_owned());
    }
    unchecked
}

/// What the instrument added to the first token of an answer, or to the whole of it where it came in one piece.
fn added(stage: &StageSummary, statistic: Statistic) -> Option<f64> {
    let added = &stage.journal.as_ref()?.added;
    added.first_token.read(statistic).value()
}

impl StageTrust {
    fn of(stage: &StageSummary) -> Self {
        let lag = &stage.distributions.lag;
        let validity = &stage.validity;
        let (streams, in_streams) = stream::each(stage);
        let doubts: Vec<_> = CHECKS
            .iter()
            .filter_map(|check| check(stage))
            .chain(in_streams)
            .filter(|doubt| validity.allows(doubt))
            .collect();
        Self {
            stage: stage.index,
            accounting_adds_up: adds_up(stage),
            journal_agrees: stage.journal.as_ref().and_then(Journal::agrees),
            shape_kept: match &stage.shape {
                Some(shape) => Some(shape.is_kept()),
                None => stream::shape_kept(&streams),
            },
            added_p50_ns: added(stage, Statistic::P50),
            added_p99_ns: added(stage, Statistic::P99),
            lag_p50_ns: lag.read(Statistic::P50).value(),
            lag_p99_ns: lag.read(Statistic::P99).value(),
            lag_max_ns: lag.read(Statistic::Max).value(),
            generator_cpu_share: stage.generator_cpu_share().value(),
            breaches: doubts
                .iter()
                .filter_map(|doubt| validity.breach(doubt, stage))
                .collect(),
            streams,
            doubts,
        }
    }
}

/// Every doubt has one check; the gravest comes first.
const CHECKS: [fn(&StageSummary) -> Option<Doubt>; 16] = [
    accounting,
    journal,
    cancellations,
    schedule,
    shape,
    generator_busy,
    late,
    not_sent,
    errors,
    saturated,
    machine::steal,
    machine::throttled,
    machine::pressure,
    machine::open_files,
    machine::ports,
    few_samples,
];

fn adds_up(stage: &StageSummary) -> bool {
    stage.accounting.adds_up() && stage.distributions.latency.n() == stage.accounting.answered
}

fn accounting(stage: &StageSummary) -> Option<Doubt> {
    let held = &stage.accounting;
    (!adds_up(stage)).then(|| Doubt::Accounting {
        offered: held.offered,
        accounted: stage.distributions.latency.n() + held.errors() + held.cancelled + held.not_sent,
    })
}

fn journal(stage: &StageSummary) -> Option<Doubt> {
    let journal = stage.journal.as_ref()?;
    (journal.answers_agree() == Some(false)).then_some(Doubt::Journal {
        client_answered: journal.client.answered,
        journal_answered: journal.answered,
        client_tokens: journal.client.output_tokens,
        journal_tokens: journal.output_tokens,
    })
}

fn schedule(stage: &StageSummary) -> Option<Doubt> {
    let shape = stage.shape.as_ref()?;
    (!shape.schedule_follows_law).then_some(Doubt::Schedule {
        variation: shape.scheduled.variation,
        asked: shape.variation_asked?,
    })
}

fn shape(stage: &StageSummary) -> Option<Doubt> {
    let shape = stage.shape.as_ref()?;
    (!shape.sent_follows_schedule).then_some(Doubt::Shape {
        sent: shape.worst_lane.sent.dispersion,
        scheduled: shape.worst_lane.scheduled.dispersion,
    })
}

fn cancellations(stage: &StageSummary) -> Option<Doubt> {
    let journal = stage.journal.as_ref()?;
    (journal.cancellations_agree() == Some(false)).then_some(Doubt::Cancellations {
        client_cancelled: journal.client.cancelled,
        journal_abandoned: journal.abandoned,
    })
}

fn generator_busy(stage: &StageSummary) -> Option<Doubt> {
    let share = stage.generator_cpu_share().value()?;
    let allowed = stage.validity.generator_cpu;
    let is_forbidden = allowed.is_some_and(|allowed| share > allowed.ratio());
    (stage.is_generator_busy() || is_forbidden).then_some(Doubt::GeneratorBusy { share })
}

fn late(stage: &StageSummary) -> Option<Doubt> {
    // Of too few samples for a 99th percentile the median is known, and the percentile is no less.
    let lag_p99_ns = tail(stage, |stage| &stage.distributions.lag)?;
    let latency_p50_ns = stage.distributions.latency.read(Statistic::P50).value()?;
    let is_late = lag_p99_ns > LATE_NANOS || lag_p99_ns > LATE_SHARE * latency_p50_ns;
    (is_late || stage.validity.forbids_lag(lag_p99_ns)).then_some(Doubt::Late {
        lag_p99_ns,
        latency_p50_ns,
    })
}

fn not_sent(stage: &StageSummary) -> Option<Doubt> {
    let held = &stage.accounting;
    (held.not_sent > 0).then_some(Doubt::NotSent {
        count: held.not_sent,
        offered: held.offered,
    })
}

fn errors(stage: &StageSummary) -> Option<Doubt> {
    let (most, _) = stage.errors.iter().max_by_key(|(_, count)| **count)?;
    Some(Doubt::Errors {
        count: stage.accounting.errors(),
        offered: stage.accounting.offered,
        most: most.clone(),
    })
}

fn saturated(stage: &StageSummary) -> Option<Doubt> {
    let count =
        stage.distributions.latency.saturated() + stage.distributions.failed_latency.saturated();
    (count > 0).then_some(Doubt::Saturated { count })
}

/// A script asks for a few exact requests; nobody wants a percentile of them.
fn few_samples(stage: &StageSummary) -> Option<Doubt> {
    if stage.script.is_some() {
        return None;
    }
    match stage.distributions.latency.read(Statistic::P99) {
        Reading::Insufficient { n, needed } => Some(Doubt::FewSamples { n, needed }),
        Reading::Value(_) | Reading::NotMeasured(_) => None,
    }
}
