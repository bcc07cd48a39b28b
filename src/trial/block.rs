//! One block: a short stage of one arm, and what it measured.

use crate::metric::METRICS;
use crate::summary::{RunSummary, StageSummary};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::ops::Add;

/// What one block measured.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Each metric that had a value, in its own unit: nanoseconds, bytes, shares from 0 to 1, events per second.
    pub values: BTreeMap<String, f64>,
    /// What was done in it.
    pub work: Work,
    /// Why no number of it can be used, if none can.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub refused: Vec<String>,
}

/// What was asked for, and what came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Work {
    /// Requests that were due and awaited: those that their callers gave up are left out.
    pub awaited: u64,
    /// Requests answered right.
    pub answered: u64,
    /// Output tokens of the answers.
    pub output_tokens: u64,
}

impl Work {
    /// Requests that were awaited and got no right answer.
    pub const fn errors(&self) -> u64 {
        self.awaited.saturating_sub(self.answered)
    }
}

impl Add for Work {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            awaited: self.awaited + other.awaited,
            answered: self.answered + other.answered,
            output_tokens: self.output_tokens + other.output_tokens,
        }
    }
}

impl Block {
    /// What a stage of a run measured.
    pub fn of(run: &RunSummary, stage: &StageSummary) -> Self {
        let readings = METRICS.iter().filter_map(|metric| {
            let value = metric.read(run, stage).value()?;
            Some((metric.name.to_owned(), value))
        });
        Self {
            values: readings.collect(),
            work: Work {
                awaited: stage.accounting.awaited(),
                answered: stage.accounting.answered,
                output_tokens: stage.throughput.output_tokens,
            },
            refused: Vec::new(),
        }
    }

    /// The natural logarithm of a metric; `None` if it was not measured or is not above zero.
    pub fn logarithm(&self, metric: &str) -> Option<f64> {
        let value = self.values.get(metric)?;
        (*value > 0.0 && value.is_finite()).then(|| value.ln())
    }
}
