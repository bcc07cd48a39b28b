//! Two arms held against each other: for each metric by how much the candidate differs, how surely, and whether that is
//! worse than its margin allows. The method, with the reasons for each part, stands in `docs/gate.md`.
//!
//! Example: `cpu_per_request: regressed, +10.2 % (+9.1 to +11.4 %), margin 3 %`.

mod correctness;
mod effect;
mod hypothesis;
mod looks;
mod tier;
mod verdict;

pub use effect::{Change, Power};
pub use hypothesis::{ClaimFinding, Support};
pub use looks::{LOOKS, Look, looks};
pub use tier::{MARGINS, Tier};
pub use verdict::overall;

use super::spec::GateSpec;
use super::statistics::{false_discovery, holm};
use crate::metric::{Metric, Unit};
use crate::trial::{Arm, StageTrial, Trial};
use effect::Effect;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a metric or a whole comparison came out, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Judgement {
    /// Better, by more than the margin.
    Improved,
    /// The interval lies within the margins: the arms are alike.
    Unchanged,
    /// Better, and the estimate is beyond the margin, but the interval is not.
    ProbablyImproved,
    /// Not enough to say.
    Inconclusive,
    /// Worse, and the estimate is beyond the margin, but the interval is not.
    ProbablyRegressed,
    /// Worse, by more than the margin.
    Regressed,
    /// The measurement itself is not valid.
    Refused,
}

impl Judgement {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Improved => "improved",
            Self::Unchanged => "unchanged",
            Self::ProbablyImproved => "probably improved",
            Self::Inconclusive => "inconclusive",
            Self::ProbablyRegressed => "probably regressed",
            Self::Regressed => "regressed",
            Self::Refused => "refused",
        }
    }

    /// Would more quads change nothing?
    pub const fn is_final(self) -> bool {
        match self {
            Self::Improved | Self::Unchanged | Self::Regressed | Self::Refused => true,
            Self::ProbablyImproved | Self::Inconclusive | Self::ProbablyRegressed => false,
        }
    }
}

/// One metric of one stage, in both arms.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MetricFinding {
    /// The metric's name.
    pub metric: String,
    /// The unit of its values.
    pub unit: Unit,
    /// The stage's name.
    pub stage: String,
    /// Whether it decides anything.
    pub tier: Tier,
    /// The geometric mean over the baseline's blocks.
    pub baseline: Option<f64>,
    /// Likewise over the candidate's.
    pub candidate: Option<f64>,
    /// By what share the candidate's value differs; nothing where it cannot be compared.
    pub change: Option<Change>,
    /// The share by which it may be worse.
    pub margin: f64,
    /// What the comparison could have found, and what more of it would.
    pub power: Option<Power>,
    /// The probability of so much harm, or more, if it were at most the margin; adjusted for the metrics beside it.
    pub probability: Option<f64>,
    /// How it came out.
    pub judgement: Judgement,
    /// Why, as a sentence without a full stop.
    pub reason: String,
}

/// A whole comparison, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judged {
    /// Over all: the gravest of what decides.
    pub judgement: Judgement,
    /// Why, as a sentence without a full stop.
    pub reason: String,
    /// Which look at the result this is, from 1.
    pub look: usize,
    /// Every metric of every stage.
    pub findings: Vec<MetricFinding>,
    /// What was claimed, held against what was measured.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<ClaimFinding>,
}

/// Judges what was measured so far, at one of the looks that there may be.
pub fn judge(trial: &Trial, spec: &GateSpec, look: Look) -> Judged {
    let gated = spec.gated();
    let mut effects: Vec<(&StageTrial, Effect)> = Vec::new();
    for stage in &trial.stages {
        effects.extend(gated.iter().map(|(metric, tier, margin)| {
            (stage, Effect::of(stage, metric, *tier, *margin, look))
        }));
    }
    let harm = adjusted(&effects, Effect::harm);
    let gain = adjusted(&effects, Effect::gain);
    let together = harm.iter().flatten().count();
    let probabilities = harm.into_iter().zip(gain);
    let mut findings: Vec<MetricFinding> = effects
        .iter()
        .zip(probabilities)
        .map(|((stage, effect), (harm, gain))| finding(stage, effect, harm, gain, together))
        .collect();
    for stage in &trial.stages {
        findings.push(correctness::finding(stage, look));
    }
    verdict::not_faster_by_doing_less(&mut findings);
    let (judgement, reason) = overall(&findings);
    Judged {
        judgement,
        reason,
        look: look.number,
        claims: spec
            .hypothesis
            .iter()
            .flat_map(|claim| hypothesis::held(claim, trial, look))
            .collect(),
        findings,
    }
}

/// Probabilities, adjusted for one another.
type Adjust = fn(&[f64]) -> Vec<f64>;

/// The probabilities of all effects, adjusted for how many there are: so that metrics that gate raise one false alarm in as
/// many runs as one of them alone, and of the others' findings a known share is false.
fn adjusted(
    effects: &[(&StageTrial, Effect)],
    probability: impl Fn(&Effect) -> Option<f64>,
) -> Vec<Option<f64>> {
    let mut all = vec![None; effects.len()];
    let adjusts: [(Tier, Adjust); 2] = [(Tier::Gated, holm), (Tier::Advisory, false_discovery)];
    for (tier, adjust) in adjusts {
        let (places, raw): (Vec<usize>, Vec<f64>) = effects
            .iter()
            .enumerate()
            .filter(|(_, (_, effect))| effect.tier == tier)
            .filter_map(|(place, (_, effect))| Some((place, probability(effect)?)))
            .unzip();
        for (place, adjusted) in places.into_iter().zip(adjust(&raw)) {
            if let Some(slot) = all.get_mut(place) {
                *slot = Some(adjusted);
            }
        }
    }
    all
}

fn finding(
    stage: &StageTrial,
    effect: &Effect,
    harm: Option<f64>,
    gain: Option<f64>,
    together: usize,
) -> MetricFinding {
    let (judgement, reason) = verdict::of(effect, harm, gain);
    let metric: &Metric = effect.metric;
    MetricFinding {
        metric: metric.name.to_owned(),
        unit: metric.unit,
        stage: stage.name.clone(),
        tier: effect.tier,
        baseline: stage.value(Arm::Baseline, metric.name),
        candidate: stage.value(Arm::Candidate, metric.name),
        change: effect.change(),
        margin: effect.margin,
        power: effect.power(together),
        probability: harm,
        judgement,
        reason,
    }
}

#[cfg(test)]
mod tests;
