//! Request batching in paused virtual time: an endpoint that answers from a script, requests told with exact times.

mod traffic;

use super::*;
use std::time::Duration;
use traffic::{Ended, Step, all, batching, world};

/// Gathers only while another batch is under way, for up to `window` milliseconds.
fn adaptive(window: u64) -> ClientConfig {
    let mut config = batching(8);
    config.batch = Some(BatchConfig {
        window: Period::from_millis(window),
        max_size: 8,
        adaptive: true,
    });
    config
}

/// Gathers for up to 5 ms, and keeps the answers.
fn keeping() -> ClientConfig {
    ClientConfig {
        cache: Some(CacheConfig::default()),
        ..batching(8)
    }
}

fn batches(expected: &[(u128, &str)]) -> Vec<(u128, String)> {
    let owned = |(at, prompts): &(u128, &str)| (*at, (*prompts).to_owned());
    expected.iter().map(owned).collect()
}

fn usage(completion_tokens: u64) -> Usage {
    Usage {
        prompt_tokens: 3,
        completion_tokens,
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_sent_when_it_is_full_or_when_its_oldest_has_waited() {
    let world = world(&batching(3), &[], &[]);

    let ended = world.ask_at(&[0, 2, 4, 6, 8]).await;

    assert_eq!(world.batches(), batches(&[(4, "0 2 4"), (11, "6 8")]));
    let answers: Vec<_> = ended.iter().map(Ended::answered).collect();
    assert_eq!(
        answers,
        [(4, "0!"), (4, "2!"), (4, "4!"), (11, "6!"), (11, "8!")]
    );
}

#[tokio::test(start_paused = true)]
async fn an_adaptive_batch_gathers_while_another_is_under_way() {
    let script = [Step::AnswersAfter(10), Step::AnswersAfter(60)];
    let world = world(&adaptive(50), &[], &script);

    world.ask_at(&[0, 2, 3, 12]).await;

    // The second is sent when the first is answered; the third cannot wait so long for the second.
    assert_eq!(
        world.batches(),
        batches(&[(0, "0"), (10, "2 3"), (62, "12")])
    );
}

#[tokio::test(start_paused = true)]
async fn statistics_tell_sizes_and_waits() {
    let world = world(&batching(3), &[], &[]);
    let none = BatchStatistics::default();
    assert_eq!(world.client.batch_statistics(), Some(none));

    world.ask_at(&[0, 2, 4, 6]).await;

    let expected = BatchStatistics {
        batches: 2,
        requests: 4,
        smallest: 1,
        largest: 3,
        waited: Duration::from_millis(4 + 2 + 5),
        longest_wait: Duration::from_millis(5),
    };
    assert_eq!(world.client.batch_statistics(), Some(expected));
}

#[tokio::test(start_paused = true)]
async fn the_answers_of_a_batch_are_kept_each_for_itself() {
    let world = world(&keeping(), &[], &[]);

    world.ask_at(&[0, 2]).await;
    let again = world.ask_at(&[0, 2]).await;

    assert_eq!(world.batches(), batches(&[(5, "0 2")]));
    let answers: Vec<_> = again.iter().map(Ended::answered).collect();
    assert_eq!(answers, [(5, "0!"), (7, "2!")]);
    for ended in &again {
        let answer = ended.answer.as_ref().unwrap();
        assert_eq!((answer.source, answer.batch), (Source::Cache, None));
    }
}

#[tokio::test(start_paused = true)]
async fn time_spent_waiting_for_the_answer_to_another_counts_in_a_batch_too() {
    let world = world(&keeping(), &[], &[Step::Hangs, Step::Hangs]);

    let asking = [0, 0].map(|after| world.ask("same", after));
    let ended = all(asking.into()).await;

    assert_eq!(world.batches(), batches(&[(5, "same"), (15_005, "same")]));
    for ended in ended {
        assert_eq!(ended.failed().failure.kind, FailureKind::Deadline);
        assert_eq!(ended.at, 30_000);
    }
}

#[tokio::test(start_paused = true)]
async fn only_requests_of_one_kind_are_sent_together_and_streams_pass_by() {
    let world = world(&batching(8), &[], &[]);
    let longer = Request {
        max_tokens: 5,
        ..prompt(false)
    };
    let hotter = Request {
        temperature: Some(0.5),
        ..prompt(false)
    };
    let asking = [prompt(false), longer, prompt(true), hotter, prompt(false)];

    all(asking.map(|request| world.send(request, 0)).into()).await;

    let (one, two) = ("one two three", "one two three one two three");
    assert_eq!(
        world.batches(),
        batches(&[(0, one), (5, two), (5, one), (5, one)])
    );
}

#[tokio::test(start_paused = true)]
async fn nothing_waits_where_an_endpoint_cannot_carry_a_batch() {
    let other = Endpoint::new(Protocol::OipRest, "http://127.0.0.1:1");
    let world = world(&batching(8), &[other], &[]);

    world.ask_at(&[0, 0]).await;

    assert_eq!(world.batches(), batches(&[(0, "0"), (0, "0")]));
    let none = BatchStatistics::default();
    assert_eq!(world.client.batch_statistics(), Some(none));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_before_the_batch_is_sent_is_not_in_it() {
    let world = world(&batching(8), &[], &[]);
    let [oldest, other] = [0, 2].map(|at| world.ask(&at.to_string(), at));
    world.until(3).await;

    oldest.abort();
    let ended = all(vec![other]).await;

    assert_eq!(ended[0].answered(), (7, "2!"));
    assert_eq!(world.batches(), batches(&[(7, "2")]));
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_after_that_takes_nothing_from_the_others_even_if_it_did_the_work() {
    for leaving in 0..3 {
        let world = world(&batching(8), &[], &[Step::AnswersAfter(10)]);
        let asking = [0, 1, 2].map(|at| world.ask(&at.to_string(), at));
        world.until(8).await;

        let mut asking = Vec::from(asking);
        asking.remove(leaving).abort();
        let ended = all(asking).await;

        assert_eq!(world.batches(), batches(&[(5, "0 1 2")]));
        assert_eq!([ended[0].at, ended[1].at], [15, 15]);
        let counted = ended.iter().map(|ended| ended.batch().unwrap().is_counted);
        assert_eq!(counted.collect::<Vec<_>>(), [true, false]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_all_have_given_up_is_cancelled_and_holds_nobody_up() {
    let world = world(&adaptive(1000), &[], &[Step::Hangs]);
    let first = world.ask("first", 0);
    let second = world.ask("second", 2);
    world.until(9).await;

    first.abort();
    let ended = all(vec![second]).await;

    assert_eq!(ended[0].answered(), (9, "second!"));
    assert_eq!(world.batches(), batches(&[(0, "first"), (9, "second")]));
}

#[tokio::test(start_paused = true)]
async fn a_deadline_inside_a_batch_is_that_of_one_request_alone() {
    let mut config = batching(8);
    config.deadline = Period::from_millis(30);
    let world = world(&config, &[], &[Step::AnswersAfter(27)]);

    let ended = world.ask_at(&[0, 4]).await;

    assert_eq!(world.batches(), batches(&[(5, "0 4")]));
    let [first, second] = &ended[..] else {
        panic!("{ended:?}")
    };
    assert_eq!(first.at, 30);
    assert_eq!(kinds(first.failed()), [(0, FailureKind::Deadline)]);
    let batch = first.failed().attempts[0].batch.unwrap();
    assert_eq!((batch.requests, batch.is_counted), (2, false));
    assert_eq!(second.answered(), (32, "4!"));
    assert!(second.batch().unwrap().is_counted);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_outlasts_every_deadline_tells_the_breaker() {
    let mut config = batching(8);
    config.deadline = Period::from_millis(30);
    config.breaker = Some(BreakerConfig {
        failures: 1,
        ..BreakerConfig::default()
    });
    let world = world(&config, &[], &[Step::Hangs]);

    let ended = world.ask_at(&[0, 3, 3]).await;

    let times: Vec<_> = ended.iter().map(|ended| ended.at).collect();
    assert_eq!(times, [30, 33, 33]);
    for ended in &ended {
        assert_eq!(kinds(ended.failed()), [(0, FailureKind::Deadline)]);
    }
    let ejected = Some((EndpointState::Ejected, 1));
    assert_eq!(world.client.endpoint_state(0), ejected);
}

#[tokio::test(start_paused = true)]
async fn a_failed_batch_is_the_failure_of_each_and_counted_once() {
    for (step, kind) in [
        (Step::Fails(FailureKind::Http(400)), FailureKind::Http(400)),
        (Step::BreaksOff, FailureKind::Truncated),
    ] {
        let world = world(&batching(3), &[], &[step]);

        let ended = world.ask_at(&[0, 1, 2]).await;

        let failed = ended.iter().map(|ended| kinds(ended.failed()));
        assert_eq!(failed.collect::<Vec<_>>(), [[(0, kind)]; 3]);
        let batches = ended.iter().map(|ended| ended.failed().attempts[0].batch);
        let counted: Vec<_> = batches.map(|batch| batch.unwrap().is_counted).collect();
        assert_eq!(counted, [true, false, false]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_retried_as_one_under_the_id_of_its_first_request() {
    let mut config = batching(2);
    config.retry.attempts = 2;
    config.retry.max_backoff = Period::default();
    let world = world(&config, &[], &[Step::Fails(FailureKind::Http(503))]);

    let ended = world.ask_at(&[0, 1]).await;

    let sent = world.sent().into_iter();
    let attempts: Vec<_> = sent
        .map(|sent| (sent.id, sent.earlier_attempts, sent.prompts.len()))
        .collect();
    assert_eq!(attempts, [("0".to_owned(), 0, 2), ("0".to_owned(), 1, 2)]);
    for ended in &ended {
        let answer = ended.answer.as_ref().unwrap();
        let [failed] = &answer.failed_attempts[..] else {
            panic!("{answer:?}")
        };
        assert_eq!(failed.failure.kind, FailureKind::Http(503));
        assert_eq!(failed.batch.unwrap().requests, 2);
    }
}

#[tokio::test(start_paused = true)]
async fn tokens_of_one_request_are_told_only_where_no_other_share_is_possible() {
    let script = [Step::Counts(8), Step::Counts(7), Step::Counts(3)];
    let world = world(&batching(2), &[], &script);

    let ended = world.ask_at(&[0, 0, 10, 10, 20]).await;

    let told = |ended: &Ended| {
        let answer = ended.answer.as_ref().unwrap();
        let batch = answer
            .batch
            .map(|batch| (batch.usage, batch.completion_tokens));
        (answer.usage, batch)
    };
    assert_eq!(told(&ended[1]), (None, Some((Some(usage(8)), Some(4)))));
    assert_eq!(told(&ended[3]), (None, Some((Some(usage(7)), None))));
    // Alone it is no batch.
    assert_eq!(told(&ended[4]), (Some(usage(3)), None));
}
