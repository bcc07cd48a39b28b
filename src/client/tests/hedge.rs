//! A second attempt beside one that is slow, in paused virtual time.

use super::scripted::{Step, call, failure, retrying, scripted, seen};
use super::*;
use std::time::Duration;
use tokio::time::Instant;

fn hedging(budget: HedgeBudget) -> ClientConfig {
    let mut config = retrying(1);
    config.retry.repeats = Repeats::Idempotent;
    config.hedge = Some(Hedge {
        after: Period::from_millis(50),
        budget,
    });
    config
}

fn hedged() -> ClientConfig {
    hedging(HedgeBudget::default())
}

fn after(millis: u64) -> Step {
    Step::AnswersAfter(Duration::from_millis(millis))
}

fn fails_after(millis: u64, kind: FailureKind) -> Step {
    Step::FailsAfter(Duration::from_millis(millis), failure(kind))
}

/// Who answered, after how many milliseconds, and of each failed attempt the endpoint, its kind, its beginning and its end.
type Told = (usize, u128, Vec<(usize, FailureKind, u128, u128)>);

async fn told(client: &Client) -> Told {
    let begun = Instant::now();
    let reply = client.inference().open(&prompt(true)).await.unwrap();
    let since = |at: Instant| (at - begun).as_millis();
    let failed = reply.failed_attempts().iter();
    let failed = failed.map(|attempt| {
        let (started, ended) = (since(attempt.started), since(attempt.ended));
        (attempt.endpoint, attempt.failure.kind, started, ended)
    });
    (
        reply.endpoint().unwrap(),
        since(reply.first_byte()),
        failed.collect(),
    )
}

#[tokio::test(start_paused = true)]
async fn a_slow_attempt_loses_to_a_second_one_at_the_next_endpoint_and_is_given_up() {
    let (client, log) = scripted(&hedged(), &[&[after(500)], &[after(10)]]);

    assert_eq!(
        told(&client).await,
        (1, 60, vec![(0, FailureKind::Outrun, 0, 60)])
    );

    assert_eq!(seen(&log), [(0, 0, 0), (1, 50, 1)]);
}

