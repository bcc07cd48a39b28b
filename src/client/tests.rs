//! The client against servers on loopback: exact bodies out, every kind of answer and failure in.

mod batch;
mod cache;
mod closing;
mod descriptions;
mod dialects;
mod embedding;
mod failover;
mod frames;
mod grpc;
mod health;
mod hedge;
mod loading;
mod oip_dialects;
mod oip_rest;
mod oip_streams;
mod pings;
mod pool;
mod resilience;
mod rest;
mod scripted;
mod servers;
mod stale;
mod statistics;

use super::*;
use inferometer_proto::quantity::Period;

/// What most tests ask.
fn prompt(stream: bool) -> Request {
    Request {
        id: "golden".to_owned(),
        model: "tiny".to_owned(),
        input: Input::Prompt("one two three".to_owned()),
        max_tokens: 4,
        stream,
        temperature: None,
        top_p: None,
    }
}

fn openai(url: impl Into<String>) -> Endpoint {
    Endpoint::new(Protocol::Openai, url)
}

fn oip_grpc(url: impl Into<String>) -> Endpoint {
    Endpoint::new(Protocol::OipGrpc, url)
}

/// A client whose retries pause for at most a millisecond.
fn client(mode: Mode, attempts: u32, endpoints: &[Endpoint]) -> Client {
    let config = ClientConfig {
        mode,
        retry: Retry {
            attempts,
            backoff: Period::from_millis(1),
            max_backoff: Period::from_millis(1),
            ..Retry::default()
        },
        ..ClientConfig::default()
    };
    Client::new(&config, endpoints).unwrap()
}

fn with_deadline(mode: Mode, deadline: Period, endpoints: &[Endpoint]) -> Client {
    let config = ClientConfig {
        mode,
        deadline,
        ..ClientConfig::default()
    };
    Client::new(&config, endpoints).unwrap()
}

/// Everything that a reply has to give: the chunks' texts and tokens, and the failure that ended it.
async fn drain(reply: &mut Reply) -> (Vec<(String, u32)>, Option<FailureKind>) {
    let mut chunks = Vec::new();
    while let Some(chunk) = reply.next().await {
        match chunk {
            Ok(chunk) => chunks.push((chunk.text, chunk.tokens)),
            Err(failure) => return (chunks, Some(failure.kind)),
        }
    }
    (chunks, None)
}

fn kinds(failed: &Failed) -> Vec<(usize, FailureKind)> {
    failed
        .attempts
        .iter()
        .map(|attempt| (attempt.endpoint, attempt.failure.kind))
        .collect()
}

#[test]
fn a_configuration_that_contradicts_itself_is_refused() {
    let zero = ClientConfig {
        deadline: Period::default(),
        ..ClientConfig::default()
    };
    let never = ClientConfig {
        retry: Retry {
            attempts: 0,
            ..Retry::default()
        },
        ..ClientConfig::default()
    };
    let endpoints = [openai("http://127.0.0.1:1")];

    assert_eq!(
        Client::new(&zero, &endpoints).unwrap_err().to_string(),
        "deadline and connect_deadline: expected more than 0s each, found `0s and 1s`"
    );
    assert_eq!(
        Client::new(&never, &endpoints).unwrap_err().to_string(),
        "retry.attempts: expected 1 to 10, the first included, found `0`"
    );
}

#[test]
fn a_client_and_its_futures_can_move_between_threads() {
    fn assert_send<T: Send>(_: &T) {}
    fn assert_sync<T: Sync>(_: &T) {}
    let client = client(Mode::Rest, 1, &[openai("http://127.0.0.1:1")]);
    let request = prompt(true);

    assert_sync(&client);
    assert_send(&client.inference().open(&request));
    assert_send(&client.inference().stream(&request));
    assert_send(&client.models().load("tiny"));
}

#[tokio::test]
async fn a_request_that_is_not_valid_is_never_sent() {
    let client = client(Mode::Rest, 3, &[openai(servers::refusing())]);
    let request = Request {
        max_tokens: 0,
        ..prompt(false)
    };

    let failed = client.inference().execute(&request).await.unwrap_err();

    assert_eq!(failed.failure.kind, FailureKind::Invalid);
    assert_eq!(failed.attempts, []);
}
