//! OpenAI REST: what a well-behaved client gets, byte for byte.

use crate::{golden, mock};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Response};
use serde_json::Value;

const CHAT: &str = "/v1/chat/completions";
const COMPLETION: &str = "/v1/completions";

async fn post(url: &str, path: &str, body: impl Into<String>) -> Response {
    let request = Client::new()
        .post(format!("{url}{path}"))
        .header("x-request-id", "golden")
        .body(body.into());
    request.send().await.unwrap()
}

/// The golden request with `"stream":true` and a final usage chunk.
fn streamed(request: &str) -> String {
    let request = request.trim_end().strip_suffix('}').unwrap();
    format!(r#"{request},"stream":true,"stream_options":{{"include_usage":true}}}}"#)
}

async fn usage(url: &str, path: &str, body: &str) -> (u64, u64, u64) {
    let answer: Value =
        serde_json::from_str(&post(url, path, body).await.text().await.unwrap()).unwrap();
    let number = |field| answer["usage"][field].as_u64().unwrap();
    (
        number("prompt_tokens"),
        number("completion_tokens"),
        number("total_tokens"),
    )
}

#[tokio::test]
async fn answers_are_the_golden_ones_byte_for_byte() {
    let mock = mock("{}").await;

    for (path, request, expected) in [
        (
            CHAT,
            golden!("chat.request.json"),
            golden!("chat.response.json"),
        ),
        (
            COMPLETION,
            golden!("completion.request.json"),
            golden!("completion.response.json"),
        ),
    ] {
        let response = post(&mock.rest_url(), path, request).await;

        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(response.headers()["x-request-id"], "golden");
        assert_eq!(response.text().await.unwrap(), expected.trim_end());
    }
}

#[tokio::test]
async fn streams_are_the_golden_ones_byte_for_byte() {
    let mock = mock("{}").await;

    for (path, request, expected) in [
        (
            CHAT,
            golden!("chat.request.json"),
            golden!("chat.stream.sse"),
        ),
        (
            COMPLETION,
            golden!("completion.request.json"),
            golden!("completion.stream.sse"),
        ),
    ] {
        let response = post(&mock.rest_url(), path, streamed(request)).await;

        assert_eq!(response.status(), 200);
        assert_eq!(
            response.headers()[CONTENT_TYPE],
            "text/event-stream; charset=utf-8"
        );
        assert_eq!(response.text().await.unwrap(), expected);
    }
}

#[tokio::test]
async fn a_paced_stream_has_the_same_bytes_as_a_fast_one() {
    let mock = mock(r#"{"latency":{"fixed":"3ms"},"per_output_token":{"fixed":"3ms"}}"#).await;

    let response = post(
        &mock.rest_url(),
        CHAT,
        streamed(golden!("chat.request.json")),
    )
    .await;

    assert_eq!(response.text().await.unwrap(), golden!("chat.stream.sse"));
}

#[tokio::test]
async fn http2_without_tls_gets_the_same_answer() {
    let mock = mock("{}").await;
    let client = Client::builder().http2_prior_knowledge().build().unwrap();

    let request = client
        .post(mock.rest_url() + CHAT)
        .header("x-request-id", "golden");
    let response = request
        .body(golden!("chat.request.json"))
        .send()
        .await
        .unwrap();

    assert_eq!(response.version(), reqwest::Version::HTTP_2);
    assert_eq!(
        response.text().await.unwrap(),
        golden!("chat.response.json").trim_end()
    );
}

#[tokio::test]
async fn a_stream_without_usage_mentions_none() {
    let mock = mock("{}").await;
    let request = r#"{"model":"tiny","prompt":"a","max_tokens":1,"stream":true}"#;

    let events = post(&mock.rest_url(), COMPLETION, request)
        .await
        .text()
        .await
        .unwrap();

    assert_eq!(events.matches("data: ").count(), 3);
    assert!(!events.contains("usage"));
    assert!(events.ends_with("\n\ndata: [DONE]\n\n"));
}

#[tokio::test]
async fn there_are_exactly_as_many_tokens_as_asked_for_and_sixteen_when_not_asked() {
    let mock = mock("{}").await;
    let url = mock.rest_url();
    let chat = |fields: &str| {
        format!(r#"{{"model":"tiny","messages":[{{"role":"user","content":"a b"}}]{fields}}}"#)
    };

    assert_eq!(usage(&url, CHAT, &chat("")).await, (2, 16, 18));
    assert_eq!(
        usage(&url, CHAT, &chat(r#","max_tokens":100"#)).await,
        (2, 100, 102)
    );
    assert_eq!(
        usage(
            &url,
            CHAT,
            &chat(r#","max_completion_tokens":7,"max_tokens":9"#)
        )
        .await,
        (2, 7, 9)
    );
    let streamed = chat(r#","max_tokens":3000,"stream":true"#);
    let events = post(&url, CHAT, streamed).await.text().await.unwrap();
    assert_eq!(events.matches(r#"{"content":" "#).count(), 3000);
}

#[tokio::test]
async fn an_answer_of_its_own_length_stops_and_one_of_a_given_length_ends_for_length() {
    let mock = mock("{}").await;

    let free = post(
        &mock.rest_url(),
        COMPLETION,
        r#"{"model":"tiny","prompt":"a"}"#,
    )
    .await
    .text()
    .await
    .unwrap();
    let bound = post(
        &mock.rest_url(),
        COMPLETION,
        golden!("completion.request.json"),
    )
    .await
    .text()
    .await
    .unwrap();

    assert!(free.contains(r#""finish_reason":"stop""#));
    assert!(bound.contains(r#""finish_reason":"length""#));
}

#[tokio::test]
async fn prompts_are_counted_in_every_shape() {
    let mock = mock("{}").await;
    let url = mock.rest_url();

    for (messages, words) in [
        (
            r#"[{"role":"system","content":"be brief"},{"role":"user","content":"a\tb\nc"}]"#,
            5,
        ),
        (
            r#"[{"role":"user","content":[{"type":"text","text":"a b"},{"type":"image_url","image_url":{}}]}]"#,
            2,
        ),
        (
            r#"[{"role":"assistant","content":null,"tool_calls":[]}]"#,
            0,
        ),
        (r#"[{"role":"user"}]"#, 0),
    ] {
        let body =
            format!(r#"{{"model":"tiny","messages":{messages},"temperature":0.7,"made_up":{{}}}}"#);
        assert_eq!(
            usage(&url, CHAT, &body).await,
            (words, 16, words + 16),
            "{messages}"
        );
    }
    for (prompt, words) in [
        (r#""a b c""#, 3),
        (r#"["a b"]"#, 2),
        ("[1,2,3,4]", 4),
        ("[]", 0),
    ] {
        let body = format!(r#"{{"model":"tiny","prompt":{prompt}}}"#);
        assert_eq!(
            usage(&url, COMPLETION, &body).await,
            (words, 16, words + 16),
            "{prompt}"
        );
    }
}

#[tokio::test]
async fn requests_without_an_id_are_numbered() {
    let mock = mock("{}").await;
    let client = Client::new();

    for expected in ["cmpl-unnamed-0", "cmpl-unnamed-1"] {
        let request = client
            .post(mock.rest_url() + COMPLETION)
            .body(golden!("completion.request.json"));
        let answer: Value =
            serde_json::from_str(&request.send().await.unwrap().text().await.unwrap()).unwrap();

        assert_eq!(answer["id"], expected);
    }
}

#[tokio::test]
async fn ids_and_models_are_escaped() {
    let mock = mock(r#"{"models":[{"name":"a\"\\\nb"}]}"#).await;
    let request = Client::new()
        .post(mock.rest_url() + COMPLETION)
        .header("x-request-id", r#"q"\"#);

    let response = request
        .body(r#"{"model":"a\"\\\nb","prompt":"a"}"#)
        .send()
        .await
        .unwrap();

    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!(answer["id"], r#"cmpl-q"\"#);
    assert_eq!(answer["model"], "a\"\\\nb");
}

#[tokio::test]
async fn only_loaded_models_are_listed() {
    let default = mock("{}").await;
    let several = mock(r#"{"models":[{"name":"org/a"},{"name":"b","loaded":false}]}"#).await;

    let listed = reqwest::get(default.rest_url() + "/v1/models")
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert_eq!(listed, golden!("models.response.json").trim_end());
    let listed = reqwest::get(several.rest_url() + "/v1/models")
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(listed.contains("org/a") && !listed.contains(r#""b""#));
    for path in ["/v1/models/org/a", "/v1/models/org%2Fa"] {
        let one = reqwest::get(several.rest_url() + path)
            .await
            .unwrap()
            .text()
            .await
            .unwrap();
        assert_eq!(
            one,
            r#"{"id":"org/a","object":"model","created":1700000000,"owned_by":"inferometer"}"#
        );
    }
    assert_eq!(
        reqwest::get(several.rest_url() + "/v1/models/b")
            .await
            .unwrap()
            .status(),
        404
    );
}

#[tokio::test]
async fn health_is_ok() {
    let mock = mock("{}").await;

    let response = reqwest::get(mock.rest_url() + "/health").await.unwrap();

    assert_eq!(response.status(), 200);
    assert_eq!(response.text().await.unwrap(), r#"{"status":"ok"}"#);
}
