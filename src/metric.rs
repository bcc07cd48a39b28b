//! Every metric, once: its name, unit and better direction, its formula, and how to read it from a stage. Gates, reports
//! and `docs/metrics.md` iterate [`METRICS`]; none of them knows a metric by itself.
//!
//! Example: `latency_p99`, a duration, lower is better, `l - s0`, insufficient below 662 samples.

mod reference;
mod table;
mod unit;

pub use crate::summary::{Reading, Statistic};
pub use reference::reference;
pub use table::METRICS;
pub use unit::{NotALimit, Unit, print_change};

use crate::summary::{RunSummary, StageSummary};

/// One metric.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// Its name in scenarios, reports and stored runs.
    pub name: &'static str,
    /// What its values count.
    pub unit: Unit,
    /// Which way is better.
    pub better: Better,
    /// The change that matters by default, as a share of the value.
    pub margin: f64,
    /// How it is computed, in the letters of `docs/metrics.md`.
    pub formula: &'static str,
    /// What it means, in one line.
    pub doc: &'static str,
    /// What other tools call it; empty where nobody has it.
    pub elsewhere: &'static str,
    /// The statistic of a distribution that it is, if it is one.
    pub statistic: Option<Statistic>,
    read: fn(&RunSummary, &StageSummary) -> Reading,
}

/// How requests ended: told of each kind of request, and of each of several load streams.
const COUNTS: [&str; 8] = [
    "success_rate",
    "error_rate",
    "offered",
    "answered",
    "wrong",
    "failed",
    "cancelled",
    "not_sent",
];

/// The other metrics besides those of distributions that are told of each of several load streams: the rest are of the target, of
/// the machine, of the client's own work or of the stage as a whole.
const OF_STREAMS: [&str; 14] = [
    "rps_offered",
    "rps_sent",
    "rps_ok",
    "output_tokens_per_second",
    "output_tokens_per_answer",
    "attempts_per_request",
    "retried",
    "retry_rate",
    "hedged",
    "hedge_won",
    "connection_reuse",
    "batch_size_mean",
    "cache_hit_rate",
    "tpot_na",
];

/// Which way a metric gets better.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// Less is better.
    Lower,
    /// More is better.
    Higher,
    /// Neither: it describes the load, not the result.
    Neither,
}

impl Metric {
    /// The metric of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        METRICS.iter().find(|metric| metric.name == name)
    }

    /// The name most like `name`, for "did you mean". `None` if nothing is close.
    pub fn nearest(name: &str) -> Option<&'static str> {
        METRICS
            .iter()
            .map(|metric| (strsim::jaro_winkler(name, metric.name), metric.name))
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .filter(|(similarity, _)| *similarity > 0.8)
            .map(|(_, name)| name)
    }

    /// What is wrong with a name that no metric has, and what helps.
    pub fn unknown(name: &str) -> String {
        let hint = Self::nearest(name).map_or_else(
            || "docs/metrics.md lists them all".to_owned(),
            |nearest| format!("did you mean `{nearest}`?"),
        );
        format!("expected the name of a metric, found `{name}`; {hint}")
    }

    /// Is it told of each of several load streams by itself, and not only of what they share?
    pub fn is_told_of_streams(&self) -> bool {
        self.statistic.is_some() || COUNTS.contains(&self.name) || OF_STREAMS.contains(&self.name)
    }

    /// Is it told of each kind of request by itself?
    pub fn is_told_of_kinds(&self) -> bool {
        let is_ttft = self.name.starts_with("ttft_") && !self.name.starts_with("ttft_sched");
        self.name.starts_with("latency_") || is_ttft || COUNTS.contains(&self.name)
    }

    /// Reads it from one stage of a run.
    pub fn read(&self, run: &RunSummary, stage: &StageSummary) -> Reading {
        (self.read)(run, stage)
    }

    /// A reading as people read it: `5.31 ms`, `insufficient (12 of 662)`, `not measured`.
    pub fn print(&self, reading: Reading) -> String {
        match reading {
            Reading::Value(value) => self.unit.print(value),
            Reading::Insufficient { n, needed } => format!("insufficient ({n} of {needed})"),
            Reading::NotMeasured(_) => "not measured".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
