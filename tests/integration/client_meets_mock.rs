//! The embedded client against the mock, in one process: both read the same contract, and neither uses the other's code.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be tested, in helpers as in tests"
)]

use inferometer::client::{
    Client, ClientConfig, Endpoint, FailureKind, Input, Message, Mode, ModelState, Protocol,
    Request, Role, Usage,
};
use inferometer_mock::{Cut, Fault, Mock, MockSpec, Status};
use std::net::TcpListener;

async fn mock(faults: Vec<Fault>) -> Mock {
    let spec = MockSpec {
        faults,
        ..MockSpec::default()
    };
    Mock::start(spec).await.unwrap()
}

/// A client of one protocol of a mock.
fn client(mock: &Mock, mode: Mode) -> Client {
    let endpoints = [
        endpoint(Protocol::Openai, mock.rest_url()),
        endpoint(Protocol::OipGrpc, mock.grpc_url()),
    ];
    client_of(mode, &endpoints)
}

fn client_of(mode: Mode, endpoints: &[Endpoint]) -> Client {
    let config = ClientConfig {
        mode,
        ..ClientConfig::default()
    };
    Client::new(&config, endpoints).unwrap()
}

pub(crate) fn endpoint(protocol: Protocol, url: String) -> Endpoint {
    Endpoint::new(protocol, url)
}

/// The URL of a port that nobody listens on.
fn refusing() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

pub(crate) fn request(input: Input, stream: bool) -> Request {
    Request {
        id: "golden".to_owned(),
        model: "tiny".to_owned(),
        input,
        max_tokens: 4,
        stream,
        temperature: Some(0.5),
        top_p: Some(1.0),
    }
}

fn prompt() -> Input {
    Input::Prompt("one two three".to_owned())
}

fn chat() -> Input {
    Input::Chat(vec![Message {
        role: Role::User,
        content: "one two three".to_owned(),
    }])
}

/// The kind of failure of one request, alone on its mock.
async fn failure(fault: Fault, mode: Mode, stream: bool) -> FailureKind {
    let mock = mock(vec![fault]).await;
    let client = client(&mock, mode);
    let asked = request(prompt(), stream);
    let failed = client.inference().execute(&asked).await.unwrap_err();
    assert_eq!(failed.attempts.len(), 1, "{failed}");
    failed.failure.kind
}

#[tokio::test]
async fn every_protocol_gives_the_same_tokens_whole_and_streamed() {
    let mock = mock(vec![]).await;

    for mode in [Mode::Rest, Mode::Grpc] {
        let client = client(&mock, mode);
        assert_eq!(client.is_ready(0).await, Ok(()));
        for stream in [false, true] {
            let answer = client
                .inference()
                .execute(&request(prompt(), stream))
                .await
                .unwrap();

            assert_eq!(answer.text, " alpha bravo charlie delta");
            let counted = Usage {
                prompt_tokens: 3,
                completion_tokens: 4,
            };
            assert_eq!(answer.usage, Some(counted));
        }
        let answer = client
            .inference()
            .execute(&request(chat(), true))
            .await
            .unwrap();
        assert_eq!(answer.text, " alpha bravo charlie delta");
    }
}

#[tokio::test]
async fn a_refusal_keeps_the_servers_status() {
    let refusal = || {
        Fault::Status(Status {
            http: Some(503),
            ..Status::default()
        })
    };

    for stream in [false, true] {
        assert_eq!(
            failure(refusal(), Mode::Rest, stream).await,
            FailureKind::Http(503)
        );
        assert_eq!(
            failure(refusal(), Mode::Grpc, stream).await,
            FailureKind::Grpc(14)
        );
    }
}

#[tokio::test]
async fn a_cut_is_truncated_on_every_protocol() {
    let cut = || {
        Fault::Cut(Cut {
            after_tokens: 2,
            ..Cut::default()
        })
    };

    for mode in [Mode::Rest, Mode::Grpc] {
        for stream in [false, true] {
            let kind = failure(cut(), mode, stream).await;
            assert_eq!(kind, FailureKind::Truncated, "{mode} {stream}");
        }
    }
}

