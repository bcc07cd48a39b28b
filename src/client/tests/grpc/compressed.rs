//! Answers over gRPC that are compressed, asked for or not.

use super::super::{client, drain, oip_grpc, prompt};
use super::frames::{DATA, END_HEADERS, END_STREAM, HEADERS, begin, frame, header, next};
use super::scripted::start;
use crate::client::{Client, ClientConfig, FailureKind, Mode};
use flate2::Compression;
use flate2::write::GzEncoder;
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use inferometer_proto::inference::{InferTensorContents, ModelInferResponse};
use prost::Message;
use std::io::Write;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// A message behind the flag that says that it is compressed.
fn compressed(text: &str) -> Vec<u8> {
    let message = ModelInferResponse {
        outputs: vec![InferOutputTensor {
            name: "text_output".to_owned(),
            datatype: "BYTES".to_owned(),
            shape: vec![1],
            contents: Some(InferTensorContents {
                bytes_contents: vec![text.as_bytes().to_vec().into()],
                ..Default::default()
            }),
            ..Default::default()
        }],
        ..Default::default()
    };
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&message.encode_to_vec()).unwrap();
    let message = encoder.finish().unwrap();
    let length = u32::try_from(message.len()).unwrap();
    [&[1], &length.to_be_bytes()[..], &message].concat()
}

/// A client of a server that compresses whatever it answers.
async fn served(gzip: bool) -> (Client, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = oip_grpc(format!("http://{}", listener.local_addr().unwrap()));
    let mut tasks = JoinSet::new();
    tasks.spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        begin(&mut socket, &[]).await;
        while let Some(request) = next(&mut socket).await {
            if !request.ends_request() {
                continue;
            }
            let (stream, ends) = (request.stream, END_HEADERS | END_STREAM);
            let kind = header("content-type", "application/grpc");
            let head = [vec![0x88], kind, header("grpc-encoding", "gzip")].concat();
            let answer = [
                frame(HEADERS, END_HEADERS, stream, &head),
                frame(DATA, 0, stream, &compressed(" a b")),
                frame(HEADERS, ends, stream, &header("grpc-status", "0")),
            ];
            socket.write_all(&answer.concat()).await.unwrap();
        }
    });
    let config = ClientConfig {
        mode: Mode::Grpc,
        gzip,
        ..ClientConfig::default()
    };
    (Client::new(&config, &[endpoint]).unwrap(), tasks)
}

#[tokio::test]
async fn a_compressed_answer_is_read_where_it_was_asked_for_and_malformed_otherwise() {
    let (asking, _tasks) = served(true).await;
    for stream in [false, true] {
        let mut reply = asking.inference().open(&prompt(stream)).await.unwrap();
        let chunks = vec![(" a b".to_owned(), 1)];
        assert_eq!(drain(&mut reply).await, (chunks, None), "{stream}");
    }

    let (not_asking, _tasks) = served(false).await;
    let failed = not_asking.inference().execute(&prompt(false)).await;
    assert_eq!(failed.unwrap_err().failure.kind, FailureKind::Malformed);
}

#[tokio::test]
async fn compressed_answers_are_asked_for_only_with_the_setting() {
    let server = start().await;
    let endpoints = std::slice::from_ref(&server.endpoint);
    let config = ClientConfig {
        mode: Mode::Grpc,
        gzip: true,
        ..ClientConfig::default()
    };
    let asking = Client::new(&config, endpoints).unwrap();

    for (client, expected) in [
        (asking, Some("gzip")),
        (client(Mode::Grpc, 1, endpoints), None),
    ] {
        client.inference().execute(&prompt(false)).await.unwrap();

        let accepted = server.seen.accepted.lock().unwrap().take();
        let accepted = accepted
            .as_deref()
            .map(|told| told.split(',').next().unwrap());
        assert_eq!(accepted, expected);
    }
}
