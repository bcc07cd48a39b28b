//! The response cache in paused virtual time, and over one real connection.

mod scripted;

use super::*;
use futures_util::future::join_all;
use inferometer_proto::quantity::Size;
use scripted::{Step, scripted};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::time::{Instant, advance};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

async fn ask(client: &Client, request: &Request) -> Result<(String, Source), FailureKind> {
    let answer = client.inference().execute(request).await;
    answer
        .map(|answer| (answer.text, answer.source))
        .map_err(|failed| failed.failure.kind)
}

#[expect(clippy::unnecessary_wraps, reason = "compared with what `ask` gives")]
fn said(text: &str, source: Source) -> Result<(String, Source), FailureKind> {
    Ok((text.to_owned(), source))
}

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_equal_request_gets_the_same_answer_without_an_endpoint_being_asked() {
    let (client, asked) = scripted(CacheConfig::default(), &[]);
    let again = Request {
        id: "another".to_owned(),
        ..prompt(true)
    };

    let first = client.inference().execute(&prompt(true)).await.unwrap();
    let second = client.inference().execute(&again).await.unwrap();

    assert_eq!((first.source, first.endpoint), (Source::Server, Some(0)));
    assert_eq!(
        second,
        Answer {
            source: Source::Cache,
            endpoint: None,
            ..first
        }
    );
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let statistics = client.cache_statistics().unwrap();
    assert_eq!((statistics.hits, statistics.misses), (1, 1));
    assert_eq!(statistics.entries, 1);
}