#[tokio::test(start_paused = true)]
async fn a_second_attempt_that_is_slower_is_given_up_itself() {
    let (client, _) = scripted(&hedged(), &[&[after(80)], &[after(500)]]);

    assert_eq!(
        told(&client).await,
        (0, 80, vec![(1, FailureKind::Outrun, 50, 80)])
    );
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_begins_to_be_answered_in_time_stays_alone() {
    let (client, log) = scripted(&hedged(), &[&[after(49)], &[]]);

    assert_eq!(told(&client).await, (0, 49, vec![]));

    assert_eq!(seen(&log), [(0, 0, 0)]);
}

#[tokio::test(start_paused = true)]
async fn the_only_endpoint_is_asked_a_second_time() {
    let (client, log) = scripted(&hedged(), &[&[after(500), after(10)]]);

    let (endpoint, millis, failed) = told(&client).await;

    assert_eq!((endpoint, millis, failed.len()), (0, 60, 1));
    assert_eq!(seen(&log), [(0, 0, 0), (0, 50, 1)]);
}

#[tokio::test(start_paused = true)]
async fn there_are_no_more_second_attempts_than_the_budget_has() {
    let budget = HedgeBudget {
        reserve: 1,
        ..HedgeBudget::default()
    };
    let slow = vec![after(60); 30];
    let (client, log) = scripted(&hedging(budget), &[&slow, &[]]);

    let mut attempts = Vec::new();
    for _ in 0..22 {
        call(&client).await.unwrap();
        attempts.push(seen(&log).len());
    }

    let mut expected = [1; 22];
    (expected[0], expected[20]) = (2, 2);
    assert_eq!(attempts, expected);
}

#[tokio::test(start_paused = true)]
async fn while_one_attempt_is_under_way_a_failure_of_the_other_decides_nothing() {
    let broken = FailureKind::Http(500);
    let (client, _) = scripted(&hedged(), &[&[fails_after(60, broken)], &[after(100)]]);
    assert_eq!(told(&client).await, (1, 150, vec![(0, broken, 0, 60)]));

    let unreachable = FailureKind::Connect;
    let scripts: [&[Step]; 2] = [&[fails_after(60, broken)], &[fails_after(100, unreachable)]];
    let (client, _) = scripted(&hedged(), &scripts);

    let failed = client.inference().open(&prompt(true)).await.unwrap_err();

    assert_eq!(failed.failure.kind, broken);
    assert_eq!(kinds(&failed), [(0, broken), (1, unreachable)]);
}

#[tokio::test(start_paused = true)]
async fn when_neither_of_both_can_be_reached_the_next_endpoint_is_asked() {
    let unreachable = || fails_after(60, FailureKind::Connect);
    let scripts: [&[Step]; 3] = [&[unreachable()], &[unreachable()], &[]];
    let (client, log) = scripted(&hedged(), &scripts);

    assert_eq!(call(&client).await, Ok(2));

    assert_eq!(seen(&log), [(0, 0, 0), (1, 50, 1), (2, 110, 2)]);
}

#[tokio::test(start_paused = true)]
async fn an_attempt_that_was_outrun_says_nothing_of_its_endpoint() {
    let mut config = hedged();
    config.breaker = Some(BreakerConfig {
        failures: 1,
        ..BreakerConfig::default()
    });
    let (client, _) = scripted(&config, &[&[after(500)], &[]]);

    assert_eq!(call(&client).await, Ok(1));

    assert_eq!(
        client.endpoint_state(0),
        Some((EndpointState::Admitting, 0))
    );
}

#[tokio::test(start_paused = true)]
async fn the_deadline_ends_both_attempts() {
    let mut config = hedged();
    config.deadline = Period::from_millis(200);
    let (client, _) = scripted(&config, &[&[after(500)], &[after(500)]]);

    let failed = client.inference().open(&prompt(true)).await.unwrap_err();

    let passed = FailureKind::Deadline;
    assert_eq!(failed.failure.kind, passed);
    assert_eq!(kinds(&failed), [(0, passed), (1, passed)]);
}

#[test]
fn what_may_not_be_executed_twice_is_not_hedged() {
    let mut config = hedged();
    config.retry.repeats = Repeats::Unexecuted;

    let refused = Client::new(&config, &[openai("http://127.0.0.1:1")]).unwrap_err();

    assert_eq!(
        refused.to_string(),
        "hedge: expected `retry.repeats: idempotent` beside it, since both attempts of a request may be executed, found `unexecuted`"
    );
}

#[tokio::test(start_paused = true)]
async fn it_is_told_which_attempt_was_the_second_one() {
    let told = async |scripts: &[&[Step]]| {
        let (client, _) = scripted(&hedged(), scripts);
        let opened = client.inference().open(&prompt(true)).await;
        let (is_hedge, failed) = match &opened {
            Ok(reply) => (reply.is_hedge(), reply.failed_attempts()),
            Err(failed) => (false, failed.attempts.as_slice()),
        };
        let failed = failed.iter().map(|attempt| attempt.is_hedge);
        (is_hedge, failed.collect::<Vec<_>>())
    };
    let broken = FailureKind::Http(500);

    assert_eq!(
        told(&[&[after(500)], &[after(10)]]).await,
        (true, vec![false])
    );
    assert_eq!(
        told(&[&[after(80)], &[after(500)]]).await,
        (false, vec![true])
    );
    assert_eq!(
        told(&[&[fails_after(60, broken)], &[fails_after(100, broken)]]).await,
        (false, vec![false, true])
    );
    assert_eq!(told(&[&[after(10)], &[]]).await, (false, vec![]));
}
