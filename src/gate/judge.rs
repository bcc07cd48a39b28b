//! Judges a run: every rule on every stage it is about, then what goes without saying: that something was answered, and
//! that the target lived to the end.

use super::rule::Rule;
use super::{Bound, Finding, Origin, Verdict};
use crate::metric::{Metric, Reading, Unit};
use crate::summary::{RunEnd, RunSummary, StageEnd, StageSummary};

/// What a finding on the target's survival has for a metric.
pub(crate) const TARGET: &str = "target";

/// Holds every stage against the rules, and against what goes without saying. Rules that [`Rule::check`] would refuse
/// become findings that failed.
pub fn judge(run: &RunSummary, rules: &[Rule]) -> Vec<Finding> {
    let implied = run.stages.iter().map(|stage| answered(run, stage));
    let survival = run.stages.iter().filter_map(survived);
    rules
        .iter()
        .flat_map(|rule| judge_rule(run, rule))
        .chain(implied)
        .chain(survival)
        .collect()
}

/// The worst of all findings. A run without stages failed; one that did not complete is inconclusive at best.
pub fn verdict(run: &RunSummary, findings: &[Finding]) -> Verdict {
    if run.stages.is_empty() {
        return Verdict::Failed;
    }
    let best = match run.end {
        RunEnd::Completed => Verdict::Passed,
        RunEnd::Interrupted | RunEnd::TargetDied => Verdict::Inconclusive,
    };
    findings
        .iter()
        .map(|finding| finding.verdict)
        .fold(best, Verdict::max)
}

fn judge_rule(run: &RunSummary, rule: &Rule) -> Vec<Finding> {
    let (metric, bound) = match rule.resolve() {
        Ok(resolved) => resolved,
        Err(invalid) => return vec![about_the_run(rule, &invalid.to_string())],
    };
    let findings: Vec<_> = run
        .stages
        .iter()
        .filter(|stage| rule.applies_to(&stage.settings))
        .map(|stage| hold(run, stage, metric, bound, Origin::Scenario))
        .collect();
    if findings.is_empty() {
        let settings = serde_json::Value::Object(rule.only.clone());
        return vec![about_the_run(
            rule,
            &format!("no stage has the settings {settings}, so nothing was checked"),
        )];
    }
    findings
}

/// A rule that no stage could be held against.
fn about_the_run(rule: &Rule, reason: &str) -> Finding {
    Finding {
        metric: rule.metric.clone(),
        unit: Metric::named(&rule.metric).map_or(Unit::Ratio, |metric| metric.unit),
        stage: None,
        origin: Origin::Scenario,
        measured: None,
        limit: rule
            .resolve()
            .map_or(Bound::AtLeast(0.0), |(_, bound)| bound),
        baseline: None,
        verdict: Verdict::Failed,
        reason: reason.to_owned(),
    }
}

/// Holds one metric of one stage against one limit.
fn hold(
    run: &RunSummary,
    stage: &StageSummary,
    metric: &Metric,
    bound: Bound,
    origin: Origin,
) -> Finding {
    let reading = metric.read(run, stage);
    let (verdict, reason) = match distrust(run, stage) {
        Some(reason) => (Verdict::Refused, reason),
        None => weigh(run, stage, metric, bound),
    };
    Finding {
        metric: metric.name.to_owned(),
        unit: metric.unit,
        stage: Some(stage.name.clone()),
        origin,
        measured: reading.value(),
        limit: bound,
        baseline: None,
        verdict,
        reason,
    }
}

/// Why no number of this stage can be used at all.
fn distrust(run: &RunSummary, stage: &StageSummary) -> Option<String> {
    let trust = run
        .certificate
        .stages
        .iter()
        .find(|trust| trust.stage == stage.index);
    let held = &stage.accounting;
    trust.is_none_or(|trust| !trust.accounting_adds_up).then(|| {
        format!(
            "the requests do not add up: {} offered, {} answered ({} latencies), {} wrong, {} failed, {} not sent",
            held.offered,
            held.answered,
            stage.distributions.latency.n(),
            held.wrong,
            held.failed,
            held.not_sent
        )
    })
}

fn weigh(
    run: &RunSummary,
    stage: &StageSummary,
    metric: &Metric,
    bound: Bound,
) -> (Verdict, String) {
    match metric.read(run, stage) {
        Reading::Value(value) if bound.holds(value) => (
            Verdict::Passed,
            format!(
                "{} keeps the limit of {}",
                metric.unit.print(value),
                metric.unit.print_round(bound.value())
            ),
        ),
        Reading::Value(value) => (
            Verdict::Failed,
            format!(
                "{} is {} the limit of {}",
                metric.unit.print(value),
                bound.missed(),
                metric.unit.print_round(bound.value())
            ),
        ),
        Reading::Insufficient { n, needed } => (
            Verdict::Inconclusive,
            format!(
                "{n} samples{} are too few: it takes {needed}, so measure longer or at a higher rate",
                if all_hold(run, stage, metric, bound) {
                    ", all within the limit,"
                } else {
                    ""
                }
            ),
        ),
        Reading::NotMeasured(why) => (
            match stage.end {
                StageEnd::Completed | StageEnd::TargetDied => Verdict::Failed,
                StageEnd::Interrupted => Verdict::Inconclusive,
            },
            format!("not measured: {why}"),
        ),
    }
}

/// Is every sample within an upper limit on one of their percentiles?
fn all_hold(run: &RunSummary, stage: &StageSummary, metric: &Metric, bound: Bound) -> bool {
    let largest = metric
        .statistic
        .and_then(|statistic| metric.name.strip_suffix(statistic.name()))
        .and_then(|family| Metric::named(&format!("{family}max")))
        .and_then(|largest| largest.read(run, stage).value());
    match bound {
        Bound::AtMost(_) => largest.is_some_and(|largest| bound.holds(largest)),
        Bound::AtLeast(_) => false,
    }
}

/// Zero right answers never pass.
fn answered(run: &RunSummary, stage: &StageSummary) -> Finding {
    let Some(metric) = Metric::named("answered") else {
        unreachable!("the table of metrics holds `answered`");
    };
    let mut finding = hold(run, stage, metric, Bound::AtLeast(1.0), Origin::Implied);
    if finding.verdict == Verdict::Failed {
        "no request of this stage was answered".clone_into(&mut finding.reason);
    }
    finding
}

/// A target that dies has failed, whatever it answered before.
fn survived(stage: &StageSummary) -> Option<Finding> {
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
    })
}
