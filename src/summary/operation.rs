//! The requests of a stage by what they asked, where they asked several things: loading a model and asking it differ in
//! everything. `{ "operation": "load", "accounting": { "offered": 12, "answered": 12 }, "latency": { .. } }`.

use super::accounting::Accounting;
use super::distribution::Distribution;
use super::recorder::Timing;
use super::stage::StageSummary;
use crate::sample::Operation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What became of the requests for one operation that were scheduled in the measure phase.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OperationTally<T = Distribution> {
    /// What was asked.
    pub operation: Operation,
    /// What became of it.
    pub accounting: Accounting,
    /// Scheduled start to last token, or to the end where there are no tokens, of right answers.
    pub latency: T,
}

impl OperationTally<Timing> {
    /// Nothing of any of these yet; none at all where there is only one, which the stage itself tells of.
    pub(super) fn of_each(operations: &BTreeSet<Operation>) -> Vec<Self> {
        if operations.len() < 2 {
            return Vec::new();
        }
        let empty = |&operation| Self {
            operation,
            accounting: Accounting::default(),
            latency: Timing::new(),
        };
        operations.iter().map(empty).collect()
    }

    pub(super) fn kept(&self) -> OperationTally {
        OperationTally {
            operation: self.operation,
            accounting: self.accounting,
            latency: self.latency.kept(),
        }
    }
}

impl StageSummary {
    /// The stage as if it had asked nothing else. `None` where it did not ask this.
    pub fn of_operation(&self, operation: Operation) -> Option<Self> {
        let tally = self
            .operations
            .iter()
            .find(|tally| tally.operation == operation)?;
        let mut stage = self.clone();
        stage.accounting = tally.accounting;
        stage.distributions = super::Distributions {
            latency: tally.latency.clone(),
            ..super::Distributions::default()
        };
        Some(stage)
    }
}
