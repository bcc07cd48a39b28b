//! Endpoints that cannot be connected to, and servers that never answer.

use super::servers::{Raw, Server, Swallowing, refusing};
use super::*;
use std::sync::atomic::Ordering;
use std::time::Duration;
use wiremock::matchers::{any, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ANSWER: &str = r#"{"choices":[{"text":"yes","finish_reason":"stop"}]}"#;

async fn answering(times: u64) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(path("/v1/completions"))
        .respond_with(ResponseTemplate::new(200).set_body_string(ANSWER))
        .expect(times)
        .mount(&server)
        .await;
    server
}

#[tokio::test]
async fn a_hybrid_client_goes_to_rest_when_no_grpc_connection_can_be_made() {
    let rest = answering(2).await;
    let endpoints = [openai(rest.uri()), oip_grpc(refusing())];
    let client = client(Mode::Hybrid, 1, &endpoints);

    for stream in [false, false] {
        let answer = client.inference().execute(&prompt(stream)).await.unwrap();

        assert_eq!((answer.text.as_str(), answer.endpoint), ("yes", Some(0)));
        let failed = &answer.failed_attempts;
        assert_eq!(failed.len(), 1);
        assert_eq!(
            (failed[0].endpoint, failed[0].failure.kind),
            (1, FailureKind::Connect)
        );
    }
}

#[tokio::test]
async fn an_overloaded_endpoint_is_no_reason_to_go_to_the_next() {
    let busy = MockServer::start().await;
    let answer = ResponseTemplate::new(503);
    Mock::given(any())
        .respond_with(answer)
        .expect(1)
        .mount(&busy)
        .await;
    let idle = answering(0).await;
    let client = client(Mode::Rest, 1, &[openai(busy.uri()), openai(idle.uri())]);

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Http(503))]);
}

#[tokio::test]
async fn each_round_tries_every_endpoint_in_order() {
    use FailureKind::Connect;
    let endpoints = [openai(refusing()), oip_grpc(refusing())];
    let client = client(Mode::Hybrid, 2, &endpoints);

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(
        kinds(&failed),
        [(1, Connect), (0, Connect), (1, Connect), (0, Connect)]
    );
}

#[tokio::test]
async fn readiness_is_asked_once_and_says_why_not() {
    let endpoints = [openai(refusing()), oip_grpc(refusing())];
    let client = client(Mode::Hybrid, 5, &endpoints);

    for endpoint in [0, 1] {
        let failure = client.is_ready(endpoint).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Connect, "{failure}");
    }
    assert_eq!(
        client.is_ready(2).await.unwrap_err().to_string(),
        "invalid: no endpoint 2: expected a position below 2"
    );
}

