use super::*;
use crate::observe::{Conditions, Pressure, Taken};
use crate::sample::Outcome;
use crate::summary::fixture::{WINDOW, ended, facts, identity};
use crate::summary::{Asked, Recorder, RunSummary, StageFacts, StageTrust, summarize};
use crate::units::Offset;

/// A thousand requests that left as late as this, took as long as that from then on, and cost so much CPU time of two
/// lanes in ten seconds.
fn stage(lag: Duration, took: Duration, cpu: Duration, validity: Validity) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for n in 0..1_000 {
        let due = Offset::from_millis(1_000 + n);
        let mut request = ended(due, lag + took, Outcome::Answered);
        request.sent = Some(due.after(lag));
        recorder.record(&request);
    }
    let mut facts = StageFacts {
        validity,
        conditions: None,
        asked: Asked::ClosedLoop,
        ..facts(0, 1)
    };
    facts.usage.cpu = cpu;
    summarize(facts, recorder)
}

fn trust(stage: StageSummary) -> StageTrust {
    let run = RunSummary::new(identity(), vec![stage]);
    run.certificate.stages.into_iter().next().unwrap()
}

/// What was breached, and what follows.
fn breaches(stage: StageSummary) -> Vec<(Limit, Severity)> {
    let trust = trust(stage);
    trust
        .breaches
        .iter()
        .map(|breach| (breach.what, breach.severity))
        .collect()
}

const IDLE: Duration = Duration::from_secs(1);
const SATURATED_CPU: Duration = Duration::from_millis(19_500);

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn given<T: std::str::FromStr>(text: &str) -> Option<T> {
    text.parse().ok()
}

#[test]
fn a_stage_that_kept_every_limit_has_no_breach() {
    let clean = stage(millis(0), millis(50), IDLE, Validity::default());

    assert_eq!(breaches(clean), []);
}

#[test]
fn the_lag_of_a_busy_machine_marks_and_that_of_a_late_generator_refuses() {
    let validity = Validity::default();

    let busy = stage(millis(90), millis(10), IDLE, validity);
    let slow_target = stage(millis(150), millis(500), IDLE, validity);
    let late = stage(millis(150), millis(10), IDLE, validity);

    assert_eq!(breaches(busy), [(Limit::LagP99, Severity::Mark)]);
    assert_eq!(breaches(slow_target), [(Limit::LagP99, Severity::Mark)]);
    assert_eq!(breaches(late), [(Limit::LagP99, Severity::Refuse)]);
}

#[test]
fn a_limit_of_the_scenarios_takes_the_place_of_the_usual_one() {
    let strict = Validity {
        lag_p99: given("5ms"),
        ..Validity::default()
    };
    let lenient = Validity {
        lag_p99: given("1s"),
        ..Validity::default()
    };

    // Far below what would be told by itself.
    let strictly = trust(stage(millis(6), millis(500), IDLE, strict));
    let leniently = stage(millis(150), millis(10), IDLE, lenient);

    let [breach] = strictly.breaches.as_slice() else {
        panic!("one breach: {strictly:?}")
    };
    assert_eq!(
        *breach,
        Breach {
            stream: None,
            what: Limit::LagP99,
            measured: 6e6,
            limit: 5e6,
            severity: Severity::Refuse
        }
    );
    assert_eq!(breaches(leniently), [(Limit::LagP99, Severity::Mark)]);
}

#[test]
fn a_generator_at_its_end_refuses_only_where_it_was_late_as_well() {
    let validity = Validity::default();
    let limited = Validity {
        generator_cpu: given("90%"),
        ..validity
    };

    let saturated = stage(millis(0), millis(50), SATURATED_CPU, validity);
    let and_late = stage(millis(60), millis(40), SATURATED_CPU, validity);
    let forbidden = stage(millis(0), millis(50), SATURATED_CPU, limited);

    assert_eq!(breaches(saturated), [(Limit::GeneratorCpu, Severity::Mark)]);
    assert_eq!(
        breaches(and_late),
        [
            (Limit::GeneratorCpu, Severity::Refuse),
            (Limit::LagP99, Severity::Mark)
        ]
    );
    assert_eq!(
        breaches(forbidden),
        [(Limit::GeneratorCpu, Severity::Refuse)]
    );
}

