//! Answers that leave in small pieces: every byte as it should be, none too early, and a journal that knows when the last
//! one of each write had left.

use crate::grpc_client::request;
use crate::raw::{Http2, connect, post, split};
use crate::{mock, until_idle};
use http_body_util::BodyExt;
use hyper::{Response, body::Incoming};
use inferometer_mock::{End, Entry, Mock};
use inferometer_proto::inference::{ModelInferResponse, ModelStreamInferResponse};
use prost::Message;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const WHOLE: [(&str, &str); 4] = [
    (
        "/v1/completions",
        r#"{"model":"tiny","prompt":"a","max_tokens":3}"#,
    ),
    (
        "/v1/embeddings",
        r#"{"model":"tiny","input":"a","dimensions":3}"#,
    ),
    (
        "/v2/models/tiny/generate",
        r#"{"text_input":"a","max_tokens":3}"#,
    ),
    (
        "/v2/models/tiny/infer",
        r#"{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]}]}"#,
    ),
];
const STREAMS: [(&str, &str); 2] = [
    (
        "/v1/completions",
        r#"{"model":"tiny","prompt":"a","max_tokens":3,"stream":true}"#,
    ),
    (
        "/v2/models/tiny/generate_stream",
        r#"{"text_input":"a","max_tokens":3}"#,
    ),
];

/// A mock whose answers to request 1 leave in pieces of 16 bytes, one after each millisecond.
async fn trickling() -> Mock {
    mock(
        r#"{"faults":[{"trickle":{"requests":{"from":1,"until":2},"bytes":"16B","pause":"1ms"}}]}"#,
    )
    .await
}

/// The one entry of a request.
async fn entry(mock: &Mock, id: &str) -> Entry {
    until_idle(mock).await;
    let entries = mock.journal(0, 10).entries;
    entries.into_iter().find(|entry| &*entry.id == id).unwrap()
}

/// Nothing is written before all pieces of so many bytes, those of each write by themselves, can have left.
fn never_early(entry: &Entry, writes: &[usize]) {
    assert_eq!(entry.fault.as_deref(), Some("trickle"));
    assert_eq!(entry.end, End::Answered);
    assert_eq!(entry.writes.len(), writes.len());
    let mut pieces = 0;
    for (write, bytes) in entry.writes.iter().zip(writes) {
        pieces += bytes.div_ceil(16);
        let earliest = u64::try_from(pieces - 1).unwrap() * 1_000_000;
        assert!(write.at_ns - entry.arrived_ns >= earliest, "{entry:?}");
    }
}

/// The sizes of a body's frames of data, all its bytes, and the status of gRPC behind them.
async fn frames(response: Response<Incoming>) -> (Vec<usize>, Vec<u8>, Option<String>) {
    let (mut sizes, mut bytes, mut status) = (Vec::new(), Vec::new(), None);
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        match frame.unwrap().into_data() {
            Ok(data) => {
                sizes.push(data.len());
                bytes.extend_from_slice(&data);
            }
            Err(frame) => {
                let trailers = frame.into_trailers().unwrap();
                status = Some(trailers["grpc-status"].to_str().unwrap().to_owned());
            }
        }
    }
    (sizes, bytes, status)
}

#[tokio::test]
async fn an_answer_in_one_piece_leaves_in_drips_with_its_length_and_every_byte() {
    for (path, body) in WHOLE {
        let mock = trickling().await;

        let struck = post(&mock, path, "r-1", body).await;
        let well = post(&mock, path, "r-2", body).await;

        assert_eq!(struck.body().replace("r-1", "r-2"), well.body());
        let length = format!("content-length: {}\r\n", well.body().len());
        assert!(struck.text.contains(&length), "{struck:?}");
        never_early(&entry(&mock, "r-1").await, &[well.body().len()]);
    }
}

