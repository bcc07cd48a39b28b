//! Synthetic samples with every time under control, for tests of summaries, gates and reports.

use super::*;
use crate::observe::{Allocated, Usage};
use crate::sample::{Chunk, ClientCounts, Failure, Hedges, Outcome, Sample, TokenSource, Tokens};
use crate::seed::Seed;
use crate::units::{Offset, nanos};
use rand_distr::{Distribution as _, LogNormal};
use std::time::Duration;

/// A measure phase from 1 s to 11 s.
pub(crate) const WINDOW: Window = Window {
    start: Offset::from_millis(1_000),
    end: Offset::from_millis(11_000),
};

/// A unary request scheduled and sent at `at`, answered after `took`.
pub(crate) fn unary(at: Offset, took: Duration, chunks: &mut Vec<Chunk>) -> Sample<'_> {
    chunks.clear();
    chunks.push(Chunk {
        at: at.after(took),
        tokens: 1,
    });
    Sample {
        stream: 0,
        seq: 0,
        operation: Operation::Chat,
        kind: 0,
        scheduled: at,
        sent: Some(at),
        first_byte: Some(at.after(took)),
        chunks,
        finished: at.after(took),
        streamed: false,
        endpoint: Some(0),
        attempts: 1,
        failed_attempts: &[],
        answered_attempt: None,
        source: None,
        connection: None,
        queued: None,
        hedges: Hedges::default(),
        prompt_tokens: Some(16),
        output_tokens: None,
        batch: None,
        outcome: Outcome::Answered,
    }
}

/// A request that ended in `outcome` after `took`, without a single chunk.
pub(crate) fn ended(at: Offset, took: Duration, outcome: Outcome) -> Sample<'static> {
    let sent = outcome != Outcome::NotSent;
    Sample {
        stream: 0,
        seq: 0,
        operation: Operation::Chat,
        kind: 0,
        scheduled: at,
        sent: sent.then_some(at),
        first_byte: None,
        chunks: &[],
        finished: at.after(took),
        streamed: false,
        endpoint: sent.then_some(0),
        attempts: u32::from(sent),
        failed_attempts: &[],
        answered_attempt: None,
        source: None,
        connection: None,
        queued: None,
        hedges: Hedges::default(),
        prompt_tokens: None,
        output_tokens: None,
        batch: None,
        outcome,
    }
}

/// What a driver would say of a stage with this many requests in flight.
pub(crate) fn facts(index: usize, in_flight: u32) -> StageFacts {
    StageFacts {
        index,
        name: format!("in_flight={in_flight}"),
        settings: vec![("load.closed.in_flight".to_owned(), in_flight.into())],
        endpoints: vec!["primary (REST)".to_owned()],
        usage: Usage {
            cpu: Duration::from_millis(120 * u64::from(in_flight.min(40))),
            allocated: Some(Allocated {
                count: 400_000,
                bytes: 90_000_000,
                peak_live_bytes: 3_000_000 + 12_288 * u64::from(in_flight),
            }),
            preempted: Some(40 * u64::from(in_flight)),
        },
        conditions: Some(conditions(in_flight)),
        client: ClientCounts::default(),
        lanes: 2,
        end: StageEnd::Completed,
        measured: Duration::from_secs(10),
        asked: Asked::ClosedLoop,
        script: None,
        journal: None,
        faults_began: Vec::new(),
        duplicates: None,
        validity: Validity::default(),
        notes: Vec::new(),
    }
}

/// What a machine of eight cores that has other work too does in ten seconds of it.
fn conditions(in_flight: u32) -> Conditions {
    Conditions {
        watched_ns: 10_000_000_000,
        steal: Some(0.002),
        pressure: Some(Pressure {
            some: 0.03,
            full: 0.0,
        }),
        throttled: None,
        other_cores: Some(0.25),
        open_files: Some(Taken {
            most: 30 + u64::from(in_flight),
            limit: 20_000,
        }),
        ports: Some(Taken {
            most: 100 + u64::from(in_flight),
            limit: 28_232,
        }),
        target: Some(TargetUsage {
            cpu_ns: 2_500_000_000,
            rss_bytes: 40 << 20,
        }),
    }
}

/// What was measured beforehand on the machine of every synthetic run.
pub(crate) fn calibration() -> Calibration {
    Calibration {
        measured: "2030-01-01T00:00:00Z".to_owned(),
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        machine: identity().environment,
        highest_rate: Some(8_000.0),
        lag_p50_ns: Some(52_000.0),
        lag_p99_ns: Some(410_000.0),
        highest_concurrency: Some(1_600.0),
        added_p50_ns: Some(120_000.0),
        added_p99_ns: Some(2_900_000.0),
        round_trip_p50_ns: Some(95_000.0),
    }
}

/// The identity of every synthetic run.
pub(crate) fn identity() -> RunIdentity {
    RunIdentity {
        run_id: "chat-throughput-7-1".to_owned(),
        scenario: "chat-throughput".to_owned(),
        purpose: Some(
            "How throughput and latency of streamed chat answers grow with concurrency.".to_owned(),
        ),
        fingerprint: "3f1c9a0be2d4".to_owned(),
        seed: 7,
        started: "2030-01-02T03:04:05Z".to_owned(),
        target: "embedded mock, OpenAI REST".to_owned(),
        environment: Environment {
            os: "Linux 6.12".to_owned(),
            architecture: "x86_64".to_owned(),
            cpu_model: "Example CPU 3.0 GHz".to_owned(),
            cores: 8,
            memory_bytes: Some(34_359_738_368),
            cpu_quota: None,
            build: "release".to_owned(),
        },
        end: RunEnd::Completed,
    }
}

