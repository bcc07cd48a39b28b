use super::*;
use crate::summary::fixture;

fn baseline() -> Baseline {
    Baseline {
        schema: BASELINE_SCHEMA.to_owned(),
        name: "main".to_owned(),
        scenario: "scenarios/smoke/baseline.yaml".into(),
        scenario_sha256: "0".repeat(64),
        variant: Some("pooled".to_owned()),
        set: vec!["seed=3".to_owned()],
        fingerprint: "0123456789abcdef".to_owned(),
        commit: Some("38c2d24".to_owned()),
        program: Program {
            path: "program".into(),
            sha256: "1".repeat(64),
            tool_version: "0.1.0".to_owned(),
            kept: true,
        },
        launched: Vec::new(),
        saved: "2026-01-02T03:04:05Z".to_owned(),
    }
}

#[test]
fn a_baseline_is_read_back_as_it_was_written() {
    let json = baseline().to_json().unwrap();

    assert_eq!(Baseline::from_json(&json).unwrap(), baseline());
}

#[test]
fn another_version_of_the_format_is_refused_by_name() {
    let json = String::from_utf8(baseline().to_json().unwrap()).unwrap();
    let later = json.replace("baseline/v1", "baseline/v9");

    let refused = Baseline::from_json(later.as_bytes())
        .unwrap_err()
        .to_string();

    let expected = "expected schema `inferometer.baseline/v1`, found `inferometer.baseline/v9`; save the baseline anew";
    assert_eq!(refused, expected);
}

#[test]
fn a_run_is_like_itself() {
    assert_eq!(unlike(&fixture::single(), &fixture::single()), []);
}

#[test]
fn everything_that_makes_numbers_speak_of_other_things_is_named() {
    let stored = fixture::single();
    let mut new = stored.clone();
    new.identity.fingerprint = "fedcba9876543210".to_owned();
    new.identity.environment.cores = 2;
    new.identity.environment.build = "debug".to_owned();
    // Memory may be added to a machine, and runs start at other times.
    new.identity.environment.memory_bytes = None;
    new.identity.started = "2027-01-01T00:00:00Z".to_owned();

    let told: Vec<String> = unlike(&stored, &new)
        .iter()
        .map(ToString::to_string)
        .collect();

    assert_eq!(
        told,
        [
            format!(
                "the fingerprint of the plan was `{}` and is `fedcba9876543210`",
                stored.identity.fingerprint
            ),
            "the number of cores was `8` and is `2`".to_owned(),
            "the build of the tool was `release` and is `debug`".to_owned(),
        ]
    );
}
