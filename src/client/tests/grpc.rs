//! Inference and the model repository over gRPC.

mod bare;
mod compressed;
pub(super) mod scripted;

use super::frames;
use super::servers::{Proxy, Raw, Server, refusing};
use super::*;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use scripted::{parameter, start, start_on};
use std::sync::atomic::Ordering;
use tokio::net::TcpListener;

fn asking(model: &str, stream: bool) -> Request {
    Request {
        model: model.to_owned(),
        temperature: Some(0.5),
        ..prompt(stream)
    }
}

#[tokio::test]
async fn a_request_is_sent_as_a_tensor_and_its_answer_read() {
    let server = start().await;
    let client = client(Mode::Grpc, 1, std::slice::from_ref(&server.endpoint));

    let mut reply = client
        .inference()
        .open(&asking("tiny", false))
        .await
        .unwrap();

    assert_eq!(
        drain(&mut reply).await,
        (vec![(" a b".to_owned(), 2)], None)
    );
    assert_eq!(reply.finish_reason(), Some("length"));
    let sent = server.seen.last.lock().unwrap().take().unwrap();
    assert_eq!(sent.id, "golden");
    assert_eq!(sent.raw_input_contents, [&b"\x0d\0\0\0one two three"[..]]);
    let [input] = &sent.inputs[..] else {
        panic!("expected one input, found {sent:?}");
    };
    assert_eq!(
        (&*input.name, &*input.datatype, &input.shape[..]),
        ("text_input", "BYTES", &[1][..])
    );
    let limits = [
        ("max_tokens", ParameterChoice::Int64Param(4)),
        ("temperature", ParameterChoice::DoubleParam(0.5)),
    ]
    .map(|(name, choice)| (name.to_owned(), parameter(choice)));
    assert_eq!(sent.parameters, limits.into());
}

#[tokio::test]
async fn a_stream_gives_its_chunks_and_the_counts_of_its_final_response() {
    let server = start().await;
    let client = client(Mode::Grpc, 1, std::slice::from_ref(&server.endpoint));

    let mut reply = client
        .inference()
        .open(&asking("tiny", true))
        .await
        .unwrap();

    let chunks = vec![(" a".to_owned(), 1), (" b".to_owned(), 1)];
    assert_eq!(drain(&mut reply).await, (chunks, None));
    let usage = reply.usage().unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (3, 2));
}

#[tokio::test]
async fn a_long_answer_is_read_and_one_past_the_limit_is_malformed() {
    let server = start().await;
    let client = client(Mode::Grpc, 1, std::slice::from_ref(&server.endpoint));

    for stream in [false, true] {
        let request = asking("talkative", stream);
        let answer = client.inference().execute(&request).await.unwrap();

        assert_eq!(answer.text.len(), 5 << 20);
    }
    let request = asking("endless", false);
    let failed = client.inference().execute(&request).await.unwrap_err();

    assert_eq!(kinds(&failed), [(0, FailureKind::Malformed)]);
}

#[tokio::test]
async fn a_stream_that_breaks_off_says_how() {
    let server = start().await;
    let client = client(Mode::Grpc, 3, std::slice::from_ref(&server.endpoint));

    for (model, kind) in [
        ("breaking", FailureKind::Grpc(14)),
        ("complaining", FailureKind::Grpc(13)),
    ] {
        let failed = client
            .inference()
            .execute(&asking(model, true))
            .await
            .unwrap_err();

        assert_eq!(kinds(&failed), [(0, kind)]);
    }
}

#[tokio::test]
async fn a_refused_call_is_repeated_only_when_it_is_safe() {
    let server = start().await;
    let client = client(Mode::Grpc, 3, std::slice::from_ref(&server.endpoint));

    let answer = client
        .inference()
        .execute(&asking("busy-twice", false))
        .await;
    let absent = client.inference().execute(&asking("absent", false)).await;
    let streamed = client.inference().execute(&asking("absent", true)).await;

    let failed: Vec<FailureKind> = answer
        .unwrap()
        .failed_attempts
        .iter()
        .map(|attempt| attempt.failure.kind)
        .collect();
    assert_eq!(failed, [FailureKind::Grpc(14); 2]);
    assert_eq!(kinds(&absent.unwrap_err()), [(0, FailureKind::Grpc(5))]);
    assert_eq!(kinds(&streamed.unwrap_err()), [(0, FailureKind::Grpc(5))]);
    assert_eq!(server.seen.calls.load(Ordering::Relaxed), 5);
}