/// A stage of streamed answers by a server of 24 slots, 20 ms to the first token and 3 ms a token, with a tail.
pub(crate) fn streaming_stage(index: usize, in_flight: u32) -> StageSummary {
    let mut recorder = Recorder::new(WINDOW);
    let mut random = Seed::new(7)
        .derive("fixture")
        .stream(&in_flight.to_string());
    let slowdown = f64::from(in_flight.max(24)) / 24.0 + f64::from(in_flight) / 200.0;
    let (first, gap, tail) = (
        LogNormal::new(20_f64.ln(), 0.35).unwrap(),
        LogNormal::new(3_f64.ln(), 0.25).unwrap(),
        LogNormal::new(0.0, 0.12).unwrap(),
    );
    let millis = |milliseconds: f64| Duration::from_secs_f64(milliseconds / 1e3);
    for worker in 0..in_flight {
        let mut now = Offset::from_millis(900 + u64::from(worker % 7));
        let mut seq = 0;
        while now < WINDOW.end {
            let lag = millis(0.03 * tail.sample(&mut random));
            let sent = now.after(lag);
            let mut at = sent.after(millis(slowdown * first.sample(&mut random)));
            let first_byte = at;
            let chunks: Vec<_> = (0..16)
                .map(|_| {
                    at = at.after(millis(gap.sample(&mut random) * tail.sample(&mut random)));
                    Chunk { at, tokens: 1 }
                })
                .collect();
            let fails = (seq * 7 + u64::from(worker) * 31) % 211 == 5;
            let finished = at.after(millis(0.05));
            let outcome = if fails {
                Outcome::Failed(Failure::Http(503))
            } else {
                Outcome::Answered
            };
            recorder.record(&Sample {
                seq,
                sent: Some(sent),
                first_byte: Some(first_byte),
                chunks: if fails { &[] } else { &chunks },
                finished,
                streamed: true,
                attempts: 1 + u32::from(seq % 97 == 96),
                prompt_tokens: Some(64),
                output_tokens: (!fails).then_some(Tokens {
                    count: 16,
                    source: TokenSource::Usage,
                }),
                ..ended(now, Duration::ZERO, outcome)
            });
            now = finished;
            seq += 1;
        }
    }
    summarize(facts(index, in_flight), recorder)
}

/// A sweep of concurrency over a server that saturates.
pub(crate) fn sweep() -> RunSummary {
    let levels = [1, 2, 4, 8, 16, 32, 64];
    let stages = levels
        .into_iter()
        .enumerate()
        .map(|(index, level)| streaming_stage(index, level));
    RunSummary::new(identity(), stages.collect())
}

/// A run of one stage.
pub(crate) fn single() -> RunSummary {
    RunSummary::new(identity(), vec![streaming_stage(0, 16)])
}

/// What a script of two stubs saw: the first was called too often, the second never.
pub(crate) fn script() -> Script {
    let stub = |calls| StubCalls {
        request: "POST /v1/chat/completions".to_owned(),
        at_least: 1,
        at_most: Some(1),
        calls,
    };
    let difference = |place: &str, expected: &str, found: &str| Difference {
        place: place.to_owned(),
        expected: expected.to_owned(),
        found: found.to_owned(),
    };
    let unexpected = |times, nearest, why, differences| UnexpectedRequest {
        request: "POST /v1/chat/completions".to_owned(),
        times,
        nearest,
        why,
        differences,
    };
    Script {
        stubs: vec![stub(1), stub(0)],
        unexpected: 4,
        examples: vec![
            unexpected(
                1,
                1,
                WhyUnexpected::Differs,
                vec![
                    difference("headers.x-stainless-retry-count", "\"1\"", "nothing"),
                    difference("body.messages[0].content", "\"hello\"", "\"<b>`hi`|\""),
                ],
            ),
            unexpected(2, 0, WhyUnexpected::UsedUp, Vec::new()),
        ],
    }
}

/// A refusal of 500 ms, and a death that the target recovers from or does not.
pub(crate) fn disturbances(recovers: bool) -> Disturbances {
    let millis = Duration::from_millis;
    let in_nanos = |time| Some(nanos(millis(time)));
    let refusal = Disturbance {
        fault: "refuse".to_owned(),
        at: "the mock `<b>primary`".to_owned(),
        begins: millis(2_000),
        ends_ns: in_nanos(2_500),
        detect_ns: in_nanos(12),
        switch_ns: in_nanos(14),
        recover: Recovery::After(millis(320)),
        lost: 2,
        duplicated: Some(1),
    };
    let death = Disturbance {
        fault: "death".to_owned(),
        begins: millis(6_000),
        ends_ns: None,
        detect_ns: recovers.then_some(60_000_000),
        switch_ns: None,
        recover: if recovers {
            Recovery::After(Duration::ZERO)
        } else {
            Recovery::Never
        },
        lost: 3,
        duplicated: None,
        ..refusal.clone()
    };
    Disturbances {
        objective: Objective {
            latency: millis(200),
            success_rate: 0.99,
            held_for: millis(1_000),
        },
        resolution: millis(10),
        lost: 5,
        faults: vec![refusal, death],
    }
}
