//! Load streams side by side, each recorded by itself.

use super::*;
use crate::units::Period;

/// The streams of these tests: an open loop, and a closed one.
fn asked() -> Asked {
    let constant = Asked::OpenLoop {
        burstiness: Some(f64::INFINITY),
    };
    Asked::SideBySide(vec![
        ("chat".to_owned(), constant),
        ("jobs".to_owned(), Asked::ClosedLoop),
    ])
}

fn kind(stream: &str, operation: Operation) -> Kind {
    Kind {
        stream: Some(stream.to_owned()),
        ..Kind::of(operation)
    }
}

fn lane() -> Recorders {
    let kinds = [
        vec![kind("chat", Operation::Chat)],
        vec![kind("jobs", Operation::Load), kind("jobs", Operation::Chat)],
    ];
    let recorders = kinds.iter();
    recorders
        .map(|kinds| Recorder::new(WINDOW).telling_apart(kinds))
        .collect()
}

/// In each of two lanes 150 chats, a failed one among them, sent each `late` after it was due, and three jobs, of which two load
/// a model.
fn stage(late: impl Fn(u64) -> Duration) -> StageSummary {
    let mut lanes = [lane(), lane()];
    for (first, lane) in [0, 1].into_iter().zip(&mut lanes) {
        for seq in (first..300).step_by(2) {
            let outcome = match seq {
                0 => Outcome::Failed(Failure::Closed),
                _ => Outcome::Answered,
            };
            let sample = ended(at(seq * 10), Duration::from_millis(4), outcome);
            lane.take(&Sample {
                seq,
                sent: Some(sample.scheduled.after(late(seq))),
                ..sample
            });
        }
        let jobs = [Operation::Load, Operation::Load, Operation::Chat];
        for (seq, operation) in (0..).zip(jobs) {
            lane.take(&Sample {
                stream: 1,
                seq,
                operation,
                kind: usize::from(operation == Operation::Chat),
                ..ended(at(0), Duration::from_millis(90), Outcome::Answered)
            });
        }
    }
    let [mut all, other] = lanes;
    all.merge(other);
    let facts = StageFacts {
        asked: asked(),
        ..facts(0, 1)
    };
    summarize(facts, all)
}

fn on_time(_: u64) -> Duration {
    Duration::ZERO
}

#[test]
fn each_stream_has_its_own_accounting_and_times_and_all_add_up_to_the_stage() {
    let stage = stage(on_time);

    let [chat, jobs] = stage.streams.as_slice() else {
        panic!("{:?}", stage.streams);
    };
    let held = |one: &StreamSummary| (one.accounting.offered, one.accounting.answered);
    assert_eq!((chat.name.as_str(), held(chat)), ("chat", (300, 299)));
    assert_eq!((jobs.name.as_str(), held(jobs)), ("jobs", (6, 6)));
    assert_eq!(
        (stage.accounting.offered, stage.accounting.answered),
        (306, 305)
    );
    assert_eq!(
        (
            chat.distributions.latency.max,
            jobs.distributions.latency.max
        ),
        (4_000_000, 90_000_000)
    );
    assert_eq!((chat.errors["closed"], jobs.errors.len()), (1, 0));
    let both = (chat.throughput.finished, jobs.throughput.finished);
    assert_eq!((both, stage.throughput.finished), ((300, 6), 306));
}

#[test]
fn each_stream_tells_its_own_kinds_apart() {
    let stage = stage(on_time);

    let jobs = stage.of_stream("jobs").unwrap();
    let loads = jobs
        .of_kinds(|kind| kind.operation == Operation::Load)
        .unwrap();
    let chats = stage
        .of_kinds(|kind| kind.operation == Operation::Chat)
        .unwrap();

    assert_eq!(loads.accounting.offered, 4);
    assert_eq!(jobs.operations.len(), 2);
    assert_eq!(chats.accounting.offered, 302, "of both streams");
    assert_eq!(stage.of_stream("batch"), None);
}

#[test]
fn the_shape_is_that_of_each_stream_against_its_own_law_and_none_of_all_together() {
    let stage = stage(on_time);

    let shape = stage.streams[0].shape.as_ref().unwrap();
    assert_eq!((shape.requests, shape.variation_asked), (300, Some(0.0)));
    assert!(shape.is_kept(), "{shape:?}");
    assert_eq!((&stage.streams[1].shape, &stage.shape), (&None, &None));
    let run = RunSummary::new(identity(), vec![stage]);
    let trust = &run.certificate.stages[0];
    assert_eq!(trust.shape_kept, Some(true));
    let kept: Vec<_> = trust.streams.iter().map(|one| one.shape_kept).collect();
    assert_eq!(kept, [Some(true), None]);
}

#[test]
fn a_stream_that_lost_its_shape_and_left_late_is_doubted_by_its_name_and_the_stage_with_it() {
    // All of a second leave together at its end.
    let strict = Validity {
        lag_p99: Some(Period::from_millis(1)),
        shape: Strictness::Strict,
        ..Validity::default()
    };
    let lumped = StageSummary {
        validity: strict,
        ..stage(|seq| Duration::from_millis(1000 - seq % 100 * 10))
    };

    let run = RunSummary::new(identity(), vec![lumped]);

    let trust = &run.certificate.stages[0];
    let of_chat = trust
        .breaches
        .iter()
        .filter(|breach| breach.stream.as_deref() == Some("chat"));
    let refused: Vec<Limit> = of_chat
        .filter(|breach| breach.severity == Severity::Refuse)
        .map(|breach| breach.what)
        .collect();
    assert_eq!(refused, [Limit::Shape, Limit::LagP99]);
    assert_eq!(trust.shape_kept, Some(false));
    assert_eq!(trust.streams[0].lag_max_ns, Some(1e9));
    assert_eq!(trust.streams[1].lag_max_ns, Some(0.0));
}

#[test]
fn the_same_number_in_two_streams_is_two_requests_of_a_journal() {
    let recorders = {
        let mut lane = lane();
        for stream in [0, 1] {
            lane.take(&Sample {
                stream,
                seq: 5,
                ..ended(at(0), Duration::from_millis(4), Outcome::Answered)
            });
        }
        lane
    };
    let mut reader = JournalReader::beside(&recorders);

    for (id, stream) in [("s0-chat-5", 0), ("s0-jobs-5", 1), ("s0-jobs-5", 1)] {
        reader.note(Visit {
            id,
            request: Some((stream, 5)),
            attempt: 0,
            end: VisitEnd::Answered,
            arrived: at(1),
            executed: None,
            fault: None,
            output_tokens: 0,
            writes: &[],
        });
    }

    let journal = reader.finish(0, Vec::new());
    assert_eq!((journal.added.requests, journal.added.unknown), (2, 0));
    assert_eq!(journal.repeated, 1);
}

#[test]
fn shards_add_up_stream_by_stream() {
    let shard = || RunSummary::new(identity(), vec![stage(on_time)]);

    let both = shard().merge(&shard()).unwrap();

    let offered = both.stages[0]
        .streams
        .iter()
        .map(|one| one.accounting.offered);
    assert_eq!(offered.collect::<Vec<_>>(), [600, 12]);
    assert_eq!(both.stages[0].streams[0].distributions.latency.n(), 598);
}