#[tokio::test]
async fn a_stream_leaves_in_drips_and_each_event_is_written_when_its_last_byte_has_left() {
    for (path, body) in STREAMS {
        let mock = trickling().await;

        let struck = post(&mock, path, "r-1", body).await;
        let well = post(&mock, path, "r-2", body).await;

        let events = well.joined().unwrap();
        assert_eq!(struck.joined().unwrap().replace("r-1", "r-2"), events);
        let sizes = struck.body().split("\r\n").step_by(2);
        let sizes = sizes.filter_map(|size| usize::from_str_radix(size, 16).ok());
        assert_eq!(sizes.max(), Some(16));
        let events: Vec<usize> = events.split_inclusive("\n\n").map(str::len).collect();
        never_early(&entry(&mock, "r-1").await, &events[..3]);
    }
}

#[tokio::test]
async fn frames_of_http_2_are_as_small() {
    for (path, body) in WHOLE.into_iter().chain(STREAMS) {
        let mock = trickling().await;
        let mut connection = Http2::open(&mock.rest_url()).await;

        let struck = connection.post(path, "r-1", body).await.unwrap();
        let (sizes, struck, _) = frames(struck).await;
        let well = connection.post(path, "r-2", body).await.unwrap();
        let (_, well, _) = frames(well).await;

        let struck = String::from_utf8(struck).unwrap().replace("r-1", "r-2");
        assert_eq!(struck.as_bytes(), well);
        assert_eq!(sizes.iter().max(), Some(&16), "{sizes:?}");
    }
}

#[tokio::test]
async fn messages_of_grpc_leave_in_drips_and_end_with_their_status() {
    let mock = trickling().await;
    let mut connection = Http2::open(&mock.grpc_url()).await;

    let whole = connection.call("ModelInfer", &request("g-1", "a", 3));
    let (sizes, bytes, status) = frames(whole.await.unwrap()).await;

    let answer = ModelInferResponse::decode(split(&bytes)[0]).unwrap();
    assert_eq!((&*answer.id, status.as_deref()), ("g-1", Some("0")));
    assert_eq!(sizes.iter().max(), Some(&16), "{sizes:?}");
    never_early(&entry(&mock, "g-1").await, &[bytes.len()]);
}

#[tokio::test]
async fn a_stream_of_grpc_leaves_in_drips_and_each_response_is_written_when_it_has_left() {
    let mock = trickling().await;
    let mut connection = Http2::open(&mock.grpc_url()).await;

    let streamed = connection.call("ModelStreamInfer", &request("g-1", "a", 3));
    let (sizes, bytes, status) = frames(streamed.await.unwrap()).await;

    let messages = split(&bytes);
    let last = ModelStreamInferResponse::decode(messages[3]).unwrap();
    let last = last.infer_response.unwrap();
    assert!(last.parameters.contains_key("completion_tokens"));
    assert_eq!((messages.len(), status.as_deref()), (4, Some("0")));
    assert_eq!(sizes.iter().max(), Some(&16), "{sizes:?}");
    let lengths: Vec<usize> = messages.iter().map(|message| message.len() + 5).collect();
    never_early(&entry(&mock, "g-1").await, &lengths[..3]);
}

#[tokio::test]
async fn who_leaves_before_the_last_byte_has_abandoned_an_answer_that_was_never_written() {
    let mock = mock(r#"{"faults":[{"trickle":{"bytes":"1B","pause":"20ms"}}]}"#).await;
    let (path, body) = WHOLE[0];
    let mut stream = connect(&mock.rest_url()).await;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: mock\r\nx-request-id: r-1\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut heard = String::new();
    while !heard.contains("\r\n\r\n{") {
        let byte = stream.read_u8().await.unwrap();
        heard.push(char::from(byte));
    }

    drop(stream);

    let entry = entry(&mock, "r-1").await;
    assert_eq!((entry.end, entry.writes.len()), (End::Abandoned, 0));
}

#[tokio::test]
async fn a_batch_trickles_too() {
    let spec = r#"{"batching":{},"faults":[{"trickle":{"bytes":"16B","pause":"1ms"}}]}"#;
    let mock = mock(spec).await;
    let (path, body) = STREAMS[0];

    let heard = tokio::time::timeout(Duration::from_secs(10), post(&mock, path, "r-1", body));

    let length = heard.await.unwrap().joined().unwrap();
    let events: Vec<usize> = length.split_inclusive("\n\n").map(str::len).collect();
    never_early(&entry(&mock, "r-1").await, &events[..3]);
}
