//! Exactly what is sent over REST, how golden answers are read, and when a request is sent again.

use super::servers::{Raw, Server, refusing};
use super::*;
use std::sync::atomic::Ordering;
use wiremock::matchers::{body_string, header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// A golden body, without the line feed that ends its file.
macro_rules! golden {
    ($name:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/proto/golden/", $name))
    };
}

const EVENTS: &str = "text/event-stream";
const JSON: &str = "application/json";
const FOUR: [&str; 4] = [" alpha", " bravo", " charlie", " delta"];

fn chat(stream: bool) -> Request {
    Request {
        input: Input::Chat(vec![Message {
            role: Role::User,
            content: "one two three".to_owned(),
        }]),
        ..prompt(stream)
    }
}

/// A server that gives `answer` to exactly this body, once.
async fn expecting(at: &str, body: String, kind: &str, answer: &str) -> MockServer {
    let server = MockServer::start().await;
    let accepted = if kind == EVENTS { EVENTS } else { JSON };
    Mock::given(method("POST"))
        .and(path(at))
        .and(header("content-type", JSON))
        .and(header("accept", accepted))
        .and(header("x-request-id", "golden"))
        .and(body_string(body))
        .respond_with(ResponseTemplate::new(200).set_body_raw(answer, kind))
        .expect(1)
        .mount(&server)
        .await;
    server
}

/// The golden request as it looks when it asks for a stream.
fn streaming(golden: &str) -> String {
    let fields = golden.trim_end().strip_suffix('}').unwrap();
    format!(r#"{fields},"stream":true,"stream_options":{{"include_usage":true}}}}"#)
}

async fn whole_answer_is_golden(at: &str, request: Request, body: &str, answer: &str) {
    let server = expecting(at, body.trim_end().to_owned(), JSON, answer).await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    let mut reply = client.inference().open(&request).await.unwrap();
    let read = drain(&mut reply).await;

    assert_eq!(read, (vec![(FOUR.concat(), 4)], None));
    assert_eq!(reply.finish_reason(), Some("length"));
    assert_eq!(reply.usage().unwrap().prompt_tokens, 3);
    assert_eq!(reply.failed_attempts(), []);
}

async fn streamed_answer_is_golden(at: &str, request: Request, body: &str, answer: &str) {
    let server = expecting(at, streaming(body), EVENTS, answer).await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    let mut reply = client.inference().open(&request).await.unwrap();
    let read = drain(&mut reply).await;

    assert_eq!(read, (FOUR.map(|text| (text.to_owned(), 1)).to_vec(), None));
    assert_eq!(reply.finish_reason(), Some("length"));
    assert_eq!(reply.usage().unwrap().completion_tokens, 4);
}

#[tokio::test]
async fn a_chat_is_sent_and_its_answer_read_byte_for_byte() {
    let at = "/v1/chat/completions";
    let body = golden!("chat.request.json");

    whole_answer_is_golden(at, chat(false), body, golden!("chat.response.json")).await;
    streamed_answer_is_golden(at, chat(true), body, golden!("chat.stream.sse")).await;
}

#[tokio::test]
async fn a_completion_is_sent_and_its_answer_read_byte_for_byte() {
    let at = "/v1/completions";
    let body = golden!("completion.request.json");

    whole_answer_is_golden(at, prompt(false), body, golden!("completion.response.json")).await;
    streamed_answer_is_golden(at, prompt(true), body, golden!("completion.stream.sse")).await;
}

#[tokio::test]
async fn sampling_settings_are_sent_when_set() {
    let body =
        r#"{"model":"tiny","prompt":"one two three","max_tokens":4,"temperature":0.5,"top_p":1.0}"#;
    let answer = golden!("completion.response.json");
    let server = expecting("/v1/completions", body.to_owned(), JSON, answer).await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);
    let request = Request {
        temperature: Some(0.5),
        top_p: Some(1.0),
        ..prompt(false)
    };

    let answer = client.inference().execute(&request).await.unwrap();

    assert_eq!(answer.text, FOUR.concat());
    assert_eq!(answer.endpoint, Some(0));
}

#[tokio::test]
async fn a_program_can_take_the_chunks_as_a_stream() {
    use futures_util::TryStreamExt;
    let answer = golden!("completion.stream.sse");
    let body = streaming(golden!("completion.request.json"));
    let server = expecting("/v1/completions", body, EVENTS, answer).await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);
    let request = prompt(true);

    let service = client.inference();
    let chunks: Vec<Chunk> = service.stream(&request).try_collect().await.unwrap();

    let texts: Vec<&str> = chunks.iter().map(|chunk| &*chunk.text).collect();
    assert_eq!(texts, FOUR);
}

#[tokio::test]
async fn an_error_status_is_a_failure_with_the_servers_words() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/completions"))
        .respond_with(ResponseTemplate::new(404).set_body_raw(golden!("error.response.json"), JSON))
        .expect(1)
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 3, &[openai(server.uri())]);

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Http(404))]);
    assert_eq!(
        failed.to_string(),
        "http_404: server answered 404 Not Found: The model `absent` does not exist. (attempts: 1)"
    );
}