#[tokio::test]
async fn models_are_loaded_and_unloaded_over_grpc_and_seen_over_rest() {
    let mock = mock(vec![]).await;
    let grpc = client(&mock, Mode::Grpc);
    let asked = request(prompt(), false);

    grpc.models().unload("tiny").await.unwrap();
    let unloaded = client(&mock, Mode::Rest).inference().execute(&asked).await;
    grpc.models().load("tiny").await.unwrap();
    let loaded = client(&mock, Mode::Rest).inference().execute(&asked).await;

    assert_eq!(unloaded.unwrap_err().failure.kind, FailureKind::Http(503));
    assert_eq!(loaded.unwrap().usage.unwrap().completion_tokens, 4);
}

#[tokio::test]
async fn a_protocol_that_cannot_be_connected_to_hands_over_to_the_other_in_either_direction() {
    let mock = mock(vec![]).await;
    let no_grpc = [
        endpoint(Protocol::Openai, mock.rest_url()),
        endpoint(Protocol::OipGrpc, refusing()),
    ];
    let no_rest = [
        endpoint(Protocol::Openai, refusing()),
        endpoint(Protocol::OipGrpc, mock.grpc_url()),
    ];

    for (mode, endpoints, answering) in [
        (Mode::Hybrid, &no_grpc, 0),
        (Mode::HybridRestFirst, &no_rest, 1),
    ] {
        for stream in [false, true] {
            let client = client_of(mode, endpoints);

            let answer = client
                .inference()
                .execute(&request(chat(), stream))
                .await
                .unwrap();

            assert_eq!(answer.endpoint, Some(answering), "{mode}");
            assert_eq!(answer.text, " alpha bravo charlie delta");
            let kinds: Vec<_> = answer
                .failed_attempts
                .iter()
                .map(|attempt| attempt.failure.kind)
                .collect();
            assert_eq!(kinds, [FailureKind::Connect], "{mode}");
        }
    }
}

/// A client of a mock that speaks the Open Inference Protocol over REST.
fn oip_rest(mock: &Mock) -> Client {
    client_of(Mode::Rest, &[endpoint(Protocol::OipRest, mock.rest_url())])
}

#[tokio::test]
async fn the_open_inference_protocol_over_rest_gives_the_same_tokens() {
    let mock = mock(vec![]).await;
    let client = oip_rest(&mock);
    assert_eq!(client.is_ready(0).await, Ok(()));

    for input in [prompt(), chat()] {
        for stream in [false, true] {
            let asked = request(input.clone(), stream);
            let answer = client.inference().execute(&asked).await.unwrap();

            assert_eq!(answer.text, " alpha bravo charlie delta");
            let counted = answer.usage.map(|usage| usage.completion_tokens);
            assert_eq!(counted, (!stream).then_some(4));
        }
    }
}

#[tokio::test]
async fn models_are_loaded_and_unloaded_over_rest() {
    let mock = mock(vec![]).await;
    let client = oip_rest(&mock);
    let states = async || {
        let models = client.models().list().await.unwrap();
        models
            .into_iter()
            .map(|model| (model.name, model.state))
            .collect::<Vec<_>>()
    };
    let tiny = || "tiny".to_owned();

    client.models().unload("tiny").await.unwrap();
    assert_eq!(states().await, [(tiny(), ModelState::Unloaded)]);
    let asked = request(prompt(), false);
    let unloaded = client.inference().execute(&asked).await.unwrap_err();
    assert_eq!(unloaded.failure.kind, FailureKind::Http(503));
    client.models().load("tiny").await.unwrap();

    assert_eq!(states().await, [(tiny(), ModelState::Loaded)]);
    assert!(client.models().load("absent").await.is_err());
}

#[tokio::test]
async fn what_goes_wrong_over_rest_is_told_as_over_the_others() {
    for stream in [false, true] {
        let cut = Fault::Cut(Cut {
            after_tokens: 2,
            ..Cut::default()
        });
        let mock = mock(vec![cut]).await;

        let asked = request(prompt(), stream);
        let failed = oip_rest(&mock)
            .inference()
            .execute(&asked)
            .await
            .unwrap_err();

        assert_eq!(failed.failure.kind, FailureKind::Truncated, "{failed}");
    }
}
