use super::*;
use std::pin::pin;
use std::time::Duration;

fn error(json: &str) -> String {
    serde_json::from_str::<CapacitySpec>(json)
        .unwrap()
        .check(false)
        .unwrap_err()
        .to_string()
}

fn capacity(slots: u32, queue: u32) -> Arc<Capacity> {
    Arc::new(Capacity::new(&CapacitySpec {
        slots: Some(slots),
        queue: Some(queue),
        ..CapacitySpec::default()
    }))
}

#[test]
fn places_that_no_server_has_are_refused() {
    assert_eq!(
        error(r#"{"slots":0}"#),
        "expected at least 1 in `slots`, found `0`"
    );
    assert_eq!(
        error(r#"{"queue":5}"#),
        "expected no queue, or `slots` beside it, without which nobody waits in `queue`, found `5`"
    );
    assert_eq!(
        error(r#"{"when_full":{"http":500}}"#),
        "expected 429 or 503 in `when_full.http`, found `500`"
    );
    assert_eq!(
        error(r#"{"when_full":{"retry_after":"25h"}}"#),
        "expected at most 24h in `when_full.retry_after`, found `1day 1h`"
    );
}

#[test]
fn a_request_that_is_turned_away_learns_how_full_it_is() {
    let when_full = WhenFull {
        http: 503,
        retry_after: Some(Period::from_millis(500)),
    };

    let refused = when_full.refused(Occupancy {
        running: 2,
        waiting: 1,
    });

    assert_eq!(refused.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(refused.code, tonic::Code::Unavailable);
    assert_eq!(refused.retry_after, Some(Duration::from_millis(500)));
    assert_eq!(
        refused.message,
        "The server is full: requests worked on: 2, waiting: 1."
    );
    assert_eq!(
        WhenFull::default().refused(Occupancy::default()).code,
        tonic::Code::ResourceExhausted
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_is_admitted_when_a_place_is_given_up() {
    let capacity = capacity(1, 1);
    let arrived = Instant::now();
    let (first, at) = capacity.enter(arrived).await.unwrap();
    assert_eq!(at, arrived);
    let mut second = pin!(capacity.enter(arrived));
    assert!(futures_util::poll!(&mut second).is_pending());
    let third = capacity.enter(arrived).await;
    assert_eq!(third.unwrap_err().status, StatusCode::TOO_MANY_REQUESTS);

    tokio::time::advance(Duration::from_millis(5)).await;
    drop(first);
    tokio::time::advance(Duration::from_millis(5)).await;
    let (_place, at) = second.await.unwrap();

    assert_eq!(at, arrived + Duration::from_millis(5));
}

#[tokio::test]
async fn a_place_that_was_granted_to_somebody_who_left_goes_to_the_next() {
    let capacity = capacity(1, 2);
    let arrived = Instant::now();
    let (first, _) = capacity.enter(arrived).await.unwrap();
    let mut second = Box::pin(capacity.enter(arrived));
    let mut third = pin!(capacity.enter(arrived));
    assert!(futures_util::poll!(&mut second).is_pending());
    assert!(futures_util::poll!(&mut third).is_pending());

    drop(first);
    drop(second);

    assert!(futures_util::poll!(&mut third).is_ready());
}

#[tokio::test]
async fn a_queue_that_everybody_left_is_empty() {
    let capacity = capacity(1, 2);
    let arrived = Instant::now();
    let (first, _) = capacity.enter(arrived).await.unwrap();
    let mut second = Box::pin(capacity.enter(arrived));
    assert!(futures_util::poll!(&mut second).is_pending());

    drop(second);

    assert_eq!(capacity.occupancy().waiting, 0);
    drop(first);
    assert_eq!(capacity.occupancy(), Occupancy::default());
}
