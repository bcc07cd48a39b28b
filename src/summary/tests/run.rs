//! What shows only across stages, and what survives a file.

use super::*;

#[test]
fn scaling_relates_each_level_to_the_lowest() {
    let stage = |index, level, answers: u64| {
        let samples: Vec<_> = (0..answers)
            .map(|n| ended(at(n), Duration::ZERO, Outcome::Answered))
            .collect();
        let mut summary = summary_of(&samples);
        summary.index = index;
        summary
            .settings
            .insert("load.closed.in_flight".to_owned(), level);
        summary
    };

    let run = RunSummary::new(
        identity(),
        vec![stage(0, 8.into(), 300), stage(1, 2.into(), 100)],
    );

    let [group] = run.scaling.as_slice() else {
        panic!("one group: {:?}", run.scaling)
    };
    assert_eq!(
        group.rows,
        [
            ScalingRow {
                stage: 1,
                level: 2.0,
                rps_ok: 10.0,
                speed_up: Some(1.0),
                efficiency: Some(1.0),
                generator_busy: false
            },
            ScalingRow {
                stage: 0,
                level: 8.0,
                rps_ok: 30.0,
                speed_up: Some(3.0),
                efficiency: Some(0.75),
                generator_busy: false
            },
        ]
    );
}

#[test]
fn a_stage_that_differs_in_something_else_is_in_no_group() {
    let mut other = streaming_stage(1, 2);
    other
        .settings
        .insert("client.mode".to_owned(), "grpc".into());

    let run = RunSummary::new(identity(), vec![streaming_stage(0, 1), other]);

    assert_eq!(run.scaling, []);
}

#[test]
fn doubts_name_a_busy_generator_late_requests_and_missing_ones() {
    let mut recorder = Recorder::new(WINDOW);
    for millis in 0..700 {
        let mut late = ended(at(millis), Duration::from_millis(50), Outcome::Answered);
        late.sent = Some(at(millis + 20));
        recorder.record(&late);
    }
    recorder.record(&ended(at(0), Duration::ZERO, Outcome::NotSent));
    let mut facts = facts(0, 1);
    facts.usage.cpu = Duration::from_secs(19);

    let run = RunSummary::new(identity(), vec![summarize(facts, recorder)]);

    assert_eq!(
        run.certificate
            .stages
            .first()
            .map(|trust| trust.doubts.clone()),
        Some(vec![
            Doubt::GeneratorBusy { share: 0.95 },
            Doubt::Late {
                lag_p99_ns: 20e6,
                latency_p50_ns: 50e6
            },
            Doubt::NotSent {
                count: 1,
                offered: 701
            },
        ])
    );
}

#[test]
fn books_that_do_not_balance_are_a_doubt_of_their_own() {
    let mut stage = streaming_stage(0, 1);
    stage.accounting.answered -= 1;

    let run = RunSummary::new(identity(), vec![stage]);

    let trust = run.certificate.stages.first().unwrap();
    assert!(!trust.accounting_adds_up);
    assert!(matches!(
        trust.doubts.first(),
        Some(Doubt::Accounting { .. })
    ));
}

#[test]
fn a_run_survives_its_file() {
    let run = sweep();

    let read = RunSummary::from_json(&run.to_json().unwrap()).unwrap();

    assert_eq!(read, run);
}

#[test]
fn other_formats_are_refused_by_name() {
    let refuse = |json: &str| {
        RunSummary::from_json(json.as_bytes())
            .unwrap_err()
            .to_string()
    };

    insta::assert_snapshot!(refuse(r#"{ "schema": "inferometer.report/v9", "run": 3 }"#), @"could not read the run: expected schema `inferometer.report/v1`, found `inferometer.report/v9`; read it with the version that wrote it, or measure again");
    insta::assert_snapshot!(refuse(r#"{ "requests": 3 }"#), @r#"could not read the run: expected `"schema": "inferometer.report/v1"`, found no `schema`; is this a report.json?"#);
}

#[test]
fn a_damaged_histogram_is_refused() {
    let json = String::from_utf8(sweep().to_json().unwrap()).unwrap();
    let damaged = json.replacen("\"n\": 140", "\"n\": 141", 1);

    let error = RunSummary::from_json(damaged.as_bytes())
        .unwrap_err()
        .to_string();

    assert!(
        error.contains("expected 141 samples in `histogram` as `n` says, found 140"),
        "{error}"
    );
}

#[test]
fn shards_of_one_plan_add_up() {
    let run = sweep();

    let both = run.clone().merge(&run).unwrap();

    assert_eq!(both.shards, 2);
    for (both, one) in both.stages.iter().zip(&run.stages) {
        assert_eq!(both.accounting.offered, 2 * one.accounting.offered);
        assert_eq!(
            both.distributions.latency.n(),
            2 * one.distributions.latency.n()
        );
        assert_eq!(
            both.distributions.latency.read(Statistic::P50),
            one.distributions.latency.read(Statistic::P50)
        );
        assert_eq!(both.lanes, 2 * one.lanes);
    }
}

#[test]
fn runs_of_different_plans_do_not_merge() {
    let run = sweep();
    let mut other = run.clone();
    other.identity.fingerprint = "other".to_owned();

    let error = run.merge(&other).unwrap_err().to_string();

    assert_eq!(
        error,
        "could not merge the runs: expected equal fingerprints, found `3f1c9a0be2d4` and `other`; only shards of one plan add up"
    );
}
