//! Bodies that give their fields by position, as a list: no protocol means that, so each is refused.

use crate::mock;
use inferometer_mock::Mock;
use reqwest::{Client, Method};
use serde_json::Value;

/// Status and body of what is answered.
async fn send(url: String, method: Method, body: &str) -> (u16, Value) {
    let request = Client::new().request(method, url);
    let request = request.header("content-type", "application/json");
    let response = request.body(body.to_owned()).send().await.unwrap();
    let status = response.status().as_u16();
    let answer = response.text().await.unwrap();
    (status, serde_json::from_str(&answer).unwrap())
}

/// Does the message say that a list was found where an object was expected?
fn is_about_a_list(told: &str) -> bool {
    told.contains("sequence, expected ") || told.contains("expected an object, found an array")
}

async fn post(mock: &Mock, path: &str, body: &str) -> (u16, Value) {
    send(mock.rest_url() + path, Method::POST, body).await
}

#[tokio::test]
async fn a_list_is_no_body_of_openai_s_api_nor_any_part_of_it() {
    let mock = mock("{}").await;
    let chat = |rest: &str| {
        format!(r#"{{"model":"tiny","messages":[{{"role":"user","content":"a"}}],{rest}}}"#)
    };

    for (path, body) in [
        ("chat/completions", r#"["tiny",[["user","a"]]]"#.to_owned()),
        (
            "chat/completions",
            r#"{"model":"tiny","messages":[["a"]]}"#.to_owned(),
        ),
        (
            "chat/completions",
            chat(r#""stream":true,"stream_options":[true]"#),
        ),
        ("chat/completions", chat(r#""response_format":["text"]"#)),
        (
            "chat/completions",
            chat(r#""tools":[["function",["weather"]]]"#),
        ),
        ("completions", r#"["tiny","a"]"#.to_owned()),
        ("embeddings", r#"[null,null,"a","tiny"]"#.to_owned()),
    ] {
        let (status, answer) = post(&mock, &format!("/v1/{path}"), &body).await;

        assert_eq!(status, 400, "{body}: {answer}");
        assert_eq!(answer["error"]["type"], "invalid_request_error", "{body}");
        let told = answer["error"]["message"].as_str().unwrap();
        assert!(is_about_a_list(told), "{body}: {told}");
    }
}

#[tokio::test]
async fn a_list_is_no_body_of_the_open_inference_protocol_nor_any_part_of_it() {
    let mock = mock("{}").await;
    let input = r#"{"name":"text_input","shape":[1],"datatype":"BYTES","data":["a"]}"#;

    for (path, body) in [
        ("models/tiny/infer", format!(r"[null,null,[{input}],null]")),
        (
            "models/tiny/infer",
            r#"{"inputs":[["text_input",[1],"BYTES",null,["a"]]]}"#.to_owned(),
        ),
        (
            "models/tiny/infer",
            format!(r#"{{"inputs":[{input}],"parameters":[3,false]}}"#),
        ),
        (
            "models/tiny/infer",
            format!(r#"{{"inputs":[{input}],"outputs":[["text_output",null]]}}"#),
        ),
        ("models/tiny/generate", r#"["a",3]"#.to_owned()),
        (
            "models/tiny/generate",
            r#"{"text_input":"a","parameters":[3]}"#.to_owned(),
        ),
        ("repository/index", "[true]".to_owned()),
    ] {
        let (status, answer) = post(&mock, &format!("/v2/{path}"), &body).await;

        assert_eq!(status, 400, "{body}: {answer}");
        let told = answer["error"].as_str().unwrap();
        assert!(is_about_a_list(told), "{body}: {told}");
    }
}

#[tokio::test]
async fn a_list_is_no_change_of_a_mock() {
    let mock = mock("{}").await;

    for (path, method, body) in [
        ("behaviour", Method::PATCH, r#"[{"fixed":"1ms"}]"#),
        (
            "behaviour",
            Method::PATCH,
            r#"{"latency":{"uniform":["1ms","2ms"]}}"#,
        ),
        (
            "behaviour",
            Method::PATCH,
            r#"{"faults":[{"stall":[null,"1%"]}]}"#,
        ),
        ("faults", Method::PUT, r#"[{"status":[503]}]"#),
    ] {
        let url = format!("{}/admin/{path}", mock.admin_url());
        let (status, answer) = send(url, method, body).await;

        assert_eq!(status, 400, "{body}: {answer}");
        let told = answer["error"]["message"].as_str().unwrap();
        assert!(is_about_a_list(told), "{body}: {told}");
    }
}
