//! Why requests finished, as the page of metrics has it under vLLM's name.

use crate::grpc_client::{client, request};
use crate::{mock, until_idle};
use inferometer_mock::Mock;
use reqwest::Client;

/// How many requests finished for each reason: length, stop, abort, error.
async fn finished(mock: &Mock) -> [u64; 4] {
    until_idle(mock).await;
    let page = mock.handle().metrics();
    ["length", "stop", "abort", "error"].map(|reason| {
        let labels = format!("engine=\"0\",finished_reason=\"{reason}\",model_name=\"tiny\"");
        let beginning = format!("vllm:request_success_total{{{labels}}} ");
        let count = page.lines().find_map(|line| line.strip_prefix(&beginning));
        count.unwrap().parse().unwrap()
    })
}

async fn post(mock: &Mock, path: &str, body: &str) {
    let url = mock.rest_url() + path;
    let response = Client::new().post(url).body(body.to_owned()).send().await;
    let response = response.unwrap();
    assert_eq!(response.status(), 200, "{body}");
    response.bytes().await.unwrap();
}

#[tokio::test]
async fn a_text_that_is_as_long_as_allowed_finished_for_its_length_on_every_protocol() {
    let mock = mock("{}").await;
    let mut grpc = client(&mock).await;

    post(
        &mock,
        "/v1/completions",
        r#"{"model":"tiny","prompt":"a","max_tokens":2}"#,
    )
    .await;
    post(
        &mock,
        "/v2/models/tiny/generate",
        r#"{"text_input":"a","max_tokens":2}"#,
    )
    .await;
    grpc.model_infer(request("a", "hello", 2)).await.unwrap();
    assert_eq!(finished(&mock).await, [3, 0, 0, 0]);

    post(&mock, "/v1/completions", r#"{"model":"tiny","prompt":"a"}"#).await;
    let stopped = r#"{"model":"tiny","prompt":"a","max_tokens":9,"stop":" bravo"}"#;
    post(&mock, "/v1/completions", stopped).await;
    post(&mock, "/v2/models/tiny/generate", r#"{"text_input":"a"}"#).await;
    post(&mock, "/v1/embeddings", r#"{"model":"tiny","input":"a"}"#).await;
    assert_eq!(finished(&mock).await, [3, 4, 0, 0]);
}

#[tokio::test]
async fn a_text_that_nobody_waited_for_was_aborted_whatever_it_was_allowed() {
    let mock = mock(r#"{"per_output_token":{"fixed":"1h"}}"#).await;
    let request = Client::new().post(mock.rest_url() + "/v1/completions");
    let body = r#"{"model":"tiny","prompt":"a","max_tokens":2,"stream":true}"#;

    let mut response = request.body(body).send().await.unwrap();
    let first = response.chunk().await.unwrap();
    drop(response);

    assert!(first.is_some());
    assert_eq!(finished(&mock).await, [0, 0, 1, 0]);
}