#[test]
fn requests_never_sent_refuse_where_the_generator_is_to_blame() {
    let unsent = |cpu, validity| {
        let mut stage = stage(millis(0), millis(50), cpu, validity);
        stage.accounting.offered += 20;
        stage.accounting.not_sent += 20;
        breaches(stage)
    };
    let limited = Validity {
        not_sent: given("1%"),
        ..Validity::default()
    };

    // The cap was reached, as the target was slow.
    assert_eq!(
        unsent(IDLE, Validity::default()),
        [(Limit::NotSent, Severity::Mark)]
    );
    assert_eq!(
        unsent(SATURATED_CPU, Validity::default()),
        [
            (Limit::GeneratorCpu, Severity::Mark),
            (Limit::NotSent, Severity::Refuse)
        ]
    );
    assert_eq!(unsent(IDLE, limited), [(Limit::NotSent, Severity::Refuse)]);
}

#[test]
fn books_that_do_not_balance_always_refuse() {
    let mut broken = stage(millis(0), millis(50), IDLE, Validity::default());
    broken.accounting.offered += 1;

    assert_eq!(breaches(broken), [(Limit::Accounting, Severity::Refuse)]);
}

/// A stage whose requests were sent in lumps although they were due one after the other.
fn in_lumps(validity: Validity) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    for n in 0..1_000 {
        let due = Offset::from_millis(1_000 + n);
        let mut request = ended(due, millis(900), Outcome::Answered);
        request.sent = Some(Offset::from_millis(1_000 + n.div_ceil(40) * 40));
        recorder.record(&request);
    }
    let facts = StageFacts {
        validity,
        conditions: None,
        asked: Asked::OpenLoop {
            burstiness: Some(f64::INFINITY),
        },
        ..facts(0, 1)
    };
    summarize(facts, recorder)
}

#[test]
fn a_lost_shape_marks_refuses_or_is_not_told_as_the_scenario_says() {
    let with = |shape| {
        let found = breaches(in_lumps(Validity {
            shape,
            ..Validity::default()
        }));
        let found = found.into_iter().find(|(what, _)| *what == Limit::Shape);
        found.map(|(_, severity)| severity)
    };

    assert_eq!(with(Strictness::Mark), Some(Severity::Mark));
    assert_eq!(with(Strictness::Strict), Some(Severity::Refuse));
    assert_eq!(with(Strictness::Off), None);
}

#[test]
fn a_machine_in_trouble_marks_and_refuses_where_the_scenario_limits_it() {
    let seen = Conditions {
        steal: Some(0.06),
        pressure: Some(Pressure {
            some: 0.4,
            full: 0.0,
        }),
        throttled: Some(0.02),
        open_files: Some(Taken {
            most: 95,
            limit: 100,
        }),
        ports: Some(Taken {
            most: 10,
            limit: 100,
        }),
        ..Conditions::default()
    };
    let on = |validity| {
        let mut stage = stage(millis(0), millis(50), IDLE, validity);
        stage.conditions = Some(seen);
        breaches(stage)
    };
    let limited = Validity {
        steal: given("10%"),
        pressure: given("30%"),
        ..Validity::default()
    };

    assert_eq!(
        on(Validity::default()),
        [
            (Limit::Steal, Severity::Mark),
            (Limit::Throttled, Severity::Mark),
            (Limit::OpenFiles, Severity::Mark),
        ]
    );
    assert_eq!(
        on(limited),
        [
            (Limit::Steal, Severity::Mark),
            (Limit::Throttled, Severity::Mark),
            (Limit::Pressure, Severity::Refuse),
            (Limit::OpenFiles, Severity::Mark),
        ]
    );
}

#[test]
fn limits_are_written_as_in_a_scenario_and_read_back() {
    let text = r#"{"lag_p99":"5ms","generator_cpu":"90%","shape":"strict","samples":"off"}"#;

    let validity: Validity = serde_json::from_str(text).unwrap();

    assert_eq!(serde_json::to_string(&validity).unwrap(), text);
    assert!(serde_json::from_str::<Validity>(r#"{"lag_p99":null}"#).is_err());
    assert!(Validity::default().is_default());
}
