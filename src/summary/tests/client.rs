//! What the client did besides sending: second attempts, waiting for connections, and what it counts by itself.

use super::*;
use crate::metric::Metric;
use crate::sample::Connection;

/// A request of so many attempts, of which `hedges` say which were second ones.
fn attempted(attempts: u32, begun: u32, won: bool) -> Sample<'static> {
    Sample {
        attempts,
        hedges: Hedges { begun, won },
        ..ended(at(0), Duration::from_millis(5), Outcome::Answered)
    }
}

fn read(metric: &str, stage: &StageSummary) -> Reading {
    let run = RunSummary::new(identity(), vec![stage.clone()]);
    Metric::named(metric).unwrap().read(&run, stage)
}

fn counted(client: ClientCounts) -> StageSummary {
    let facts = StageFacts {
        client,
        ..facts(0, 1)
    };
    summarize(facts, Recorder::new(WINDOW))
}

#[test]
fn second_attempts_are_told_apart_from_repeated_ones() {
    let failed = Sample {
        outcome: Outcome::Failed(Failure::Http(503)),
        ..attempted(2, 1, true)
    };
    let stage = summary_of(&[
        attempted(1, 0, false),
        attempted(2, 1, true),
        attempted(2, 1, false),
        attempted(2, 0, false),
        attempted(4, 1, true),
        failed,
    ]);

    assert_eq!(read("hedged", &stage), Reading::Value(4.0));
    assert_eq!(read("hedge_won", &stage), Reading::Value(2.0));
    assert_eq!(read("retried", &stage), Reading::Value(2.0));
    assert_eq!(read("retry_rate", &stage), Reading::Value(2.0 / 6.0));
}

#[test]
fn waiting_for_a_connection_is_timed_where_their_number_has_a_limit() {
    let waited = |millis| Sample {
        queued: Some(Duration::from_millis(millis)),
        connection: Some(Connection::Reused),
        ..attempted(1, 0, false)
    };

    let stage = summary_of(&[waited(0), waited(4), attempted(1, 0, false)]);

    assert_eq!(stage.distributions.queue.n(), 2);
    assert_eq!(read("queue_mean", &stage), Reading::Value(2e6));
    assert_eq!(read("queue_max", &stage), Reading::Value(4e6));
    let unlimited = summary_of(&[attempted(1, 0, false)]);
    assert_eq!(
        read("queue_max", &unlimited),
        Reading::NotMeasured("no samples")
    );
}

#[test]
fn what_the_client_counted_is_read_and_what_it_did_not_tell_is_not_measured() {
    let stage = counted(ClientCounts {
        connections: Some(ConnectionCounts {
            created: 3,
            reused: 997,
        }),
        loading: Some(LoadingCounts {
            asked: 8,
            hits: 6,
            preloads: 4,
            preload_hits: 3,
            ..LoadingCounts::default()
        }),
    });

    assert_eq!(read("connections_created", &stage), Reading::Value(3.0));
    assert_eq!(read("model_hit_rate", &stage), Reading::Value(0.75));
    assert_eq!(read("preload_hit_rate", &stage), Reading::Value(0.75));

    let silent = counted(ClientCounts::default());
    let without = "`client.loading` is not set";
    assert_eq!(
        read("connections_created", &silent),
        Reading::NotMeasured("the client does not tell of its connections")
    );
    assert_eq!(
        read("model_hit_rate", &silent),
        Reading::NotMeasured(without)
    );
    assert_eq!(
        read("preload_hit_rate", &silent),
        Reading::NotMeasured(without)
    );
}

#[test]
fn a_stage_that_was_stored_before_these_were_measured_can_still_be_read() {
    let stage = summary_of(&[attempted(2, 0, false)]);
    let mut stored = serde_json::to_value(&stage).unwrap();
    assert_eq!(stored.get("client"), None);
    for (block, field) in [
        ("distributions", "queue"),
        ("attempts", "hedged"),
        ("attempts", "hedge_won"),
    ] {
        let block = stored[block].as_object_mut().unwrap();
        assert!(block.remove(field).is_some(), "{field}");
    }

    let read: StageSummary = serde_json::from_value(stored).unwrap();

    assert_eq!(read, stage);
}
