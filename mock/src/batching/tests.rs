use super::*;
use crate::pace::Ticker;
use crate::spec::MockSpec;
use std::pin::pin;

fn error(json: &str) -> String {
    serde_json::from_str::<MockSpec>(json)
        .unwrap()
        .validate()
        .unwrap_err()
        .to_string()
}

#[test]
fn batches_that_no_server_has_are_refused() {
    for (json, told) in [
        (
            r#"{"batching":{"max_sequences":0}}"#,
            "expected at least 1 in `batching.max_sequences`, found `0`",
        ),
        (
            r#"{"batching":{"step":"99us"}}"#,
            "expected at least 100us in `batching.step`, found `99us`",
        ),
        (
            r#"{"batching":{"per_sequence":"25h"}}"#,
            "expected at most 24h in `batching.per_sequence`, found `1day 1h`",
        ),
        (
            r#"{"batching":{"step":"23h","per_sequence":"30m","max_sequences":3}}"#,
            "expected at most 24h for a step with everything in it in `batching.step`, found `1day 30m`",
        ),
        (
            r#"{"batching":{},"latency":{"fixed":"1ms"}}"#,
            "expected no latency beside `batching`, whose steps say when tokens come in `latency`, found `{\"fixed\":\"1ms\"}`",
        ),
        (
            r#"{"batching":{},"tokens_per_chunk":2}"#,
            "expected 1 beside `batching`, whose steps make one token in `tokens_per_chunk`, found `2`",
        ),
        (
            r#"{"batching":{},"capacity":{"slots":2}}"#,
            "expected no slots beside `batching`, whose `max_sequences` they are in `capacity.slots`, found `2`",
        ),
    ] {
        assert_eq!(error(json), told);
    }
}

fn made_at(end: Instant) -> Made {
    Made {
        tokens: 1,
        first: end,
        last: end,
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_that_were_left_lying_keep_the_times_of_their_steps() {
    let capacity = CapacitySpec::default();
    let batch = Batch::new(BatchingSpec::default(), &capacity, &Timer::Coarse);
    let batch = Arc::new(batch);
    let start = Instant::now();
    let (mut streamed, _) = batch.enter(1, 3).await.unwrap();
    let mut entering = pin!(batch.enter(1, 3));
    assert!(futures_util::poll!(&mut entering).is_pending());
    tokio::time::advance(Duration::from_millis(10)).await;
    batch.state().advance(Instant::now());
    let (whole, began) = entering.await.unwrap();
    assert_eq!(began, start + Duration::from_millis(10));

    // Steps end at 10, 20, 30 and 40 ms, and nobody looks before 95 ms have passed.
    tokio::time::advance(Duration::from_millis(85)).await;
    batch.state().advance(Instant::now());
    let made = poll_fn(|context| streamed.poll_tokens(context)).await;
    let due = Ticker::batched(whole).last_token().await;

    let expected = Made {
        tokens: 3,
        first: start + Duration::from_millis(10),
        last: start + Duration::from_millis(30),
    };
    assert_eq!(made, Some(expected));
    assert_eq!(due, start + Duration::from_millis(40));
}

#[tokio::test(start_paused = true)]
async fn tokens_come_step_by_step_and_a_place_is_free_once_its_sequence_is_dropped() {
    let spec = BatchingSpec {
        max_sequences: 1,
        ..BatchingSpec::default()
    };
    let batch = Arc::new(Batch::new(spec, &CapacitySpec::default(), &Timer::Coarse));
    let start = Instant::now();
    let talking = async {
        let (mut first, began) = batch.enter(3, 2).await.unwrap();
        assert_eq!(began, start);
        let mut second = pin!(batch.enter(3, 1));
        assert!(futures_util::poll!(&mut second).is_pending());
        let occupancy = batch.occupancy();
        assert_eq!((occupancy.running, occupancy.waiting), (1, 1));

        let one = poll_fn(|context| first.poll_tokens(context)).await;
        assert_eq!(one, Some(made_at(start + Duration::from_millis(10))));
        drop(first);
        let (mut second, began) = second.await.unwrap();
        assert_eq!(began, start + Duration::from_millis(20));
        let only = poll_fn(|context| second.poll_tokens(context)).await;
        let end = poll_fn(|context| second.poll_tokens(context)).await;
        assert_eq!(only, Some(made_at(start + Duration::from_millis(30))));
        assert_eq!(end, None);
    };

    tokio::select! {
        () = talking => {}
        () = batch.run() => unreachable!("it runs until it is dropped"),
    }
    assert_eq!(batch.occupancy(), Occupancy::default());
}

#[tokio::test]
async fn whoever_finds_the_queue_full_is_turned_away() {
    let spec = BatchingSpec {
        max_sequences: 1,
        ..BatchingSpec::default()
    };
    let capacity = CapacitySpec {
        queue: Some(0),
        ..CapacitySpec::default()
    };
    let batch = Arc::new(Batch::new(spec, &capacity, &Timer::Coarse));
    let (_first, _) = batch.enter(1, 1).await.unwrap();

    let refused = batch.enter(1, 1).await.unwrap_err();

    assert_eq!(refused.status, http::StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(
        refused.message,
        "The server is full: requests worked on: 1, waiting: 0."
    );
}
