//! What somebody claims of the candidate, held against what was measured.

use super::effect::{Change, Effect};
use super::looks::Look;
use super::tier::Tier;
use crate::gate::spec::Hypothesis;
use crate::metric::{Better, Metric};
use crate::trial::Trial;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A claim and what became of it, in one stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ClaimFinding {
    /// The claim in the words of who made it.
    pub says: String,
    /// The metric that it is about.
    pub metric: String,
    /// The stage's name.
    pub stage: String,
    /// The share by which it is claimed to be better.
    pub better_by: f64,
    /// What was measured.
    pub change: Option<Change>,
    /// Whether that agrees.
    pub support: Support,
}

/// Whether a claim agrees with what was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Support {
    /// The whole interval is at least as good as the claim.
    Supported,
    /// The whole interval falls short of the claim.
    Contradicted,
    /// The interval holds the claim: neither.
    Undecided,
}

impl Support {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Supported => "supported",
            Self::Contradicted => "contradicted",
            Self::Undecided => "undecided",
        }
    }
}

/// The claim in each stage.
pub(super) fn held(claim: &Hypothesis, trial: &Trial, look: Look) -> Vec<ClaimFinding> {
    let Some(metric) = Metric::named(&claim.metric) else {
        return Vec::new();
    };
    let stages = trial.stages.iter();
    stages
        .map(|stage| {
            let effect = Effect::of(stage, metric, Tier::Advisory, claim.better_by.ratio(), look);
            ClaimFinding {
                says: claim.says.clone(),
                metric: claim.metric.clone(),
                stage: stage.name.clone(),
                better_by: claim.better_by.ratio(),
                change: effect.change(),
                support: support(metric.better, effect.change(), claim.better_by.ratio()),
            }
        })
        .collect()
}

fn support(better: Better, change: Option<Change>, better_by: f64) -> Support {
    let Some((lower, upper)) = change.and_then(|change| Some((change.lower?, change.upper?)))
    else {
        return Support::Undecided;
    };
    // Gains, the least and the greatest that the interval holds.
    let (least, greatest) = match better {
        Better::Higher | Better::Neither => (lower, upper),
        Better::Lower => (-upper, -lower),
    };
    if least >= better_by {
        Support::Supported
    } else if greatest < better_by {
        Support::Contradicted
    } else {
        Support::Undecided
    }
}
