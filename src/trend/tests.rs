use super::*;
use crate::summary::fixture;
use std::time::Duration;

fn cpu() -> &'static Metric {
    Metric::named("cpu_per_request").unwrap()
}

/// Runs whose client took these seconds of CPU time.
fn runs(seconds: &[f64]) -> Vec<RunSummary> {
    let run = |(number, seconds): (usize, &f64)| {
        let mut run = fixture::single();
        run.identity.run_id = format!("run-{number}");
        for stage in &mut run.stages {
            stage.resources.cpu = Duration::from_secs_f64(*seconds);
        }
        run
    };
    seconds.iter().enumerate().map(run).collect()
}

#[test]
fn a_change_of_level_is_told_with_its_run_and_size() {
    let seconds: Vec<f64> = (0..24)
        .map(|n| if n < 14 { 1.0 } else { 1.3 } + f64::from(n % 3) * 0.01)
        .collect();

    let history = History::of(&runs(&seconds), &[cpu()]).unwrap();

    let levels = &history.series[0].levels;
    assert_eq!(levels.len(), 2);
    assert_eq!(
        (
            levels[0].first,
            levels[0].last,
            levels[1].first,
            levels[1].last
        ),
        (0, 13, 14, 23)
    );
    let change = levels[1].change.unwrap();
    assert!((change - 0.297).abs() < 0.01, "{change}");
}

#[test]
fn runs_of_another_machine_are_left_out_and_counted() {
    let mut runs = runs(&[1.0, 1.0, 1.0]);
    runs[0].identity.environment.cpu_model = "Another CPU".to_owned();

    let history = History::of(&runs, &[cpu()]).unwrap();

    assert_eq!(history.runs, ["run-1", "run-2"]);
    assert_eq!(history.left_out, 1);
    assert_eq!(History::of(&[], &[cpu()]), None);
}
