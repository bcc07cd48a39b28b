use super::*;
use crate::gate::Validity;
use crate::sample::Outcome;
use crate::summary::fixture::{WINDOW, calibration as calibrated, ended, facts, identity};
use crate::summary::{Recorder, StageFacts, summarize};
use crate::units::Offset;

fn step(level: f64, reason: Option<&str>) -> Step {
    Step {
        level,
        certified: reason.is_none(),
        reason: reason.map(str::to_owned),
        lag_p50_ns: Some(52_000.0),
        lag_p99_ns: Some(410_000.0),
        added_p50_ns: Some(120_000.0),
        added_p99_ns: Some(2_900_000.0),
        generator_cpu_share: Some(0.41),
    }
}

fn noise(metric: &str, change: f64) -> Noise {
    let detectable = [(1, 1.0), (5, 2.0), (15, 4.0)].map(|(minutes, part)| Detectable {
        minutes,
        change: change / part,
    });
    Noise {
        metric: metric.to_owned(),
        quads: 10,
        quad_ns: 500_000_000,
        deviation: 0.03,
        detectable: detectable.to_vec(),
    }
}

/// A machine that was examined, with every figure under control.
fn diagnosis() -> Diagnosis {
    let calibration = calibrated();
    Diagnosis {
        schema: SCHEMA.to_owned(),
        fitness: Fitness::of(&calibration),
        sentence: advice::sentence(&calibration),
        remedies: Vec::new(),
        calibration,
        timer: vec![Timer {
            per_second: 1_000.0,
            releases: 700,
            lag_p50_ns: 51_000,
            lag_p99_ns: 89_000,
            lag_max_ns: 1_200_000,
            cpu_share: 0.021,
        }],
        loopback: Loopback {
            round_trip_p50_ns: Some(95_000.0),
            round_trip_p99_ns: Some(310_000.0),
            per_second: Some(14_200.4),
            cpu_per_request_ns: Some(38_000.0),
        },
        scheduler: Gaps {
            watched_ns: 600_000_123,
            count: 3,
            longest_ns: 1_200_000,
            share: 0.004,
        },
        limits: Limits {
            open_files: Some(Taken {
                most: 14,
                limit: 65_536,
            }),
            ports: Some(Taken {
                most: 60,
                limit: 28_232,
            }),
        },
        rates: vec![
            step(1_000.0, None),
            step(8_000.0, None),
            step(
                16_000.0,
                Some(
                    "not valid: requests left late, at the 99th percentile by 3.00 ms, the limit is 1 ms: free the machine, or lower the rate",
                ),
            ),
        ],
        streams: vec![step(100.0, None), step(1_600.0, None)],
        noise: vec![noise("cpu_per_request", 0.012), noise("latency_p95", 0.16)],
        took_ns: 17_400_000_000,
    }
}

#[test]
fn a_fit_machine_is_told_so_first() {
    insta::assert_snapshot!(text(&diagnosis(), 100));
}

#[test]
fn a_poor_machine_is_told_what_would_help() {
    let mut found = diagnosis();
    found.calibration.highest_rate = None;
    found.calibration.machine.build = "debug".to_owned();
    found.calibration.machine.cores = 1;
    found.rates.retain(|step| !step.certified);
    found.scheduler.share = 0.31;
    found.timer[0].lag_p50_ns = 2_000_000;
    found.limits.open_files = Some(Taken {
        most: 14,
        limit: 1_024,
    });
    found.limits.ports = None;
    found.noise.clear();
    found.fitness = Fitness::of(&found.calibration);
    found.sentence = advice::sentence(&found.calibration);
    found.remedies = advice::remedies(&found);

    assert_eq!(found.fitness, Fitness::Unfit);
    insta::assert_snapshot!(text(&found, 100));
}

#[test]
fn no_line_is_wider_than_the_terminal() {
    for width in [60, 80, 120] {
        let text = text(&diagnosis(), width);
        let widest = text.lines().skip_while(|line| !line.is_empty());
        let prose = widest.filter(|line| !line.starts_with("The smallest"));

        for line in prose {
            assert!(line.chars().count() <= width, "{width}: {line}");
        }
    }
}

#[test]
fn a_fit_machine_needs_no_remedy_and_survives_its_file() {
    let found = diagnosis();

    assert_eq!(advice::remedies(&found), [""; 0]);
    let json = serde_json::to_string(&found).unwrap();
    assert_eq!(serde_json::from_str::<Diagnosis>(&json).unwrap(), found);
}

#[test]
fn fitness_takes_a_rate_and_streams() {
    let of = |highest_rate, highest_concurrency| {
        Fitness::of(&Calibration {
            highest_rate,
            highest_concurrency,
            ..calibrated()
        })
    };

    assert_eq!(of(Some(1_000.0), Some(100.0)), Fitness::Fit);
    assert_eq!(of(Some(999.0), Some(1_600.0)), Fitness::Limited);
    assert_eq!(of(Some(8_000.0), None), Fitness::Unfit);
}

/// A run of one stage whose requests left as late as this.
fn run(lag: Duration, validity: Validity) -> RunSummary {
    let mut recorder = Recorder::new(WINDOW);
    for n in 0..1_000 {
        let due = Offset::from_millis(1_000 + n);
        let mut request = ended(due, lag + Duration::from_millis(5), Outcome::Answered);
        request.sent = Some(due.after(lag));
        recorder.record(&request);
    }
    let facts = StageFacts {
        validity,
        ..facts(0, 1)
    };
    RunSummary::new(identity(), vec![summarize(facts, recorder)])
}

#[test]
fn a_level_is_certified_by_what_a_run_says_of_itself() {
    let validity = Validity {
        lag_p99: "1ms".parse().ok(),
        ..Validity::default()
    };

    let punctual = Step::of(
        1_000,
        &run(Duration::from_micros(500), validity),
        climb::Kind::Rate,
    );
    let late = Step::of(
        1_000,
        &run(Duration::from_millis(3), validity),
        climb::Kind::Rate,
    );

    assert!(punctual.certified, "{punctual:?}");
    assert_eq!(punctual.lag_p99_ns, Some(500_000.0));
    assert!(!late.certified);
    assert_eq!(
        late.reason.as_deref(),
        Some(
            "not valid: requests left late, at the 99th percentile by 3.00 ms, the limit is 1 ms: free the machine, or lower the rate"
        )
    );
}
