//! OpenAI REST: what a client gets that asks for more than words: several choices, log probabilities, reasoning, tool
//! calls, structured output, and an end before the end.

use crate::{golden, mock};
use inferometer_mock::Mock;
use reqwest::Client;
use serde_json::Value;

const CHAT: &str = "/v1/chat/completions";
const COMPLETION: &str = "/v1/completions";

async fn post(mock: &Mock, path: &str, body: String) -> String {
    let request = Client::new()
        .post(mock.rest_url() + path)
        .header("x-request-id", "golden")
        .body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.text().await.unwrap()
}

/// A chat request with further fields.
async fn chat(mock: &Mock, fields: &str) -> Value {
    let body =
        format!(r#"{{"model":"tiny","messages":[{{"role":"user","content":"a"}}],{fields}}}"#);
    serde_json::from_str(&post(mock, CHAT, body).await).unwrap()
}

/// The path, request, answer and stream of one form.
macro_rules! form {
    ($path:expr, $name:literal) => {
        (
            $path,
            golden!(concat!($name, ".request.json")),
            golden!(concat!($name, ".response.json")),
            golden!(concat!($name, ".stream.sse")),
        )
    };
}

#[tokio::test]
async fn every_form_is_the_golden_one_byte_for_byte_whole_and_streamed() {
    let mock = mock("{}").await;

    for (path, request, whole, events) in [
        form!(CHAT, "chat.call"),
        form!(CHAT, "chat.choices"),
        form!(CHAT, "chat.logprobs"),
        form!(CHAT, "chat.reasoning"),
        form!(CHAT, "chat.structured"),
        form!(COMPLETION, "completion.choices"),
        form!(COMPLETION, "completion.logprobs"),
    ] {
        let request = request.trim_end();
        let fields = request.strip_suffix('}').unwrap();
        let streamed =
            format!(r#"{fields},"stream":true,"stream_options":{{"include_usage":true}}}}"#);

        let answer = post(&mock, path, request.to_owned()).await;
        assert_eq!(answer, whole.trim_end());
        assert_eq!(post(&mock, path, streamed).await, events);
    }
}

#[tokio::test]
async fn the_journal_tells_the_tokens_that_were_really_generated() {
    let mock = mock("{}").await;

    chat(&mock, r#""max_tokens":9,"stop":[" zulu","har"]"#).await;
    chat(&mock, r#""max_tokens":9,"stop":" alpha""#).await;
    chat(&mock, r#""max_tokens":3,"n":4"#).await;
    let streamed =
        r#"{"model":"tiny","prompt":"a","max_tokens":9,"stop":" delta","n":2,"stream":true}"#;
    post(&mock, COMPLETION, streamed.to_owned()).await;

    let entries = mock.journal(0, 10).entries;
    let tokens: Vec<_> = entries
        .iter()
        .map(|entry| {
            let written: Vec<_> = entry.writes.iter().map(|write| write.tokens).collect();
            (entry.output_tokens, written)
        })
        .collect();
    assert_eq!(
        tokens,
        [
            (3, vec![3]),
            (0, vec![0]),
            (12, vec![12]),
            (5, vec![2, 2, 1])
        ]
    );
}

#[tokio::test]
async fn choices_go_forward_together_and_take_the_time_of_one() {
    let mock = mock(r#"{"latency":{"fixed":"2ms"},"per_output_token":{"fixed":"2ms"}}"#).await;

    chat(&mock, r#""max_tokens":4,"n":100"#).await;

    let page = mock.journal(0, 1);
    let [entry] = page.entries.as_slice() else {
        panic!("one request was made")
    };
    let write = entry.writes[0];
    let due = write.at_ns - u64::from(write.late_ns) - entry.arrived_ns;
    // The arrival is read by two clocks, some nanoseconds apart.
    assert_eq!((due + 500_000) / 1_000_000, 8);
}

#[tokio::test]
async fn tools_are_called_when_that_is_required_and_never_of_its_own_accord() {
    let mock = mock("{}").await;
    let tools = r#""tools":[{"type":"custom"},{"type":"function","function":{"name":"a"}},{"type":"function","function":{"name":"b"}}]"#;

    for (choice, called) in [
        (r#""auto""#, None),
        (r#""none""#, None),
        ("null", None),
        (r#""required""#, Some("a")),
        (r#"{"type":"function","function":{"name":"b"}}"#, Some("b")),
    ] {
        let answer = chat(&mock, &format!(r#"{tools},"tool_choice":{choice}"#)).await;

        let choice = &answer["choices"][0];
        let function = &choice["message"]["tool_calls"][0]["function"];
        assert_eq!(function["name"].as_str(), called);
        let reason = if called.is_some() {
            "tool_calls"
        } else {
            "stop"
        };
        assert_eq!(choice["finish_reason"], reason);
    }
}

#[tokio::test]
async fn reasoning_comes_before_a_call_and_both_keep_within_the_tokens() {
    let mock = mock("{}").await;
    let tools = r#""tools":[{"type":"function","function":{"name":"a","parameters":{"properties":{"x":{"const":"y"}}}}}],
        "tool_choice":"required","reasoning_effort":"high""#;

    let answer = chat(&mock, &format!(r#"{tools},"max_tokens":8"#)).await;

    let choice = &answer["choices"][0];
    assert_eq!(
        choice["message"]["reasoning_content"],
        " alpha bravo charlie delta echo foxtrot"
    );
    assert_eq!(
        choice["message"]["tool_calls"][0]["function"]["arguments"],
        r#"{"x"#
    );
    assert_eq!(choice["finish_reason"], "length");
    assert_eq!(answer["usage"]["completion_tokens"], 8);
}

#[tokio::test]
async fn an_answer_that_breaks_off_ends_within_its_first_choice() {
    let mock = mock(r#"{"faults":[{"cut":{"share":"100%","after_tokens":3}}]}"#).await;
    let body = r#"{"model":"tiny","messages":[{"role":"user","content":"a"}],"n":2,"reasoning_effort":"minimal"}"#;
    let request = Client::new().post(mock.rest_url() + CHAT).body(body);

    let mut response = request.send().await.unwrap();

    let start = response.chunk().await.unwrap().unwrap();
    assert!(
        start.ends_with(br#""reasoning_content":" alpha bravo","content":" charlie"#),
        "{start:?}"
    );
    assert!(response.chunk().await.is_err());
}

#[tokio::test]
async fn a_prompt_is_repeated_and_nothing_else_when_no_tokens_are_wanted() {
    let mock = mock("{}").await;

    for (prompt, text) in [
        (r#""a \"b\"""#, r#"a "b""#),
        ("[0,27,18446744073709551615]", " alpha bravo papa"),
        ("[[2],[3]]", " charlie"),
    ] {
        let body = format!(r#"{{"model":"tiny","prompt":{prompt},"echo":true,"max_tokens":0}}"#);
        let answer: Value = serde_json::from_str(&post(&mock, COMPLETION, body).await).unwrap();

        assert_eq!(answer["choices"][0]["text"], text);
        assert_eq!(answer["usage"]["completion_tokens"], 0);
    }
}
