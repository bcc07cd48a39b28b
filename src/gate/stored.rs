//! A new run held against stored numbers, where what they came from cannot be run again. Much less can be said than of two arms
//! that take turns: the machine itself differs by some 10 % from one minute to the next.
//!
//! Metrics that do not depend on the machine (errors, tokens, allocations) are held against the mean of the stored runs by their
//! margin alone. Times and rates take at least eight stored runs: their logarithms have a prediction interval, in which a ninth
//! such run would lie, `mean ± t(0.975, n - 1) s sqrt(1 + 1/n)`, and only what lies outside of it, beyond the margin, has regressed.

use super::compare::{Change, Judged, Judgement, MetricFinding, Tier, overall};
use super::spec::GateSpec;
use super::statistics::{deviation, mean, student_quantile};
use crate::metric::{Metric, Unit};
use crate::summary::{RunSummary, StageSummary};
use crate::trial::worse;
use crate::units::{float, wide};

/// Fewer stored runs say nothing of times and rates.
pub const FEWEST: usize = 8;

/// The confidence of the prediction interval.
const CONFIDENCE: f64 = 0.95;

/// Metrics that are the same on every machine, for the same requests.
const ANYWHERE: [&str; 4] = [
    "error_rate",
    "output_tokens_per_answer",
    "allocations_per_request",
    "allocated_bytes_per_request",
];

/// Judges `new` by the stored runs, which are like it.
pub fn judge_stored(stored: &[RunSummary], new: &RunSummary, spec: &GateSpec) -> Judged {
    let mut findings = Vec::new();
    for stage in &new.stages {
        let doubt = super::distrust(new, stage);
        findings.push(errors(stored, new, stage, doubt));
        for (metric, tier, margin) in spec.gated() {
            findings.push(finding(stored, new, stage, (metric, tier, margin)));
        }
    }
    let (judgement, reason) = overall(&findings);
    Judged {
        judgement,
        reason,
        look: 1,
        findings,
        claims: Vec::new(),
    }
}

/// The values of a metric in the stored runs' stage of the same name.
fn values(stored: &[RunSummary], stage: &StageSummary, metric: &Metric) -> Vec<f64> {
    let of = |run: &RunSummary| {
        let stage = run.stages.iter().find(|other| other.name == stage.name)?;
        metric.read(run, stage).value()
    };
    stored.iter().filter_map(of).collect()
}

/// More errors than any stored run had, by more than one in a thousand, are a regression.
fn errors(
    stored: &[RunSummary],
    new: &RunSummary,
    stage: &StageSummary,
    doubt: Option<String>,
) -> MetricFinding {
    const MARGIN: f64 = 0.001;
    let Some(metric) = Metric::named("error_rate") else {
        unreachable!("the table of metrics holds `error_rate`");
    };
    let before = values(stored, stage, metric);
    let now = metric.read(new, stage).value();
    let most = before.iter().copied().fold(0.0, f64::max);
    let (judgement, reason) = match (doubt, now) {
        (Some(doubt), _) => (Judgement::Refused, doubt),
        (None, _) if stage.accounting.answered == 0 => (
            Judgement::Refused,
            "no request was answered, so there is nothing to compare".to_owned(),
        ),
        (None, Some(now)) if now > most + MARGIN => {
            let told = format!(
                "{} against at most {} in the stored runs",
                Unit::Share.print(now),
                Unit::Share.print(most)
            );
            (Judgement::Regressed, told)
        }
        (None, Some(_)) => (
            Judgement::Unchanged,
            "no more than in the stored runs".to_owned(),
        ),
        (None, None) => (Judgement::Inconclusive, "not measured".to_owned()),
    };
    MetricFinding {
        baseline: (!before.is_empty()).then(|| mean(&before)),
        candidate: now,
        margin: MARGIN,
        judgement,
        reason,
        ..blank(metric, stage, Tier::Gated)
    }
}

fn blank(metric: &Metric, stage: &StageSummary, tier: Tier) -> MetricFinding {
    MetricFinding {
        metric: metric.name.to_owned(),
        unit: metric.unit,
        stage: stage.name.clone(),
        tier,
        baseline: None,
        candidate: None,
        change: None,
        margin: 0.0,
        power: None,
        probability: None,
        judgement: Judgement::Inconclusive,
        reason: String::new(),
    }
}

fn finding(
    stored: &[RunSummary],
    new: &RunSummary,
    stage: &StageSummary,
    (metric, tier, margin): (&'static Metric, Tier, f64),
) -> MetricFinding {
    let logarithms: Vec<f64> = values(stored, stage, metric)
        .into_iter()
        .filter(|value| *value > 0.0)
        .map(f64::ln)
        .collect();
    let now = metric.read(new, stage).value();
    let centre = (!logarithms.is_empty()).then(|| mean(&logarithms));
    let found = MetricFinding {
        baseline: centre.map(f64::exp),
        candidate: now,
        margin,
        ..blank(metric, stage, tier)
    };
    let (Some(centre), Some(now)) = (centre, now.filter(|now| *now > 0.0)) else {
        let reason = "not measured in both".to_owned();
        return MetricFinding { reason, ..found };
    };
    let difference = now.ln() - centre;
    let spread = prediction(&logarithms);
    let half = if ANYWHERE.contains(&metric.name) {
        Some(0.0)
    } else {
        spread
    };
    let (judgement, reason) = weigh(
        worse(metric.better, difference),
        half,
        margin.ln_1p(),
        logarithms.len(),
    );
    MetricFinding {
        change: Some(Change {
            estimate: difference.exp_m1(),
            lower: half.map(|half| (difference - half).exp_m1()),
            upper: half.map(|half| (difference + half).exp_m1()),
            confidence: CONFIDENCE,
        }),
        judgement,
        reason,
        ..found
    }
}

/// Half of the interval in which one more run would lie; nothing of fewer runs than it takes.
fn prediction(logarithms: &[f64]) -> Option<f64> {
    let n = float(wide(logarithms.len()));
    (logarithms.len() >= FEWEST).then(|| {
        student_quantile(1.0 - (1.0 - CONFIDENCE) / 2.0, n - 1.0)
            * deviation(logarithms)
            * (1.0 + 1.0 / n).sqrt()
    })
}

fn weigh(worse: f64, half: Option<f64>, limit: f64, runs: usize) -> (Judgement, String) {
    let Some(half) = half else {
        let told = format!(
            "it takes {FEWEST} stored runs to judge a time or a rate by, and there are {runs}"
        );
        return (Judgement::Inconclusive, told);
    };
    let margin = Unit::Share.print_round(limit.exp_m1());
    if worse - half > limit {
        (
            Judgement::Regressed,
            format!("worse by more than the margin of {margin}, and than stored runs differ"),
        )
    } else if worse + half < -limit {
        (
            Judgement::Improved,
            format!("better by more than the margin of {margin}, and than stored runs differ"),
        )
    } else if worse - half > -limit && worse + half < limit {
        (
            Judgement::Unchanged,
            format!("within the margin of {margin}"),
        )
    } else {
        (
            Judgement::Inconclusive,
            format!("stored runs differ by too much to tell a change of {margin}"),
        )
    }
}

#[cfg(test)]
mod tests;
