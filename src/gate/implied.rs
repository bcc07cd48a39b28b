//! What goes without saying, and is therefore held against every run: that most requests were answered, and that the
//! target lived to the end.

use super::judge::hold;
use super::rule::Rule;
use super::{Bound, Finding, Origin, Verdict};
use crate::metric::{Metric, Unit};
use crate::summary::{RunSummary, StageEnd, StageSummary};

/// What a finding on the target's survival has for a metric.
pub(crate) const TARGET: &str = "target";

/// The share of requests that must be answered right where no rule speaks of it. A stage that mostly failed did not
/// measure what was asked for, however fast its failures were.
const MOST: f64 = 0.5;

/// Metrics by which a scenario says how much failure it expects.
const SPEAK_OF_FAILURE: [&str; 2] = ["success_rate", "error_rate"];

/// Most requests of a stage are answered; where the scenario itself says how many, at least one is.
pub(super) fn answered(run: &RunSummary, stage: &StageSummary, rules: &[Rule]) -> Finding {
    let is_said = rules.iter().any(|rule| {
        SPEAK_OF_FAILURE.contains(&rule.metric.as_str()) && rule.applies_to(&stage.settings)
    });
    let held = &stage.accounting;
    let nothing_came = held.answered == 0;
    // Where every caller gave up, as the scenario says, there is no answer to wait for.
    let (name, bound) = if nothing_came && held.cancelled > 0 && held.awaited() == 0 {
        ("cancelled", Bound::AtLeast(1.0))
    } else if is_said || nothing_came {
        ("answered", Bound::AtLeast(1.0))
    } else {
        ("success_rate", Bound::AtLeast(MOST))
    };
    let Some(metric) = Metric::named(name) else {
        unreachable!("the table of metrics holds `{name}`");
    };
    let mut finding = hold(run, stage, metric, bound, Origin::Implied);
    if finding.verdict == Verdict::Failed && nothing_came {
        "no request of this stage was answered".clone_into(&mut finding.reason);
        if stage.end == StageEnd::Interrupted {
            finding.verdict = Verdict::Inconclusive;
        }
    } else if finding.verdict == Verdict::Failed {
        finding.reason += ", which holds unless the scenario has a rule on success_rate";
    }
    finding
}

/// A target that dies has failed, whatever it answered before.
pub(super) fn survived(stage: &StageSummary) -> Option<Finding> {
    (stage.end == StageEnd::TargetDied).then(|| Finding {
        metric: TARGET.to_owned(),
        unit: Unit::Count,
        stage: Some(stage.name.clone()),
        origin: Origin::Implied,
        measured: Some(0.0),
        limit: Bound::AtLeast(1.0),
        baseline: None,
        verdict: Verdict::Failed,
        reason: std::iter::once("the target died during this stage")
            .chain(stage.notes.iter().map(String::as_str))
            .collect::<Vec<_>>()
            .join(": "),
        details: Vec::new(),
    })
}
