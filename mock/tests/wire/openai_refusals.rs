//! OpenAI REST: what a client that makes a mistake is told.

use crate::{golden, mock};
use inferometer_mock::Mock;
use reqwest::{Client, Method};
use serde_json::Value;

/// Status, message, `param` and `code` of an error answer; the rest of its form is checked on the way.
async fn refusal(
    mock: &Mock,
    method: Method,
    path: &str,
    body: Vec<u8>,
) -> (u16, String, Value, Value) {
    let request = Client::new()
        .request(method, mock.rest_url() + path)
        .body(body);
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    let error = answer["error"].as_object().unwrap();
    assert_eq!(
        error.keys().collect::<Vec<_>>(),
        ["message", "type", "param", "code"]
    );
    assert!(error["type"].is_string());
    (
        status,
        error["message"].as_str().unwrap().to_owned(),
        error["param"].clone(),
        error["code"].clone(),
    )
}

async fn bad_request(mock: &Mock, path: &str, body: &str) -> (String, Option<String>) {
    let (status, message, param, _) = refusal(mock, Method::POST, path, body.into()).await;
    assert_eq!(status, 400, "{body}: {message}");
    (message, param.as_str().map(str::to_owned))
}

#[tokio::test]
async fn an_unknown_model_is_the_golden_error() {
    let mock = mock("{}").await;
    let body = golden!("chat.request.json").replace("tiny", "absent");

    let response = Client::new()
        .post(mock.rest_url() + "/v1/chat/completions")
        .body(body)
        .send()
        .await
        .unwrap();

    assert_eq!(response.status(), 404);
    assert_eq!(
        response.text().await.unwrap(),
        golden!("error.response.json").trim_end()
    );
}

