//! Answers as servers in the wild send them, and as broken ones do.

use super::servers::{Raw, Server};
use super::*;
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, ResponseTemplate};

/// What a client makes of a streamed answer with this body.
#[derive(Debug, PartialEq)]
struct Read {
    chunks: Vec<(String, u32)>,
    failure: Option<FailureKind>,
    usage: Option<(u64, u64)>,
    finish: Option<String>,
}

impl Read {
    fn of(chunks: &[&str], usage: Option<(u64, u64)>, finish: &str) -> Self {
        Self {
            chunks: chunks.iter().map(|text| ((*text).to_owned(), 1)).collect(),
            failure: None,
            usage,
            finish: (!finish.is_empty()).then(|| finish.to_owned()),
        }
    }
}

async fn read(body: impl Into<String>) -> Read {
    let server = MockServer::start().await;
    let answer =
        ResponseTemplate::new(200).set_body_raw(body.into(), "text/event-stream; charset=utf-8");
    Mock::given(any()).respond_with(answer).mount(&server).await;
    read_from(server.uri()).await
}

async fn read_from(url: String) -> Read {
    let client = client(Mode::Rest, 1, &[openai(url)]);
    let mut reply = client.inference().open(&prompt(true)).await.unwrap();
    let (chunks, failure) = drain(&mut reply).await;
    Read {
        chunks,
        failure,
        usage: reply
            .usage()
            .map(|usage| (usage.prompt_tokens, usage.completion_tokens)),
        finish: reply.finish_reason().map(str::to_owned),
    }
}

#[tokio::test]
async fn llama_cpp_python_spaces_its_json_and_never_counts() {
    let body = concat!(
        r#"data: {"id": "c", "choices": [{"index": 0, "delta": {"role": "assistant"}, "finish_reason": null}]}"#,
        "\r\n\r\n",
        r#"data: {"id": "c", "choices": [{"index": 0, "delta": {"content": "a"}, "finish_reason": null}]}"#,
        "\r\n\r\n",
        r#"data: {"id": "c", "choices": [{"index": 0, "delta": {}, "finish_reason": "length"}]}"#,
        "\r\n\r\n",
        "data: [DONE]\r\n\r\n",
    );

    assert_eq!(read(body).await, Read::of(&["a"], None, "length"));
}

#[tokio::test]
async fn llama_server_counts_completions_on_the_finish_chunk() {
    let body = concat!(
        r#"data: {"choices":[{"text":"a","index":0,"logprobs":null,"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"choices":[{"text":"","index":0,"logprobs":null,"finish_reason":"length"}],"usage":{"completion_tokens":1,"prompt_tokens":7,"total_tokens":8},"timings":{"prompt_ms":1.5}}"#,
        "\n\n",
        "data: [DONE]\n\n",
    );

    assert_eq!(read(body).await, Read::of(&["a"], Some((7, 1)), "length"));
}

#[tokio::test]
async fn llama_server_begins_a_chat_with_a_null_text_and_counts_on_a_chunk_without_choices() {
    let body = concat!(
        r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"finish_reason":null,"index":0,"delta":{"content":"a"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"finish_reason":"stop","index":0,"delta":{}}]}"#,
        "\n\n",
        r#"data: {"choices":[],"usage":{"completion_tokens":1,"prompt_tokens":7,"total_tokens":8},"timings":{"prompt_n":7,"prompt_ms":1.5,"predicted_n":1,"predicted_ms":2.5}}"#,
        "\n\n",
        "data: [DONE]\n\n",
    );

    assert_eq!(read(body).await, Read::of(&["a"], Some((7, 1)), "stop"));
}