#[tokio::test]
async fn models_are_listed_and_cannot_be_loaded() {
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .and(path("/v1/models"))
        .respond_with(
            ResponseTemplate::new(200).set_body_raw(golden!("models.response.json"), JSON),
        )
        .expect(2)
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    let listed = client.models().list().await.unwrap();
    let refused = client.models().load("tiny").await.unwrap_err();

    assert_eq!(
        listed,
        [Model {
            name: "tiny".to_owned(),
            state: ModelState::Loaded
        }]
    );
    assert_eq!(
        refused.to_string(),
        "loading a model is not offered by protocol `openai`: use an oip_rest or oip_grpc endpoint"
    );
    assert_eq!(client.is_ready(0).await, Ok(()));
}

#[tokio::test]
async fn an_overloaded_server_is_asked_again_until_it_answers() {
    let server = MockServer::start().await;
    let busy = ResponseTemplate::new(503).set_body_string("warming up");
    let answer = ResponseTemplate::new(200).set_body_raw(golden!("completion.response.json"), JSON);
    Mock::given(path("/v1/completions"))
        .respond_with(busy)
        .up_to_n_times(2)
        .expect(2)
        .mount(&server)
        .await;
    Mock::given(path("/v1/completions"))
        .respond_with(answer)
        .expect(1)
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 3, &[openai(server.uri())]);

    let answer = client.inference().execute(&prompt(false)).await.unwrap();

    let failed: Vec<FailureKind> = answer
        .failed_attempts
        .iter()
        .map(|attempt| attempt.failure.kind)
        .collect();
    assert_eq!(failed, [FailureKind::Http(503); 2]);
}

#[tokio::test]
async fn a_request_keeps_its_id_and_from_the_second_attempt_on_tells_how_many_came_before() {
    for (mode, told) in [
        (Mode::Rest, [None, Some("1"), Some("2")]),
        (Mode::Hybrid, [Some("1"), Some("3"), Some("5")]),
    ] {
        let busy = MockServer::start().await;
        Mock::given(header("x-request-id", "golden"))
            .respond_with(ResponseTemplate::new(503))
            .expect(3)
            .mount(&busy)
            .await;
        let client = client(mode, 3, &[oip_grpc(refusing()), openai(busy.uri())]);

        client.inference().open(&prompt(true)).await.unwrap_err();

        let received = busy.received_requests().await.unwrap();
        let count = |request: &wiremock::Request| {
            let count = request.headers.get("x-stainless-retry-count")?;
            Some(count.to_str().unwrap().to_owned())
        };
        let counts: Vec<_> = received.iter().map(count).collect();
        assert_eq!(counts, told.map(|told| told.map(str::to_owned)));
    }
}

#[tokio::test]
async fn a_request_that_may_have_been_executed_is_sent_once() {
    let server = MockServer::start().await;
    Mock::given(path("/v1/completions"))
        .respond_with(ResponseTemplate::new(500))
        .expect(1)
        .mount(&server)
        .await;
    let closing = Server::start(Raw::Answers(b"")).await;

    let failed = client(Mode::Rest, 5, &[openai(server.uri())])
        .inference()
        .execute(&prompt(false))
        .await
        .unwrap_err();
    let closed = client(Mode::Rest, 5, &[openai(&*closing.url)])
        .inference()
        .execute(&prompt(false))
        .await
        .unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Http(500))]);
    assert_eq!(kinds(&closed), [(0, FailureKind::Closed)]);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let server = MockServer::start().await;
    let elsewhere = ResponseTemplate::new(307).insert_header("location", "/elsewhere");
    Mock::given(path("/v1/completions"))
        .respond_with(elsewhere)
        .expect(1)
        .mount(&server)
        .await;
    let client = client(Mode::Rest, 3, &[openai(server.uri())]);

    let failed = client.inference().open(&prompt(false)).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Http(307))]);
}

#[tokio::test]
async fn a_connection_is_used_again_after_a_stream_has_ended() {
    let server = Server::start(Raw::KeepsAlive(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
          e\r\ndata: [DONE]\n\n\r\n0\r\n\r\n",
    ))
    .await;
    let client = client(Mode::Rest, 1, &[openai(&*server.url)]);

    for _ in 0..3 {
        client.inference().execute(&prompt(true)).await.unwrap();
    }

    assert_eq!(server.seen.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn dropping_a_reply_or_a_call_closes_its_connection() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let answering = Server::start(Raw::Hangs(head)).await;
    let silent = Server::start(Raw::Hangs(b"")).await;
    let request = prompt(true);

    let answered = client(Mode::Rest, 1, &[openai(&*answering.url)]);
    let reply = answered.inference().open(&request).await.unwrap();
    drop(reply);
    answering.seen.closed.notified().await;

    let unanswered = client(Mode::Rest, 1, &[openai(&*silent.url)]);
    tokio::select! {
        biased;
        outcome = unanswered.inference().open(&request) => panic!("expected silence, found {outcome:?}"),
        () = silent.seen.asked.notified() => {}
    }
    silent.seen.closed.notified().await;
}