#[tokio::test]
async fn a_model_that_is_not_loaded_is_unavailable() {
    let mock = mock(r#"{"models":[{"name":"cold","loaded":false}]}"#).await;
    let body = r#"{"model":"cold","prompt":"a"}"#;

    let (status, message, param, code) =
        refusal(&mock, Method::POST, "/v1/completions", body.into()).await;

    assert_eq!(
        (status, message.as_str()),
        (503, "The model `cold` is not loaded.")
    );
    assert_eq!((param, code), ("model".into(), "model_not_ready".into()));
}

#[tokio::test]
async fn missing_fields_are_named() {
    let mock = mock("{}").await;

    for (path, body, field) in [
        ("/v1/chat/completions", "{}", "messages"),
        (
            "/v1/chat/completions",
            r#"{"messages":[{"role":"user","content":"a"}]}"#,
            "model",
        ),
        (
            "/v1/chat/completions",
            r#"{"model":"tiny","messages":null}"#,
            "messages",
        ),
        (
            "/v1/chat/completions",
            r#"{"model":"tiny","messages":[]}"#,
            "messages",
        ),
        (
            "/v1/chat/completions",
            r#"{"model":"tiny","messages":[{"content":"a"}]}"#,
            "messages[0].role",
        ),
        ("/v1/completions", "{}", "prompt"),
        ("/v1/completions", r#"{"prompt":"a"}"#, "model"),
    ] {
        assert_eq!(
            bad_request(&mock, path, body).await.1.as_deref(),
            Some(field),
            "{body}"
        );
    }
}

#[tokio::test]
async fn fields_of_the_wrong_type_or_range_are_named() {
    let mock = mock("{}").await;

    for (fields, param) in [
        (r#""model":5"#, "model"),
        (r#""messages":"hello""#, "messages"),
        (
            r#""messages":[{"role":"user","content":5}]"#,
            "messages[0].content",
        ),
        (
            r#""messages":[{"role":"user","content":[{"type":"text","text":5}]}]"#,
            "messages[0].content[0].text",
        ),
        (r#""messages":[{"role":1}]"#, "messages[0].role"),
        (r#""stream":"yes""#, "stream"),
        (
            r#""stream_options":{"include_usage":1}"#,
            "stream_options.include_usage",
        ),
        (r#""max_tokens":"ten""#, "max_tokens"),
        (r#""max_tokens":1.5"#, "max_tokens"),
        (r#""max_tokens":0"#, "max_tokens"),
        (r#""max_tokens":-1"#, "max_tokens"),
        (r#""max_tokens":131073"#, "max_tokens"),
        (r#""max_completion_tokens":0"#, "max_completion_tokens"),
    ] {
        assert_param(&mock, fields, param).await;
    }
}

#[tokio::test]
async fn wishes_that_cannot_be_met_are_named() {
    let mock = mock("{}").await;

    for (fields, param) in [
        (r#""n":0"#, "n"),
        (r#""n":129"#, "n"),
        (r#""n":128,"max_tokens":1025"#, "max_tokens"),
        (r#""temperature":2.1"#, "temperature"),
        (r#""temperature":-0.1"#, "temperature"),
        (r#""temperature":"hot""#, "temperature"),
        (r#""top_p":1.5"#, "top_p"),
        (r#""presence_penalty":3"#, "presence_penalty"),
        (r#""frequency_penalty":-3"#, "frequency_penalty"),
        (r#""top_logprobs":3"#, "top_logprobs"),
        (r#""logprobs":true,"top_logprobs":21"#, "top_logprobs"),
        (r#""logprobs":3"#, "logprobs"),
        (
            r#""logprobs":true,"top_logprobs":20,"max_tokens":6242"#,
            "logprobs",
        ),
        (r#""stop":["a","b","c","d","e"]"#, "stop"),
        (r#""stop":"""#, "stop"),
        (r#""stop":["a",5]"#, "stop[1]"),
        (r#""stop":5"#, "stop"),
        (r#""reasoning_effort":"huge""#, "reasoning_effort"),
        (r#""tool_choice":"required""#, "tool_choice"),
        (r#""tool_choice":"perhaps""#, "tool_choice"),
        (
            r#""tools":[{"type":"function","function":{"name":"a"}}],"tool_choice":{"type":"function","function":{"name":"b"}}"#,
            "tool_choice",
        ),
        (r#""tools":5"#, "tools"),
        (
            r#""response_format":{"type":"xml"}"#,
            "response_format.type",
        ),
        (
            r#""response_format":{"type":"json_schema"}"#,
            "response_format.json_schema.schema",
        ),
    ] {
        assert_param(&mock, fields, param).await;
    }
}

/// A chat request with these fields, and whatever else it needs, is refused because of one of them.
async fn assert_param(mock: &Mock, fields: &str, param: &str) {
    let rest = [
        (r#""model":"tiny""#, "model"),
        (r#""messages":[{"role":"user","content":"a"}]"#, "messages"),
    ];
    let rest = rest
        .iter()
        .filter(|(_, name)| !fields.starts_with(&format!(r#""{name}""#)));
    let body: Vec<_> = rest.map(|(field, _)| *field).chain([fields]).collect();
    let body = format!("{{{}}}", body.join(","));
    let (_, found) = bad_request(mock, "/v1/chat/completions", &body).await;
    assert_eq!(found.as_deref(), Some(param), "{body}");
}

#[tokio::test]
async fn messages_say_what_was_expected() {
    let mock = mock("{}").await;
    let completion = |fields: &str| format!(r#"{{"model":"tiny","prompt":"a",{fields}}}"#);

    let (message, _) =
        bad_request(&mock, "/v1/completions", &completion(r#""max_tokens":0"#)).await;
    assert_eq!(
        message,
        "`max_tokens`: expected 1 to 131072 output tokens, found `0`."
    );
    for (fields, expected) in [
        (r#""n":129"#, "`n`: expected 1 to 128, found `129`."),
        (
            r#""temperature":2.5"#,
            "`temperature`: expected 0 to 2, found `2.5`.",
        ),
        (
            r#""n":2,"max_tokens":100000"#,
            "`max_tokens`: expected at most 131072 output tokens in all choices together, found `200000`.",
        ),
        (
            r#""logprobs":20,"max_tokens":10000"#,
            "Expected at most 131072 log probabilities in one answer, found `210000`.",
        ),
    ] {
        let (message, _) = bad_request(&mock, "/v1/completions", &completion(fields)).await;
        assert_eq!(message, expected);
    }
    let many = format!(
        r#"{{"model":"tiny","prompt":[{}"a"]}}"#,
        r#""a","#.repeat(2048)
    );
    assert_eq!(
        bad_request(&mock, "/v1/completions", &many).await,
        (
            "Expected at most 2048 choices in one answer, found `2049`.".to_owned(),
            Some("prompt".to_owned())
        )
    );
}

#[tokio::test]
async fn what_is_not_json_is_refused() {
    let mock = mock("{}").await;

    for body in [
        "",
        "{",
        "nonsense",
        "[1,2]",
        "null",
        "5",
        r#"{"model":"tiny""#,
        "\u{feff}{}",
        r#"{"a":1}x"#,
    ] {
        bad_request(&mock, "/v1/chat/completions", body).await;
    }
    for body in [
        b"\xff\xfe".to_vec(),
        b"{\"model\":\"\xff\"}".to_vec(),
        "[".repeat(100_000).into_bytes(),
    ] {
        let (status, ..) = refusal(&mock, Method::POST, "/v1/completions", body).await;
        assert_eq!(status, 400);
    }
}

#[tokio::test]
async fn a_body_over_four_mebibytes_is_refused_whether_announced_or_not() {
    let mock = mock("{}").await;
    let url = mock.rest_url() + "/v1/completions";
    let large = vec![b' '; 4 * 1024 * 1024 + 1];

    let announced = Client::new().post(&url).body(large.clone()).send().await;
    let chunks = futures_util::stream::iter([Ok::<_, std::io::Error>(large)]);
    let h2 = Client::builder().http2_prior_knowledge().build().unwrap();
    let chunked = h2
        .post(&url)
        .body(reqwest::Body::wrap_stream(chunks))
        .send()
        .await;

    // A client that is still sending may see the connection close before it sees the answer.
    for status in [announced, chunked]
        .into_iter()
        .flatten()
        .map(|response| response.status())
    {
        assert_eq!(status, 413);
    }
    assert_eq!(mock.counters().openai.refused, 2);
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_the_same_form() {
    let mock = mock("{}").await;

    for path in [
        "/",
        "/v1",
        "/v1/chat",
        "/v1/audio/speech",
        "/v1/models/absent",
        "/v1/completions/",
    ] {
        assert_eq!(
            refusal(&mock, Method::GET, path, Vec::new()).await.0,
            404,
            "{path}"
        );
    }
    for (method, path, allowed) in [
        (Method::GET, "/v1/chat/completions", "POST"),
        (Method::PUT, "/v1/completions", "POST"),
        (Method::POST, "/v1/models", "GET"),
        (Method::DELETE, "/v1/models/tiny", "GET"),
        (Method::POST, "/health", "GET"),
    ] {
        assert_eq!(
            refusal(&mock, method.clone(), path, Vec::new()).await.0,
            405,
            "{path}"
        );
        let response = Client::new()
            .request(method, mock.rest_url() + path)
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["allow"], allowed);
    }
    assert_eq!(mock.counters().openai.refused, 0);
}

#[tokio::test]
async fn head_is_refused_as_any_other_wrong_method() {
    let mock = mock("{}").await;

    for (path, allowed) in [
        ("/health", "GET"),
        ("/v1/models", "GET"),
        ("/v1/models/tiny", "GET"),
        ("/v1/completions", "POST"),
    ] {
        let response = Client::new()
            .head(mock.rest_url() + path)
            .send()
            .await
            .unwrap();

        assert_eq!(
            (response.status().as_u16(), &response.headers()["allow"]),
            (405, &allowed.parse().unwrap())
        );
    }
}

#[tokio::test]
async fn a_list_of_values_is_not_taken_for_an_object() {
    let mock = mock("{}").await;

    for path in ["/v1/completions", "/v1/chat/completions", "/v1/embeddings"] {
        for body in [r#"["tiny","a"]"#, " []"] {
            let told = "Could not read the body: expected an object, found an array.";
            let refused = bad_request(&mock, path, body).await;
            assert_eq!(refused, (told.to_owned(), None), "{path}");
        }
    }
}