#[tokio::test]
async fn vllm_counts_on_a_chunk_without_choices() {
    let body = concat!(
        r#"data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"content":" two tokens"},"finish_reason":null}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0,"delta":{"content":"."},"finish_reason":"stop"}]}"#,
        "\n\n",
        r#"data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":3,"total_tokens":6}}"#,
        "\n\n",
        "data: [DONE]\n\n",
    );

    assert_eq!(
        read(body).await,
        Read::of(&[" two tokens", "."], Some((3, 3)), "stop")
    );
}

#[tokio::test]
async fn transformers_ends_without_done_and_leaves_the_finish_reason_out() {
    let body = concat!(
        r#"data: {"choices":[{"delta":{"role":"assistant"},"index":0}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"content":"a"},"index":0}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{},"finish_reason":"stop","index":0}],"usage":{"completion_tokens":1,"prompt_tokens":2}}"#,
        "\n\n",
    );

    assert_eq!(read(body).await, Read::of(&["a"], Some((2, 1)), "stop"));
}

#[tokio::test]
async fn litellm_sends_choices_without_text() {
    let body = concat!(
        r#"data: {"choices":[{"delta":{"role":"assistant","content":"a"},"index":0}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":0}],"usage":{"completion_tokens":20,"prompt_tokens":10}}"#,
        "\n\n",
        "data: [DONE]\n\n",
    );

    assert_eq!(read(body).await, Read::of(&["a"], Some((10, 20)), ""));
}

#[tokio::test]
async fn guidellms_mock_counts_its_index_up() {
    let body = concat!(
        r#"data: {"choices":[{"index":0,"delta":{"content":"a"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"index":1,"delta":{"content":"b"}}]}"#,
        "\n\n",
        r#"data: {"choices":null,"usage":{"completion_tokens":2,"prompt_tokens":1}}"#,
        "\n\n",
        "data: [DONE]\n\n",
    );

    assert_eq!(read(body).await, Read::of(&["a", "b"], Some((1, 2)), ""));
}

#[tokio::test]
async fn reasoning_and_tool_calls_are_tokens_without_text() {
    let body = concat!(
        ": keep-alive\n\n",
        r#"data: {"choices":[{"delta":{"reasoning_content":"hm\n"}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"reasoning":"so","content":null}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"tool_calls":[{"index":0}]}}]}"#,
        "\n\n",
        r#"data: {"choices":[{"delta":{"content":"","tool_calls":[]},"finish_reason":"tool_calls"}]}"#,
        "\n\n",
    );

    assert_eq!(
        read(body).await,
        Read::of(&["", "", ""], None, "tool_calls")
    );
}

#[tokio::test]
async fn an_end_without_finish_reason_or_done_is_truncated() {
    let body = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

    let read = read(body).await;

    assert_eq!(read.chunks, [("a".to_owned(), 1)]);
    assert_eq!(read.failure, Some(FailureKind::Truncated));
}

#[tokio::test]
async fn a_connection_that_breaks_in_the_middle_is_truncated() {
    let server = Server::start(Raw::Answers(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
          2c\r\ndata: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n",
    ))
    .await;

    assert_eq!(
        read_from(server.url.clone()).await.failure,
        Some(FailureKind::Truncated)
    );
}

#[tokio::test]
async fn what_breaks_after_done_takes_nothing_from_the_answer() {
    let server = Server::start(Raw::Answers(
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n\
          e\r\ndata: [DONE]\n\n\r\n",
    ))
    .await;

    assert_eq!(read_from(server.url.clone()).await, Read::of(&[], None, ""));
}

#[tokio::test]
async fn an_error_inside_a_stream_counts_as_the_status_it_names() {
    let coded = read("data: {\"error\":{\"message\":\"too long\",\"code\":400}}\n\n").await;
    let worded = read("data: {\"error\":{\"message\":\"oops\",\"code\":\"internal\"}}\n\n").await;
    let bare = read("data: {\"error\":\"oops\"}\n\n").await;

    assert_eq!(coded.failure, Some(FailureKind::Http(400)));
    assert_eq!(worded.failure, Some(FailureKind::Http(500)));
    assert_eq!(bare.failure, Some(FailureKind::Http(500)));
}

