//! Clients that are slow, stand still or are too many, on sockets that hide nothing.

use crate::raw::{connect, post};
use crate::{mock, until_idle};
use inferometer_mock::End;
use serde_json::{Value, json};
use std::io::ErrorKind;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

const WHOLE: &str = r#"{"model":"tiny","prompt":"a","max_tokens":2}"#;

/// All that comes until the server ends the connection, and the error that it ended with.
async fn hear(stream: &mut TcpStream) -> (String, Option<ErrorKind>) {
    let mut bytes = Vec::new();
    let end = timeout(Duration::from_secs(10), stream.read_to_end(&mut bytes));
    let end = end.await.expect("the mock let its client go");
    let text = String::from_utf8(bytes).unwrap();
    (text, end.err().map(|error| error.kind()))
}

/// An answer of HTTP/1.1 with its length, on a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let (_, length) = head.split_once("content-length: ").unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return text;
            }
        }
        assert!(stream.read_buf(&mut bytes).await.unwrap() > 0, "{text}");
    }
}

#[tokio::test]
async fn a_client_that_never_finishes_its_headers_is_let_go() {
    let mock = mock(r#"{"limits":{"header_read":"20ms"}}"#).await;

    for said in ["", "P", "PRI * HT", "GET /v1/models HTTP/1.1\r\nhost: mo"] {
        for url in [mock.rest_url(), mock.grpc_url()] {
            let mut stream = connect(&url).await;
            stream.write_all(said.as_bytes()).await.unwrap();

            assert_eq!(hear(&mut stream).await, (String::new(), None), "{said}");
        }
    }
    let patient = post(&mock, "/v1/completions", "r-1", WHOLE).await;
    assert!(patient.text.starts_with("HTTP/1.1 200"), "{patient:?}");
}

#[tokio::test]
async fn a_body_that_stops_is_answered_with_408_and_the_connection_closes() {
    let mock = mock(r#"{"limits":{"body_read":"20ms"}}"#).await;

    for (path, told) in [
        (
            "/v1/completions",
            json!({"error": {"message": "Nothing more of the request body came for 20ms.",
                "type": "invalid_request_error", "param": null, "code": "request_timeout"}}),
        ),
        (
            "/v2/models/tiny/infer",
            json!({"error": "expected the rest of the body, found nothing more of it for 20ms"}),
        ),
    ] {
        let mut stream = connect(&mock.rest_url()).await;
        let request =
            format!("POST {path} HTTP/1.1\r\nhost: mock\r\ncontent-length: 99\r\n\r\n{{\"mod");
        stream.write_all(request.as_bytes()).await.unwrap();

        let (text, error) = hear(&mut stream).await;

        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
        assert_eq!(serde_json::from_str::<Value>(body).unwrap(), told);
        assert_eq!(error, None);
    }
    until_idle(&mock).await;
    for entry in mock.journal(0, 10).entries {
        assert_eq!(entry.end, End::Refused);
    }
}

#[tokio::test]
async fn a_body_for_the_admin_api_that_stops_is_answered_with_408_and_the_connection_closes() {
    let mock = mock(r#"{"limits":{"body_read":"20ms"}}"#).await;
    let mut stream = connect(&mock.admin_url()).await;
    let request = "PUT /admin/faults HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
        content-length: 99\r\n\r\n[{\"sta";
    stream.write_all(request.as_bytes()).await.unwrap();

    let (text, error) = hear(&mut stream).await;

    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 408 "), "{head}");
    let told = "expected the rest of the body, found nothing more of it for 20ms";
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        json!({"error": {"message": told, "field": null}})
    );
    assert_eq!(error, None);
}

#[tokio::test]
async fn a_client_that_never_reads_is_reset() {
    let mock = mock(r#"{"limits":{"write_stall":"50ms"}}"#).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4096).unwrap();
    let address = mock.rest_url().replace("http://", "").parse().unwrap();
    let mut stream = socket.connect(address).await.unwrap();
    let body = r#"{"model":"tiny","prompt":"a","max_tokens":131072,"stream":true}"#;
    let length = body.len();
    let head = "POST /v1/completions HTTP/1.1\r\nhost: mock";
    let request = format!("{head}\r\ncontent-length: {length}\r\n\r\n{body}");

    stream.write_all(request.as_bytes()).await.unwrap();
    while mock.journal(0, 1).entries.is_empty() {
        tokio::task::yield_now().await;
    }

    let mut bytes = Vec::new();
    let error = stream.read_to_end(&mut bytes).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(mock.journal(0, 1).entries[0].end, End::Abandoned);
}

#[tokio::test]
async fn connections_that_are_too_many_wait_until_another_ends() {
    let mock = mock(r#"{"limits":{"connections":1}}"#).await;
    let length = WHOLE.len();
    let head = "POST /v1/completions HTTP/1.1\r\nhost: mock";
    let request = format!("{head}\r\ncontent-length: {length}\r\n\r\n{WHOLE}");
    let mut first = connect(&mock.rest_url()).await;
    first.write_all(request.as_bytes()).await.unwrap();
    answer(&mut first).await;
    let mut second = connect(&mock.rest_url()).await;
    second.write_all(request.as_bytes()).await.unwrap();

    for _ in 0..10 {
        first.write_all(request.as_bytes()).await.unwrap();
        answer(&mut first).await;
    }
    until_idle(&mock).await;
    let before = mock.journal(0, 100).entries.len();
    drop(first);
    let late = answer(&mut second).await;

    assert_eq!(before, 11);
    assert!(late.starts_with("HTTP/1.1 200"), "{late}");
}
