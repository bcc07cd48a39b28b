//! OpenAI REST: faults as they show on the wire.

use crate::{golden, mock, until_idle};
use inferometer_mock::{Mock, Requests};
use reqwest::{Client, Response};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const STREAMED: &str = r#"{"model":"tiny","prompt":"a","max_tokens":4,"stream":true}"#;

async fn complete(mock: &Mock, id: &str, body: &str) -> Result<Response, reqwest::Error> {
    let request = Client::new()
        .post(mock.rest_url() + "/v1/completions")
        .header("x-request-id", id);
    request.body(body.to_owned()).send().await
}

/// Everything that comes back on a connection of its own until the mock closes it.
async fn raw(mock: &Mock, body: &str) -> String {
    let mut stream = TcpStream::connect(mock.rest_url().trim_start_matches("http://"))
        .await
        .unwrap();
    let length = body.len();
    let request = format!(
        "POST /v1/completions HTTP/1.1\r\nhost: mock\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn a_status_comes_with_its_wait_and_an_error_body() {
    let mock =
        mock(r#"{"faults":[{"status":{"share":"100%","http":429,"retry_after":"1500ms"}}]}"#).await;

    let response = complete(&mock, "a", STREAMED).await.unwrap();

    assert_eq!(response.status(), 429);
    assert_eq!(response.headers()["retry-after"], "2");
    assert_eq!(response.headers()["retry-after-ms"], "1500");
    assert_eq!(
        response.text().await.unwrap(),
        concat!(
            r#"{"error":{"message":"Too Many Requests, as the mock was asked to answer.","type":"rate_limit_error","#,
            r#""param":null,"code":"rate_limit_exceeded"}}"#
        )
    );
    let faults = [("status".to_owned(), 1)].into();
    assert_eq!(
        mock.counters().openai,
        Requests {
            faults,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn the_same_ids_are_struck_in_every_mock_of_one_seed() {
    let spec = r#"{"seed":7,"faults":[{"status":{"share":"30%","http":503}}]}"#;
    let (one, other) = (mock(spec).await, mock(spec).await);
    let mut struck = 0;

    for id in 0..50 {
        let first = complete(&one, &id.to_string(), STREAMED)
            .await
            .unwrap()
            .status();
        let again = complete(&one, &id.to_string(), STREAMED)
            .await
            .unwrap()
            .status();
        let elsewhere = complete(&other, &id.to_string(), STREAMED)
            .await
            .unwrap()
            .status();
        assert_eq!((first, first), (again, elsewhere));
        struck += u32::from(first == 503);
    }

    assert_eq!(struck, 15);
}

#[tokio::test]
async fn a_stalled_request_ends_with_its_client() {
    let mock = mock(r#"{"faults":[{"stall":{"share":"100%"}}]}"#).await;
    let request = complete(&mock, "a", STREAMED);

    let silent = tokio::time::timeout(Duration::from_millis(50), request).await;

    assert!(silent.is_err());
    until_idle(&mock).await;
    let faults = [("stall".to_owned(), 1)].into();
    assert_eq!(
        mock.counters().openai,
        Requests {
            faults,
            ..Requests::default()
        }
    );
}

#[tokio::test]
async fn a_cut_stream_ends_after_its_tokens_without_an_end() {
    let mock = mock(r#"{"faults":[{"cut":{"share":"100%","after_tokens":2}}]}"#).await;

    let answer = raw(&mock, STREAMED).await;

    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"));
    assert_eq!(answer.matches("data: ").count(), 2);
    assert!(answer.contains(" bravo") && !answer.contains("[DONE]"));
    assert!(!answer.ends_with("0\r\n\r\n"));
    let read = complete(&mock, "a", STREAMED).await.unwrap().text().await;
    assert!(read.is_err());
    assert_eq!(mock.counters().openai.struck_by("cut"), 2);
}

#[tokio::test]
async fn a_cut_answer_ends_inside_its_announced_length() {
    let mock = mock(r#"{"faults":[{"cut":{"share":"100%","after_tokens":2}}]}"#).await;

    let answer = raw(&mock, golden!("completion.request.json")).await;

    let whole = golden!("completion.response.json")
        .trim_end()
        .replace("golden", "unnamed-0");
    assert!(answer.contains(&format!("content-length: {}\r\n", whole.len())));
    assert!(answer.ends_with(r#""text":" alpha bravo"#), "{answer}");
}

#[tokio::test]
async fn a_cut_over_http2_resets_the_stream_and_spares_the_connection() {
    let mock = mock(r#"{"faults":[{"cut":{"share":"100%","after_tokens":2}}]}"#).await;
    let client = Client::builder().http2_prior_knowledge().build().unwrap();

    for _ in 0..2 {
        let mut response = client
            .post(mock.rest_url() + "/v1/completions")
            .body(STREAMED)
            .send()
            .await
            .unwrap();
        let first = response.chunk().await.unwrap().unwrap();
        let broken = response.chunk().await;

        assert_eq!(
            first.windows(6).filter(|bytes| bytes == b"data: ").count(),
            2
        );
        assert!(broken.is_err());
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_counted_as_gone() {
    let mock = mock(r#"{"latency":{"fixed":"1h"}}"#).await;

    for body in [STREAMED, golden!("completion.request.json")] {
        let request = async { complete(&mock, "a", body).await.unwrap().text().await };
        assert!(
            tokio::time::timeout(Duration::from_millis(50), request)
                .await
                .is_err()
        );
    }

    until_idle(&mock).await;
    assert_eq!(
        mock.counters().openai,
        Requests {
            abandoned: 2,
            ..Requests::default()
        }
    );
}
