//! Judges a run: every rule on every stage it is about, then what goes without saying.

use super::rule::Rule;
use super::{Bound, Finding, Origin, Strictness, Verdict};
use super::{distrust, implied, script};
use crate::metric::{Metric, Reading, Unit};
use crate::summary::{RunEnd, RunSummary, StageEnd, StageSummary};

/// Holds every stage that decides against the rules, against its script if it has one, and against what goes without saying. Rules that [`Rule::check`] would refuse
/// become findings that failed.
pub fn judge(run: &RunSummary, rules: &[Rule]) -> Vec<Finding> {
    let answered = run
        .deciding()
        .map(|stage| implied::answered(run, stage, rules));
    let survived = run.stages.iter().filter_map(implied::survived);
    rules
        .iter()
        .flat_map(|rule| judge_rule(run, rule))
        .chain(run.deciding().flat_map(script::judge))
        .chain(answered)
        .chain(survived)
        .collect()
}

/// The worst of all findings. A run without stages failed; one that did not complete, or was ended early by a rule of its scenario,
/// is inconclusive at best.
pub fn verdict(run: &RunSummary, findings: &[Finding]) -> Verdict {
    if run.stages.is_empty() {
        return Verdict::Failed;
    }
    let best = match run.end {
        RunEnd::Completed if was_stopped(run) => Verdict::Inconclusive,
        RunEnd::Completed => Verdict::Passed,
        RunEnd::Interrupted | RunEnd::TargetDied => Verdict::Inconclusive,
    };
    findings
        .iter()
        .map(|finding| finding.verdict)
        .fold(best, Verdict::max)
}

/// Did a rule of the scenario end it before all that was planned was measured?
fn was_stopped(run: &RunSummary) -> bool {
    let course = run.course.as_ref();
    course.is_some_and(|course| course.stopped.is_some())
}

fn judge_rule(run: &RunSummary, rule: &Rule) -> Vec<Finding> {
    let (metric, bound) = match rule.resolve() {
        Ok(resolved) => resolved,
        Err(invalid) => return vec![about_the_run(rule, Verdict::Failed, invalid.to_string())],
    };
    let findings: Vec<_> = run
        .deciding()
        .filter(|stage| rule.applies_to(&stage.settings))
        .map(|stage| hold_rule(run, stage, rule, (metric, bound)))
        .collect();
    if findings.is_empty() {
        return vec![unchecked(run, rule)];
    }
    findings
}

/// Holds a stage, or some of its requests, against a rule.
fn hold_rule(
    run: &RunSummary,
    stage: &StageSummary,
    rule: &Rule,
    (metric, bound): (&Metric, Bound),
) -> Finding {
    let Some(subject) = rule.subject() else {
        return hold(run, stage, metric, bound, Origin::Scenario);
    };
    // A stage that ended before it asked anything still tells its kinds.
    let part = rule.narrowed(stage);
    let finding = match &part {
        Some(part) => hold(run, part, metric, bound, Origin::Scenario),
        None => about_the_run(
            rule,
            Verdict::Failed,
            format!("not measured: the stage does not tell `{subject}` apart"),
        ),
    };
    Finding {
        metric: format!("{} of {subject}", metric.name),
        stage: Some(stage.name.clone()),
        ..finding
    }
}

/// A rule on stages that are not there: its mistake, unless the run ended before they came.
fn unchecked(run: &RunSummary, rule: &Rule) -> Finding {
    let settings = serde_json::Value::Object(rule.only.clone());
    match run.end {
        RunEnd::Completed if !was_stopped(run) => about_the_run(
            rule,
            Verdict::Failed,
            format!("no stage has the settings {settings}, so nothing was checked"),
        ),
        RunEnd::Completed | RunEnd::Interrupted | RunEnd::TargetDied => about_the_run(
            rule,
            Verdict::Inconclusive,
            format!("the run ended before a stage with the settings {settings}"),
        ),
    }
}

/// A rule that no stage could be held against.
fn about_the_run(rule: &Rule, verdict: Verdict, reason: String) -> Finding {
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
        verdict,
        reason,
        details: Vec::new(),
    }
}

/// Holds one metric of one stage against one limit.
pub(super) fn hold(
    run: &RunSummary,
    stage: &StageSummary,
    metric: &Metric,
    bound: Bound,
    origin: Origin,
) -> Finding {
    let reading = metric.read(run, stage);
    let (verdict, reason) = match distrust::reason(run, stage) {
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
        details: Vec::new(),
    }
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
                "{} is {} the limit of {}{}",
                metric.unit.print(value),
                bound.missed(),
                metric.unit.print_round(bound.value()),
                by_how_little(metric.unit, value, bound.value())
            ),
        ),
        Reading::Insufficient { n, needed } => (
            match stage.validity.samples {
                Strictness::Strict => Verdict::Refused,
                Strictness::Mark | Strictness::Off => Verdict::Inconclusive,
            },
            format!(
                "{n} of the {needed} samples that it takes{}: measure longer or at a higher rate",
                if all_hold(run, stage, metric, bound) {
                    ", all within the limit"
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

/// The distance from the limit, where both print alike and a reader would see none.
fn by_how_little(unit: Unit, value: f64, limit: f64) -> String {
    if unit.print(value) == unit.print(limit) {
        format!(", by {}", unit.print((value - limit).abs()))
    } else {
        String::new()
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
        Bound::AtLeast(_) | Bound::Exactly(_) => false,
    }
}