#[tokio::test]
async fn the_longest_deadlines_there_are_can_be_waited_for() {
    let config = ClientConfig {
        deadline: Duration::MAX.into(),
        connect_deadline: Duration::MAX.into(),
        mode: Mode::Hybrid,
        ..ClientConfig::default()
    };
    let endpoints = [openai(refusing()), oip_grpc(refusing())];
    let client = Client::new(&config, &endpoints).unwrap();

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(failed.failure.kind, FailureKind::Connect);
    for endpoint in [0, 1] {
        let failure = client.is_ready(endpoint).await.unwrap_err();
        assert_eq!(failure.kind, FailureKind::Connect, "{failure}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_costs_one_deadline_and_is_not_asked_again() {
    let silent = Server::start(Raw::Hangs(b"")).await;
    let endpoints = [openai(&*silent.url), oip_grpc(&*silent.url)];
    let deadline = Period::from_millis(30);

    for mode in [Mode::Rest, Mode::Grpc] {
        let client = with_deadline(mode, deadline, &endpoints);
        let failed = client.inference().open(&prompt(false)).await.unwrap_err();

        let [attempt] = &failed.attempts[..] else {
            panic!("expected one attempt, found {failed:?}");
        };
        assert_eq!(attempt.failure.kind, FailureKind::Deadline);
        assert!(attempt.ended - attempt.started >= deadline.duration());
    }
}

#[tokio::test]
async fn the_deadline_holds_in_the_middle_of_a_stream() {
    let hanging = Server::start(Raw::Hangs(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
          data: {\"choices\":[{\"text\":\"a\"}]}\n\n",
    ))
    .await;
    let endpoints = [openai(&*hanging.url)];
    let client = with_deadline(Mode::Rest, Period::from_millis(500), &endpoints);

    let mut reply = client.inference().open(&prompt(true)).await.unwrap();

    assert_eq!(
        drain(&mut reply).await,
        (vec![("a".to_owned(), 1)], Some(FailureKind::Deadline))
    );
    assert_eq!(reply.next().await, None);
}

#[tokio::test]
async fn a_pause_that_would_outlast_the_deadline_is_not_begun() {
    let config = ClientConfig {
        deadline: Period::from_secs(5),
        retry: Retry {
            attempts: 10,
            backoff: Period::from_secs(3600),
            max_backoff: Period::from_secs(3600),
            ..Retry::default()
        },
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[openai(refusing())]).unwrap();

    let begun = tokio::time::Instant::now();
    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Connect)]);
    assert!(begun.elapsed() < config.deadline.duration());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn an_endpoint_that_swallows_packets_costs_every_caller_one_connect_deadline() {
    let swallowing = Swallowing::start().await;
    let endpoints = [openai(&*swallowing.url), oip_grpc(&*swallowing.url)];
    let config = ClientConfig {
        mode: Mode::Hybrid,
        connect_deadline: Period::from_millis(200),
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &endpoints).unwrap();
    let request = prompt(false);

    let begun = tokio::time::Instant::now();
    let calls = (0..10).map(|_| client.inference().execute(&request));
    let outcomes = futures_util::future::join_all(calls).await;

    for outcome in outcomes {
        let both = [(1, FailureKind::Connect), (0, FailureKind::Connect)];
        assert_eq!(kinds(&outcome.unwrap_err()), both);
    }
    assert!(
        begun.elapsed() < config.connect_deadline.duration() * 10,
        "callers waited for one another: {:?}",
        begun.elapsed()
    );
}

const KEPT_OPEN: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 51\r\n\r\n{\"choices\":[{\"text\":\"yes\",\"finish_reason\":\"stop\"}]}";

#[tokio::test]
async fn a_connection_that_closes_as_it_is_used_again_costs_no_request() {
    let server = Server::start(Raw::AnswersOnce(KEPT_OPEN)).await;
    let client = client(Mode::Rest, 1, &[openai(&*server.url)]);
    let ask = async || client.inference().execute(&prompt(false)).await.unwrap();

    let answers = [ask().await, ask().await];

    assert_eq!(answers[0].failed_attempts, []);
    let failed = &answers[1].failed_attempts;
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].failure.kind, FailureKind::Stale);
    assert_eq!(server.seen.connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_fresh_connection_that_closes_before_the_answer_is_not_tried_again() {
    let server = Server::start(Raw::Answers(b"")).await;
    let client = client(Mode::Rest, 3, &[openai(&*server.url)]);

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Closed)]);
    assert_eq!(server.seen.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn an_answer_says_whether_its_connection_was_made_for_it() {
    let server = Server::start(Raw::KeepsAlive(KEPT_OPEN)).await;
    let client = client(Mode::Rest, 1, &[openai(&*server.url)]);

    let mut seen = Vec::new();
    for _ in 0..3 {
        let mut reply = client.inference().open(&prompt(false)).await.unwrap();
        seen.push(reply.connection().unwrap());
        drain(&mut reply).await;
    }

    let [fresh, reused] = [Connection::Fresh, Connection::Reused];
    assert_eq!(seen, [fresh, reused, reused]);
}