#[tokio::test(start_paused = true)]
async fn a_kept_answer_comes_in_the_form_that_is_asked_for() {
    let (client, _) = scripted(CacheConfig::default(), &[]);
    ask(&client, &prompt(true)).await.unwrap();

    let mut streamed = client.inference().open(&prompt(true)).await.unwrap();
    let mut whole = client.inference().open(&prompt(false)).await.unwrap();

    let pieces = vec![("1".to_owned(), 1), ("!".to_owned(), 1)];
    assert_eq!(drain(&mut streamed).await, (pieces, None));
    assert_eq!(drain(&mut whole).await, (vec![("1!".to_owned(), 5)], None));
    for reply in [streamed, whole] {
        assert_eq!(reply.source(), Source::Cache);
        assert_eq!((reply.protocol(), reply.connection()), (None, None));
        assert_eq!(reply.finish_reason(), Some("stop"));
        assert_eq!(reply.usage().unwrap().completion_tokens, 5);
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_asked_for_anew_when_its_time_is_over_and_leaves_nothing_behind() {
    let (client, _) = scripted(CacheConfig::default(), &[]);
    ask(&client, &prompt(true)).await.unwrap();

    advance(Duration::from_millis(299_999)).await;
    assert_eq!(ask(&client, &prompt(true)).await, said("1!", Source::Cache));
    advance(Duration::from_millis(1)).await;
    let emptied = client.cache_statistics().unwrap();
    assert_eq!(
        ask(&client, &prompt(true)).await,
        said("2!", Source::Server)
    );

    assert_eq!((emptied.entries, emptied.bytes, emptied.expired), (0, 0, 1));
}

#[tokio::test(start_paused = true)]
async fn only_complete_answers_that_say_something_are_kept() {
    let script = [Step::BreaksOff, Step::Unfinished, Step::SaysNothing];
    let (client, asked) = scripted(CacheConfig::default(), &script);

    let outcomes = [
        ask(&client, &prompt(true)).await,
        ask(&client, &prompt(true)).await,
        ask(&client, &prompt(true)).await,
    ];
    let mut left = client.inference().open(&prompt(true)).await.unwrap();
    left.next().await.unwrap().unwrap();
    drop(left);

    assert_eq!(
        outcomes,
        [
            Err(FailureKind::Truncated),
            said("?", Source::Server),
            said("", Source::Server)
        ]
    );
    assert_eq!(asked.load(Ordering::Relaxed), 4);
    let statistics = client.cache_statistics().unwrap();
    assert_eq!((statistics.entries, statistics.misses), (0, 4));
}

#[tokio::test(start_paused = true)]
async fn an_answer_larger_than_the_cache_is_given_and_not_kept() {
    let small = CacheConfig {
        max_bytes: Size::from_bytes(200),
        ..CacheConfig::default()
    };
    let (client, _) = scripted(small, &[]);

    for text in ["1!", "2!"] {
        let outcome = ask(&client, &prompt(true)).await;
        assert_eq!(outcome, said(text, Source::Server));
    }
}

#[tokio::test(start_paused = true)]
async fn equal_requests_at_the_same_time_share_one_answer() {
    let (client, asked) = scripted(CacheConfig::default(), &[Step::AnswersAfter(SECOND)]);
    let begun = Instant::now();
    let request = prompt(true);

    let outcomes = join_all((0..100).map(|_| ask(&client, &request))).await;

    assert_eq!(begun.elapsed(), SECOND);
    assert_eq!(outcomes[0], said("1!", Source::Server));
    for outcome in &outcomes[1..] {
        assert_eq!(*outcome, said("1!", Source::Shared));
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
    let statistics = client.cache_statistics().unwrap();
    assert_eq!((statistics.misses, statistics.shared), (1, 99));
}

#[tokio::test(start_paused = true)]
async fn without_single_flight_everybody_asks() {
    let config = CacheConfig {
        single_flight: false,
        ..CacheConfig::default()
    };
    let (client, asked) = scripted(config, &[Step::AnswersAfter(SECOND); 3]);
    let request = prompt(true);

    let outcomes = join_all((0..3).map(|_| ask(&client, &request))).await;

    assert_eq!(outcomes[2], said("3!", Source::Server));
    assert_eq!(asked.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_asks_fails_another_takes_over() {
    let script = [Step::FailsAfter(SECOND), Step::AnswersAfter(SECOND)];
    let (client, asked) = scripted(CacheConfig::default(), &script);
    let begun = Instant::now();
    let request = prompt(true);

    let outcomes = join_all((0..4).map(|_| ask(&client, &request))).await;

    assert_eq!(begun.elapsed(), 2 * SECOND);
    assert_eq!(outcomes[0], Err(FailureKind::Http(500)));
    let mut others = outcomes[1..].to_vec();
    others.sort_by_key(|outcome| outcome.clone().unwrap().1 == Source::Shared);
    assert_eq!(
        others,
        [
            said("2!", Source::Server),
            said("2!", Source::Shared),
            said("2!", Source::Shared)
        ]
    );
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn when_the_one_who_asks_gives_up_another_takes_over() {
    let script = [Step::AnswersAfter(10 * SECOND), Step::AnswersAfter(SECOND)];
    let (client, _) = scripted(CacheConfig::default(), &script);
    let (begun, request) = (Instant::now(), prompt(true));

    let impatient = tokio::time::timeout(SECOND, ask(&client, &request));
    let (gave_up, outcome) = tokio::join!(impatient, ask(&client, &request));

    assert!(gave_up.is_err());
    assert_eq!(outcome, said("2!", Source::Server));
    assert_eq!(begun.elapsed(), 2 * SECOND);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_another_longer_than_half_of_its_time() {
    let (client, _) = scripted(CacheConfig::default(), &[]);
    let begun = Instant::now();
    let never_read = client.inference().open(&prompt(true)).await.unwrap();

    let outcome = ask(&client, &prompt(true)).await;

    assert_eq!(outcome, said("2!", Source::Server));
    assert_eq!(begun.elapsed(), 15 * SECOND);
    drop(never_read);
    assert_eq!(ask(&client, &prompt(true)).await, said("2!", Source::Cache));
}

#[tokio::test(start_paused = true)]
async fn an_answer_asked_for_before_its_model_was_forgotten_is_not_kept_nor_shared_after_it() {
    let (client, _) = scripted(CacheConfig::default(), &[]);
    let mut early = client.inference().open(&prompt(true)).await.unwrap();

    client.inference().forget("another");
    client.inference().forget("tiny");
    let late = ask(&client, &prompt(true)).await;
    drain(&mut early).await;

    assert_eq!(late, said("2!", Source::Server));
    assert_eq!(ask(&client, &prompt(true)).await, said("2!", Source::Cache));
}

#[tokio::test(start_paused = true)]
async fn loading_and_unloading_a_model_forget_its_answers_and_no_others() {
    use Source::{Cache, Server};
    let (client, _) = scripted(CacheConfig::default(), &[]);
    let other = Request {
        model: "other".to_owned(),
        ..prompt(true)
    };
    let both = async || {
        [
            ask(&client, &prompt(true)).await,
            ask(&client, &other).await,
        ]
    };

    assert_eq!(both().await, [said("1!", Server), said("2!", Server)]);
    client.models().load("tiny").await.unwrap();
    assert_eq!(both().await, [said("3!", Server), said("2!", Cache)]);
    client.models().unload("other").await.unwrap();
    assert_eq!(both().await, [said("3!", Cache), said("4!", Server)]);
    client.inference().clear_cache();
    assert_eq!(both().await, [said("5!", Server), said("6!", Server)]);
}

#[tokio::test(start_paused = true)]
async fn one_who_gets_nothing_but_hits_gives_way_to_others() {
    let (client, _) = scripted(CacheConfig::default(), &[]);
    ask(&client, &prompt(true)).await.unwrap();
    let had_its_turn = Arc::new(AtomicBool::new(false));
    let witness = Arc::clone(&had_its_turn);
    tokio::spawn(async move { witness.store(true, Ordering::Relaxed) });

    for _ in 0..1000 {
        ask(&client, &prompt(true)).await.unwrap();
    }

    assert!(had_its_turn.load(Ordering::Relaxed));
}

#[tokio::test]
async fn a_hit_sends_nothing() {
    const ANSWER: &str = r#"{"choices":[{"text":"yes","finish_reason":"stop"}]}"#;
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200).set_body_string(ANSWER);
    Mock::given(any())
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let config = ClientConfig {
        cache: Some(CacheConfig::default()),
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[openai(server.uri())]).unwrap();

    for source in [Source::Server, Source::Cache, Source::Cache] {
        let outcome = ask(&client, &prompt(false)).await;
        assert_eq!(outcome, said("yes", source));
    }
}

#[test]
fn a_cache_that_could_keep_nothing_is_refused() {
    let refusal = |cache| {
        let config = ClientConfig {
            cache: Some(cache),
            ..ClientConfig::default()
        };
        config.validate().unwrap_err().to_string()
    };
    let no_time = CacheConfig {
        ttl: Period::default(),
        ..CacheConfig::default()
    };
    let no_room = CacheConfig {
        max_bytes: Size::default(),
        ..CacheConfig::default()
    };

    assert_eq!(
        refusal(no_time),
        "cache.ttl: expected more than 0s, found `0s`"
    );
    assert_eq!(
        refusal(no_room),
        "cache.max_bytes: expected more than 0B, found `0B`"
    );
}