/// Why the first answer to a streamed request failed.
async fn told_in_stream(events: String) -> String {
    let server = MockServer::start().await;
    let stream = ResponseTemplate::new(200).set_body_raw(events, "text/event-stream");
    Mock::given(any()).respond_with(stream).mount(&server).await;
    let client = client(Mode::Rest, 1, &[openai(server.uri())]);

    let failed = client.inference().execute(&prompt(true)).await;

    failed.unwrap_err().failure.message
}

#[tokio::test]
async fn what_a_server_says_inside_a_stream_is_cut_as_an_error_body_is() {
    let long = "é".repeat(501);

    for error in [format!("{{\"message\":\"{long}\"}}"), format!("\"{long}\"")] {
        let told = told_in_stream(format!("data: {{\"error\":{error}}}\n\n")).await;

        let kept = "é".repeat(500);
        assert_eq!(told, format!("server reported inside its answer: {kept}"));
    }
}

#[tokio::test]
async fn json_of_another_shape_is_quoted_in_part_and_told_by_its_place() {
    let long = "x".repeat(1 << 20);

    let told = told_in_stream(format!("data: {{\"choices\":\"{long}\"}}\n\n")).await;

    assert!(told.starts_with("expected JSON as the OpenAI API has it: invalid type: string"));
    assert!(
        told.ends_with("x... at line 1 column 1048589"),
        "{}",
        told.len()
    );
    assert!(told.len() < 600, "{}", told.len());
}

#[tokio::test]
async fn a_list_is_no_object_in_an_answer() {
    for event in [
        r#"[[{"text":"a"}],null,null]"#,
        r#"{"choices":[[null,null,"a","stop"]]}"#,
        r#"{"choices":[{"delta":["a",null,null,null,null]}]}"#,
        r#"{"choices":[],"usage":[1,2]}"#,
    ] {
        let read = read(format!("data: {event}\n\ndata: [DONE]\n\n")).await;

        assert_eq!(read.failure, Some(FailureKind::Malformed), "{event}");
    }
}

#[tokio::test]
async fn what_is_no_json_or_no_stream_is_malformed() {
    let garbage = read("data: {\"choices\":[{\"del\n\n").await;
    let server = MockServer::start().await;
    let page = ResponseTemplate::new(200).set_body_raw("{}", "application/json");
    Mock::given(any()).respond_with(page).mount(&server).await;

    let failed = client(Mode::Rest, 1, &[openai(server.uri())])
        .inference()
        .open(&prompt(true))
        .await
        .unwrap_err();

    assert_eq!(garbage.failure, Some(FailureKind::Malformed));
    assert_eq!(
        failed.failure.to_string(),
        "malformed: expected a stream of content type text/event-stream, found \"application/json\""
    );
}

#[tokio::test]
async fn error_bodies_of_every_known_form_are_quoted() {
    for (body, said) in [
        (
            r#"{"error":{"message":"no","type":"t","param":null,"code":null}}"#,
            "no",
        ),
        (r#"{"error":{"message":"no","code":400}}"#, "no"),
        (
            r#"{"error":{"message":"no","code":"model_not_found"}}"#,
            "no",
        ),
        (r#"{"error":"no"}"#, "no"),
        (r#"{"detail":[{"msg":"no"}]}"#, r#"[{"msg":"no"}]"#),
        (r#"{"message":"no"}"#, "no"),
        ("  no\n", "no"),
    ] {
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(422).set_body_string(body);
        Mock::given(any()).respond_with(answer).mount(&server).await;

        let failed = client(Mode::Rest, 1, &[openai(server.uri())])
            .inference()
            .open(&prompt(false))
            .await
            .unwrap_err();

        let expected = format!("server answered 422 Unprocessable Entity: {said}");
        assert_eq!(failed.failure.message, expected);
    }
}
