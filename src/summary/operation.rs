//! The requests of a stage by their kind, where there are several: loading a model and asking it differ in
//! everything, and so may the parts of a mix. `{ "operation": "load", "accounting": { "offered": 12, "answered": 12 }, "latency": { .. } }`.

use super::accounting::Accounting;
use super::distribution::Distribution;
use super::recorder::Timing;
use super::stage::StageSummary;
use crate::sample::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What became of the requests of one kind that were scheduled in the measure phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(bound = "T: JsonSchema + Default + Serialize")]
pub struct OperationTally<T = Distribution> {
    /// What was asked, and for which part of a mix.
    #[serde(flatten)]
    pub kind: Kind,
    /// What became of it.
    pub accounting: Accounting,
    /// Scheduled start to last token, or to the end where there are no tokens, of right answers.
    pub latency: T,
    /// Sent to first token, of right answers that came as streams.
    #[serde(default)]
    pub ttft: T,
}

impl OperationTally<Timing> {
    /// Nothing of any of these yet; none at all where there is only one, which the stage itself tells of, unless it has others
    /// in other load streams.
    pub(super) fn of_each(kinds: &[Kind]) -> Vec<Self> {
        if kinds.len() < 2 && kinds.iter().all(|kind| kind.stream.is_none()) {
            return Vec::new();
        }
        let empty = |kind: &Kind| Self {
            kind: kind.clone(),
            accounting: Accounting::default(),
            latency: Timing::new(),
            ttft: Timing::new(),
        };
        kinds.iter().map(empty).collect()
    }

    pub(super) fn kept(&self) -> OperationTally {
        OperationTally {
            kind: self.kind.clone(),
            accounting: self.accounting,
            latency: self.latency.kept(),
            ttft: self.ttft.kept(),
        }
    }
}

impl OperationTally {
    /// Adds what is counted with the same kind.
    pub(super) fn add(&mut self, other: &Self) {
        self.accounting.add(&other.accounting);
        self.latency.merge(&other.latency);
        self.ttft.merge(&other.ttft);
    }
}

impl StageSummary {
    /// The stage as if it had asked nothing but these kinds. `None` where it does not tell any of them apart.
    pub fn of_kinds(&self, is_one: impl Fn(&Kind) -> bool) -> Option<Self> {
        let mut tallies = self.operations.iter().filter(|tally| is_one(&tally.kind));
        let mut sum = tallies.next()?.clone();
        tallies.for_each(|tally| sum.add(tally));
        let mut stage = self.clone();
        stage.accounting = sum.accounting;
        stage.distributions = super::Distributions {
            latency: sum.latency,
            ttft: sum.ttft,
            ..super::Distributions::default()
        };
        Some(stage)
    }
}
