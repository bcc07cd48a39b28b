//! Whether the candidate answers as much and as rightly as the baseline: what no speed makes up for.

use super::looks::Look;
use super::tier::Tier;
use super::{Judgement, MetricFinding};
use crate::gate::statistics::fisher_greater;
use crate::metric::Unit;
use crate::trial::{Arm, Block, StageTrial, Work};
use crate::units;

/// The metric that the finding is called by.
pub(super) const METRIC: &str = "error_rate";

/// The share of blocks that may be doubted.
const MOST_DOUBTED: f64 = 0.1;

/// The errors of both arms, counted over all blocks: Fisher's exact test. It has no margin: an answer that is wrong is not
/// a little slower.
pub(super) fn finding(stage: &StageTrial, look: Look) -> MetricFinding {
    let (baseline, candidate) = (stage.work(Arm::Baseline), stage.work(Arm::Candidate));
    let probability = fisher_greater(
        (baseline.errors(), baseline.awaited),
        (candidate.errors(), candidate.awaited),
    );
    let (judgement, reason) = weigh(stage, baseline, candidate, probability, look);
    let share = |work: Work| units::ratio(work.errors(), work.awaited);
    MetricFinding {
        metric: METRIC.to_owned(),
        unit: Unit::Share,
        stage: stage.name.clone(),
        tier: Tier::Gated,
        baseline: share(baseline),
        candidate: share(candidate),
        change: None,
        margin: 0.0,
        power: None,
        probability: Some(probability),
        judgement,
        reason,
    }
}

fn weigh(
    stage: &StageTrial,
    baseline: Work,
    candidate: Work,
    probability: f64,
    look: Look,
) -> (Judgement, String) {
    let refused = |why: String| (Judgement::Refused, why);
    if let Some(doubt) = doubted(stage) {
        return refused(doubt);
    }
    for (arm, work) in [("baseline", baseline), ("candidate", candidate)] {
        if work.answered == 0 {
            return refused(format!(
                "no request of the {arm} was answered, so there is nothing to compare"
            ));
        }
    }
    let told = format!(
        "{} against {} requests without a right answer",
        print(candidate),
        print(baseline)
    );
    if probability <= look.one_sided() {
        (Judgement::Regressed, told)
    } else {
        (Judgement::Unchanged, format!("{told}: chance does as much"))
    }
}

/// Why the measurement is not valid: too many of its blocks were not. A few of them are the machine's doing, and both arms
/// had their share of it.
fn doubted(stage: &StageTrial) -> Option<String> {
    let blocks = || stage.kept().flat_map(|quad| &quad.blocks);
    let doubted: Vec<&Block> = blocks().filter(|block| !block.refused.is_empty()).collect();
    let first = doubted.first()?.refused.first()?;
    let share = units::ratio(units::wide(doubted.len()), units::wide(blocks().count()))?;
    (share > MOST_DOUBTED).then(|| {
        let (some, all) = (doubted.len(), blocks().count());
        format!("the measurement is not valid in {some} of {all} blocks: {first}")
    })
}

/// `31 of 20,000`.
fn print(work: Work) -> String {
    let count = |number: u64| Unit::Count.print(units::float(number));
    format!("{} of {}", count(work.errors()), count(work.awaited))
}
