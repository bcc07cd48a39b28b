//! What of the pool shows at the client: statistics, an end to keeping connections, compressed answers.

use super::servers::{Raw, Server};
use super::*;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::Write;
use std::sync::atomic::Ordering;
use std::time::Duration;
use wiremock::matchers::{header, method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 51\r\n\r\n{\"choices\":[{\"text\":\"yes\",\"finish_reason\":\"stop\"}]}";
const EVENTS: &str = "data: {\"choices\":[{\"text\":\"a\"}]}\n\ndata: {\"choices\":[{\"text\":\"b\"}]}\n\ndata: [DONE]\n\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What a client hears from a server whose answers are compressed.
async fn heard(gzips: bool, stream: bool) -> (Vec<(String, u32)>, Option<FailureKind>) {
    let server = MockServer::start().await;
    let asked = Mock::given(method("POST"));
    let asked = if gzips {
        asked.and(header("accept-encoding", "gzip"))
    } else {
        asked
    };
    let (body, kind) = if stream {
        (gzip(EVENTS), "text/event-stream")
    } else {
        let whole = r#"{"choices":[{"text":"ab","finish_reason":"stop"}]}"#;
        (gzip(whole), "application/json")
    };
    let answer = ResponseTemplate::new(200).insert_header("content-encoding", "gzip");
    asked
        .respond_with(answer.set_body_raw(body, kind))
        .expect(1)
        .mount(&server)
        .await;
    let config = ClientConfig {
        gzip: gzips,
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[openai(server.uri())]).unwrap();
    let mut reply = client.inference().open(&prompt(stream)).await.unwrap();
    drain(&mut reply).await
}

#[tokio::test]
async fn compressed_answers_are_read_whole_and_streamed() {
    let chunks = ["a", "b"].map(|text| (text.to_owned(), 1)).to_vec();

    assert_eq!(heard(true, true).await, (chunks, None));
    assert_eq!(heard(true, false).await, (vec![("ab".to_owned(), 1)], None));
}

#[tokio::test]
async fn an_answer_that_is_compressed_without_having_been_asked_for_cannot_be_understood() {
    for stream in [false, true] {
        let malformed = Some(FailureKind::Malformed);

        assert_eq!(heard(false, stream).await, (vec![], malformed));
    }
}

#[tokio::test]
async fn an_answer_that_stands_for_too_much_is_refused() {
    let server = MockServer::start().await;
    let bomb = gzip(&" ".repeat(17 * 1024 * 1024));
    let answer = ResponseTemplate::new(200).insert_header("content-encoding", "gzip");
    Mock::given(path("/v1/models"))
        .respond_with(answer.set_body_raw(bomb, "application/json"))
        .mount(&server)
        .await;
    let config = ClientConfig {
        gzip: true,
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[openai(server.uri())]).unwrap();

    let Err(Error::Failed(failed)) = client.models().list().await else {
        panic!("expected a refusal");
    };

    assert_eq!(
        failed.failure.to_string(),
        "malformed: expected a body of at most 16777216 bytes, found a longer one"
    );
}

#[tokio::test]
async fn statistics_are_of_each_endpoint_and_of_all_its_calls() {
    let (one, other) = (
        Server::start(Raw::KeepsAlive(ANSWER)).await,
        Server::start(Raw::KeepsAlive(ANSWER)).await,
    );
    let client = client(Mode::Rest, 1, &[openai(&*one.url), openai(&*other.url)]);

    for _ in 0..3 {
        client.inference().execute(&prompt(false)).await.unwrap();
    }
    client.is_ready(0).await.unwrap();

    let seen = PoolStatistics {
        created: 1,
        reused: 3,
        ..PoolStatistics::default()
    };
    assert_eq!(client.pool_statistics(), [seen, PoolStatistics::default()]);
    assert_eq!(one.seen.connections.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn waiting_for_a_connection_counts_against_the_deadline() {
    let silent = Server::start(Raw::Hangs(b"")).await;
    let config = ClientConfig {
        deadline: Period::from_millis(50),
        pool: Pool::On(PoolConfig {
            max_connections: Some(1),
            ..PoolConfig::default()
        }),
        ..ClientConfig::default()
    };
    let client = Client::new(&config, &[openai(&*silent.url)]).unwrap();
    let (service, request) = (client.inference(), prompt(false));

    let (one, other) = tokio::join!(service.open(&request), service.open(&request));

    for failed in [one, other].map(Result::unwrap_err) {
        assert_eq!(kinds(&failed), [(0, FailureKind::Deadline)]);
    }
    let figures = client.pool_statistics()[0];
    assert_eq!((figures.created, figures.waited), (1, 1));
    assert!(figures.longest_wait <= Duration::from_millis(60));
}

#[tokio::test]
async fn a_name_is_connected_to_whichever_of_its_addresses_answers() {
    // `localhost` may stand for ::1, where nobody listens, before it stands for 127.0.0.1.
    let server = Server::start(Raw::KeepsAlive(ANSWER)).await;
    let url = server.url.replace("127.0.0.1", "localhost");
    let client = client(Mode::Rest, 1, &[openai(url)]);

    let answer = client.inference().execute(&prompt(false)).await.unwrap();

    assert_eq!(answer.text, "yes");
}
