//! Failover, retries, budget and breaker in paused virtual time: endpoints that answer from a script, calls told with exact
//! times.

use super::scripted::{Step, busy, call, failure, refused, retrying, scripted, seen};
use super::*;
use std::time::Duration;
use tokio::time::Instant;

fn breaking(attempts: u32) -> ClientConfig {
    ClientConfig {
        breaker: Some(BreakerConfig {
            failures: 2,
            ..BreakerConfig::default()
        }),
        ..retrying(attempts)
    }
}

#[tokio::test(start_paused = true)]
async fn a_repeated_attempt_goes_to_an_endpoint_that_has_not_refused_the_call() {
    let (client, log) = scripted(&retrying(3), &[&[busy(None)], &[busy(None)]]);

    assert_eq!(call(&client).await, Ok(0));

    assert_eq!(seen(&log), [(0, 0, 0), (1, 0, 1), (0, 0, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_server_is_not_asked_again_before_the_time_that_it_asked_for() {
    let wait = Some(Pushback::After(Duration::from_secs(2)));
    let (client, log) = scripted(&retrying(2), &[&[busy(wait)]]);

    assert_eq!(call(&client).await, Ok(0));

    assert_eq!(seen(&log), [(0, 0, 0), (0, 2000, 1)]);
}

#[tokio::test(start_paused = true)]
async fn what_one_server_asks_for_keeps_no_request_from_another() {
    let wait = |seconds| busy(Some(Pushback::After(Duration::from_secs(seconds))));
    let (client, log) = scripted(&retrying(3), &[&[wait(3)], &[wait(9)]]);

    assert_eq!(call(&client).await, Ok(0));

    assert_eq!(seen(&log), [(0, 0, 0), (1, 0, 1), (0, 3000, 2)]);
}

#[tokio::test(start_paused = true)]
async fn a_wait_that_would_outlast_the_deadline_and_a_refusal_for_good_end_the_call() {
    for pushback in [Pushback::After(Duration::from_secs(30)), Pushback::Never] {
        let begun = Instant::now();
        let (client, log) = scripted(&retrying(2), &[&[busy(Some(pushback))]]);

        assert_eq!(call(&client).await, Err(FailureKind::Http(503)));

        assert_eq!(seen(&log), [(0, 0, 0)]);
        assert_eq!(begun.elapsed(), Duration::ZERO);
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_attempt_is_repeated_only_where_it_may_be_executed_twice() {
    let lost = [Step::Fails(failure(FailureKind::Closed))];
    let (client, _) = scripted(&retrying(2), &[&lost]);
    assert_eq!(call(&client).await, Err(FailureKind::Closed));
    let mut config = retrying(2);
    config.retry.repeats = Repeats::Idempotent;

    let (client, log) = scripted(&config, &[&lost]);

    assert_eq!(call(&client).await, Ok(0));
    assert_eq!(seen(&log), [(0, 0, 0), (0, 0, 1)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_has_begun_is_never_asked_for_again() {
    let mut config = retrying(3);
    config.retry.repeats = Repeats::Idempotent;
    let (client, log) = scripted(&config, &[&[Step::BreaksOff], &[]]);

    assert_eq!(call(&client).await, Err(FailureKind::Truncated));

    assert_eq!(seen(&log).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_spent_budget_ends_repetition_and_is_earned_again() {
    let mut config = retrying(10);
    config.retry.budget = Some(RetryBudget {
        reserve: 2,
        ..RetryBudget::default()
    });
    let always = vec![busy(None); 100];
    let (client, log) = scripted(&config, &[&always]);

    let mut attempts = Vec::new();
    for _ in 0..7 {
        assert_eq!(call(&client).await, Err(FailureKind::Http(503)));
        attempts.push(seen(&log).len());
    }

    assert_eq!(attempts, [3, 1, 1, 1, 1, 2, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_black_hole_costs_its_connect_deadline_once_and_nothing_while_ejected() {
    let swallowed = Step::FailsAfter(Duration::from_secs(1), failure(FailureKind::Connect));
    let (client, log) = scripted(&breaking(1), &[&[swallowed], &[]]);

    for _ in 0..3 {
        assert_eq!(call(&client).await, Ok(1));
    }

    assert_eq!(
        seen(&log),
        [(0, 0, 0), (1, 1000, 1), (1, 1000, 0), (1, 1000, 0)]
    );
    assert_eq!(client.endpoint_state(0), Some((EndpointState::Ejected, 1)));
    assert_eq!(
        client.endpoint_state(1),
        Some((EndpointState::Admitting, 0))
    );
}

#[tokio::test(start_paused = true)]
async fn one_request_probes_an_ejected_endpoint_and_brings_the_others_back() {
    let (client, log) = scripted(&breaking(1), &[&[refused()], &[]]);
    assert_eq!(call(&client).await, Ok(1));

    tokio::time::advance(Duration::from_millis(999)).await;
    assert_eq!(call(&client).await, Ok(1));
    tokio::time::advance(Duration::from_millis(1)).await;
    assert_eq!(call(&client).await, Ok(0));

    assert_eq!(
        seen(&log),
        [(0, 0, 0), (1, 0, 1), (1, 999, 0), (0, 1000, 0)]
    );
    assert_eq!(
        client.endpoint_state(0),
        Some((EndpointState::Admitting, 1))
    );
}

#[tokio::test(start_paused = true)]
async fn streams_that_break_off_eject_their_endpoint() {
    let (client, log) = scripted(&breaking(1), &[&[Step::BreaksOff, Step::BreaksOff], &[]]);

    assert_eq!(call(&client).await, Err(FailureKind::Truncated));
    assert_eq!(call(&client).await, Err(FailureKind::Truncated));
    assert_eq!(call(&client).await, Ok(1));

    assert_eq!(seen(&log), [(0, 0, 0), (0, 0, 0), (1, 0, 0)]);
}

#[tokio::test(start_paused = true)]
async fn a_call_that_finds_every_endpoint_ejected_fails_at_once() {
    let (client, log) = scripted(&breaking(1), &[&[refused()], &[refused()]]);
    assert_eq!(call(&client).await, Err(FailureKind::Connect));
    seen(&log);

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(failed.attempts, []);
    assert_eq!(
        failed.to_string(),
        "ejected: every endpoint is ejected, the first will be probed in 1s (attempts: 0)"
    );
    assert_eq!(seen(&log), []);
}

#[tokio::test(start_paused = true)]
async fn a_call_with_a_retry_left_waits_for_the_first_probe() {
    let (client, log) = scripted(&breaking(2), &[&[refused(), refused()], &[refused()]]);

    // The first round ejects both, the second finds none; nothing is left to wait with.
    assert_eq!(call(&client).await, Err(FailureKind::Ejected));
    assert_eq!(seen(&log), [(0, 0, 0), (1, 0, 1)]);
    // The probe of the first endpoint fails as well, that of the second one does not.
    assert_eq!(call(&client).await, Ok(1));

    assert_eq!(seen(&log), [(0, 1000, 0), (1, 1000, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_reply_that_is_dropped_says_nothing_of_its_endpoint() {
    let (client, _) = scripted(&breaking(1), &[&[Step::BreaksOff, Step::BreaksOff]]);

    for _ in 0..2 {
        drop(client.inference().open(&prompt(true)).await.unwrap());
    }

    assert_eq!(
        client.endpoint_state(0),
        Some((EndpointState::Admitting, 0))
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_does_not_begin_in_its_time_makes_room_for_another() {
    let mut config = retrying(2);
    config.first_byte_deadline = Some(Period::from_millis(200));
    config.retry.repeats = Repeats::Idempotent;
    let slow = Step::FailsAfter(Duration::from_secs(20), failure(FailureKind::Closed));
    let scripts: [&[Step]; 2] = [&[slow], &[]];
    let (client, log) = scripted(&config, &scripts);

    assert_eq!(call(&client).await, Ok(1));

    assert_eq!(seen(&log), [(0, 0, 0), (1, 200, 1)]);
    // What may have been executed is not repeated unless it may be executed twice.
    config.retry.repeats = Repeats::Unexecuted;
    let (client, _) = scripted(&config, &scripts);
    assert_eq!(call(&client).await, Err(FailureKind::Stalled));
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_falls_silent_is_given_up_before_its_deadline() {
    let mut config = retrying(1);
    config.chunk_deadline = Some(Period::from_millis(300));
    let (client, _) = scripted(&config, &[&[Step::FallsSilent]]);
    let begun = Instant::now();

    let mut reply = client.inference().open(&prompt(true)).await.unwrap();
    let read = drain(&mut reply).await;

    let first = ("yes".to_owned(), 1);
    assert_eq!(read, (vec![first], Some(FailureKind::Stalled)));
    assert_eq!(begun.elapsed(), Duration::from_millis(300));
}

#[tokio::test(start_paused = true)]
async fn a_reader_who_takes_his_time_does_not_make_a_stream_silent() {
    let mut config = retrying(1);
    config.chunk_deadline = Some(Period::from_millis(300));
    let (client, _) = scripted(&config, &[&[]]);

    let mut reply = client.inference().open(&prompt(true)).await.unwrap();
    tokio::time::advance(Duration::from_secs(5)).await;

    assert_eq!(drain(&mut reply).await, (vec![("yes".to_owned(), 1)], None));
}