#[tokio::test]
async fn a_call_keeps_its_id_and_from_the_second_attempt_on_tells_how_many_came_before() {
    let label = |told: Option<&str>| (Some("golden".to_owned()), told.map(str::to_owned));

    for stream in [false, true] {
        let server = start().await;
        let endpoints = [oip_grpc(refusing()), server.endpoint.clone()];

        for (known, told) in [
            (&endpoints[1..], [None, Some("1"), Some("2")]),
            (&endpoints[..], [Some("1"), Some("3"), Some("5")]),
        ] {
            let request = asking("busy", stream);
            let client = client(Mode::Grpc, 3, known);
            client.inference().open(&request).await.unwrap_err();

            let labels = std::mem::take(&mut *server.seen.labels.lock().unwrap());
            assert_eq!(labels, told.map(label));
        }
    }
}

#[tokio::test]
async fn the_repository_is_listed_loaded_and_unloaded() {
    use ModelState::{Failed, Loaded, Loading, Unloaded};
    let server = start().await;
    let endpoints = [openai("http://127.0.0.1:1"), server.endpoint.clone()];
    let client = client(Mode::Hybrid, 1, &endpoints);

    let listed = client.models().list().await.unwrap();
    let states: Vec<ModelState> = listed.iter().map(|model| model.state).collect();

    assert_eq!(
        states,
        [Loaded, Loaded, Unloaded, Failed, Loading, Unloaded]
    );
    client.models().load("tiny").await.unwrap();
    client.models().unload("tiny").await.unwrap();
    let refused = client.models().load("absent").await.unwrap_err();
    assert!(matches!(
        refused,
        Error::Failed(failed) if failed.failure.kind == FailureKind::Grpc(5)
    ));
    assert_eq!(client.is_ready(1).await, Ok(()));
}

#[tokio::test]
async fn an_endpoint_that_comes_back_is_used_by_the_next_request() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let endpoint = oip_grpc(format!("http://{address}"));
    let client = client(Mode::Grpc, 1, &[endpoint]);
    let request = asking("tiny", false);

    let away = client.inference().execute(&request).await.unwrap_err();
    let _server = start_on(TcpListener::bind(address).await.unwrap());
    let back = client.inference().execute(&request).await;

    assert_eq!(kinds(&away), [(0, FailureKind::Connect)]);
    assert_eq!(back.unwrap().text, " a b");
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_of_a_stream_truncates_it() {
    let server = start().await;
    let proxy = Proxy::start(&server.endpoint.url).await;
    let client = client(Mode::Grpc, 1, &[oip_grpc(&*proxy.url)]);

    let mut reply = client
        .inference()
        .open(&asking("endless", true))
        .await
        .unwrap();
    let begun = [reply.next().await, reply.next().await].map(|chunk| chunk.unwrap().is_ok());
    drop(proxy);
    let broken = reply.next().await.unwrap().unwrap_err();
    let gone = client
        .inference()
        .execute(&asking("tiny", false))
        .await
        .unwrap_err();

    assert_eq!(begun, [true, true]);
    assert_eq!(broken.kind, FailureKind::Truncated, "{broken}");
    assert_eq!(gone.failure.kind, FailureKind::Connect, "{gone}");
}

#[tokio::test]
async fn a_connection_that_is_closed_before_the_answer_is_no_status() {
    let server = Server::start(Raw::Answers(b"")).await;
    let client = client(Mode::Grpc, 3, &[oip_grpc(&*server.url)]);

    for stream in [false, true] {
        let failed = client
            .inference()
            .open(&asking("tiny", stream))
            .await
            .unwrap_err();

        assert_eq!(kinds(&failed), [(0, FailureKind::Closed)], "{failed}");
    }
}
