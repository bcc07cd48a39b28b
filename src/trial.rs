//! The facts of an interleaved comparison: two arms, whose blocks took turns in quads, and what each block measured. It
//! judges nothing.
//!
//! Example: quad 3 ran `ABBA` in process start 1; its blocks took 5.1, 5.6, 5.5 and 5.0 us of CPU per request.

mod block;
mod order;

pub use block::{Block, Work};
pub use order::{Arm, Order};

use crate::metric::Better;
use crate::summary::Distributions;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One comparison of two arms, as it was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trial {
    /// The arm that is held to be known.
    pub baseline: ArmIdentity,
    /// The arm that is in question.
    pub candidate: ArmIdentity,
    /// One for each combination of the swept settings.
    pub stages: Vec<StageTrial>,
    /// Seconds of sending in all blocks together, those of dropped quads included.
    pub sending_seconds: f64,
    /// Anything else a reader must know, as whole sentences.
    pub notes: Vec<String>,
}

/// What an arm is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ArmIdentity {
    /// What reports call it.
    pub name: String,
    /// What it changes in the scenario, each as `path=value`.
    pub settings: Vec<String>,
    /// The program that carried its blocks out; empty for the tool itself.
    pub program: String,
    /// The version that this program said it is.
    pub tool_version: String,
    /// The digest of its plan.
    pub fingerprint: String,
}

/// The quads of one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StageTrial {
    /// The stage's name.
    pub name: String,
    /// In the order in which they ran.
    pub quads: Vec<Quad>,
    /// The times of all blocks of the baseline that were not dropped.
    pub baseline: Distributions,
    /// Likewise of the candidate.
    pub candidate: Distributions,
}

/// Four blocks, two of each arm, in an order that a linear drift does not change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Quad {
    /// Its position in the stage, from 0.
    pub index: usize,
    /// Which arm came when.
    pub order: Order,
    /// Which start of the arms' processes it ran in, from 0.
    pub start: usize,
    /// In the order in which they ran.
    pub blocks: [Block; 4],
    /// Why it is left out of every statistic, if it is: something that the arms cannot have caused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dropped: Option<String>,
}

impl Quad {
    /// The logarithm of the candidate over the baseline: half of `ln B1 + ln B2 - ln A1 - ln A2`. `None` unless all four
    /// blocks measured the metric, above zero.
    pub fn difference(&self, metric: &str) -> Option<f64> {
        let (baseline, candidate) = self.logarithms(metric)?;
        Some(difference(baseline, candidate))
    }

    /// The logarithm of one block over another one of the same arm, for each arm: what chance alone does.
    pub fn same_arm(&self, metric: &str) -> Option<[f64; 2]> {
        let (baseline, candidate) = self.logarithms(metric)?;
        Some([baseline[0] - baseline[1], candidate[0] - candidate[1]])
    }

    /// The logarithms of a metric in the two blocks of each arm.
    fn logarithms(&self, metric: &str) -> Option<([f64; 2], [f64; 2])> {
        let of = |arm| {
            let mut blocks = self.of(arm).map(|block| block.logarithm(metric));
            Some([blocks.next()??, blocks.next()??])
        };
        Some((of(Arm::Baseline)?, of(Arm::Candidate)?))
    }

    /// The two blocks of an arm.
    pub fn of(&self, arm: Arm) -> impl Iterator<Item = &Block> {
        let turns = self.order.arms().into_iter().zip(&self.blocks);
        turns
            .filter(move |(turn, _)| *turn == arm)
            .map(|(_, block)| block)
    }
}

impl StageTrial {
    /// The quads that count.
    pub fn kept(&self) -> impl Iterator<Item = &Quad> {
        self.quads.iter().filter(|quad| quad.dropped.is_none())
    }

    /// What all blocks of an arm that count did, together.
    pub fn work(&self, arm: Arm) -> Work {
        let blocks = self.kept().flat_map(|quad| quad.of(arm));
        blocks.fold(Work::default(), |sum, block| sum + block.work)
    }

    /// The geometric mean of a metric over the blocks of an arm that count, as the differences of quads see it; `None` where
    /// no block measured it above zero.
    pub fn value(&self, arm: Arm, metric: &str) -> Option<f64> {
        let blocks = self.kept().flat_map(|quad| quad.of(arm));
        let logarithms: Vec<f64> = blocks.filter_map(|block| block.logarithm(metric)).collect();
        let n = crate::units::float(crate::units::wide(logarithms.len()));
        (!logarithms.is_empty()).then(|| (logarithms.iter().sum::<f64>() / n).exp())
    }
}

/// The logarithm of the candidate over the baseline in one quad, from those of the two blocks of each: a linear drift cancels.
pub fn difference(baseline: [f64; 2], candidate: [f64; 2]) -> f64 {
    (candidate[0] + candidate[1] - baseline[0] - baseline[1]) / 2.0
}

/// By how much a logarithm of candidate over baseline is worse: itself where less is better, its negative where more is.
pub fn worse(better: Better, difference: f64) -> f64 {
    match better {
        Better::Lower | Better::Neither => difference,
        Better::Higher => -difference,
    }
}

#[cfg(test)]
pub(crate) mod fixture;
#[cfg(test)]
mod tests;
