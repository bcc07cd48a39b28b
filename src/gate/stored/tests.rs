use super::*;
use crate::summary::fixture;
use std::time::Duration;

/// A run whose client took `share` of the CPU time of the fixture's.
fn run(share: f64) -> RunSummary {
    let mut run = fixture::single();
    for stage in &mut run.stages {
        stage.resources.cpu = Duration::from_nanos(crate::units::count(1e9 * share));
    }
    run
}

fn cpu(stored: &[f64], new: f64) -> MetricFinding {
    let stored: Vec<RunSummary> = stored.iter().map(|share| run(*share)).collect();
    let judged = judge_stored(&stored, &run(new), &GateSpec::default());
    let found = judged
        .findings
        .into_iter()
        .find(|finding| finding.metric == "cpu_per_request");
    found.unwrap()
}

const EIGHT: [f64; 8] = [1.0, 1.02, 0.98, 1.01, 0.99, 1.0, 1.02, 0.98];

#[test]
fn times_take_eight_stored_runs() {
    let found = cpu(&EIGHT[..7], 3.0);

    assert_eq!(found.judgement, Judgement::Inconclusive);
    assert_eq!(
        found.reason,
        "it takes 8 stored runs to judge a time or a rate by, and there are 7"
    );
}

#[test]
fn what_lies_beyond_the_margin_and_the_spread_of_stored_runs_has_regressed() {
    assert_eq!(cpu(&EIGHT, 1.15).judgement, Judgement::Regressed);
    assert_eq!(cpu(&EIGHT, 0.85).judgement, Judgement::Improved);
    // The interval is 4 % wide to either side, and the margin 3 %: between the two nothing can be said.
    assert_eq!(cpu(&EIGHT, 1.05).judgement, Judgement::Inconclusive);
}

#[test]
fn a_prediction_interval_is_that_of_r() {
    // R: x <- log(c(1,1.02,.98,1.01,.99,1,1.02,.98)); qt(.975,7) * sd(x) * sqrt(1+1/8)
    let logarithms: Vec<f64> = EIGHT.iter().map(|value: &f64| value.ln()).collect();

    let half = prediction(&logarithms).unwrap();

    assert!((half - OF_R).abs() < 1e-9, "{half}");
}

const OF_R: f64 = 0.040_224_107_339_976_3;

#[test]
fn a_run_like_the_stored_ones_is_unchanged_where_they_agree() {
    let alike = [1.0, 1.001, 0.999, 1.0, 1.0, 1.001, 0.999, 1.0];

    assert_eq!(cpu(&alike, 1.002).judgement, Judgement::Unchanged);
}

#[test]
fn errors_that_no_stored_run_had_are_a_regression() {
    let mut new = run(1.0);
    let held = &mut new.stages[0].accounting;
    held.failed += 100;
    held.answered -= 100;

    let judged = judge_stored(&[run(1.0)], &new, &GateSpec::default());

    let errors = &judged.findings[0];
    assert_eq!(
        (errors.metric.as_str(), errors.judgement),
        ("error_rate", Judgement::Regressed)
    );
    assert_eq!(judged.judgement, Judgement::Regressed);
}
