//! OpenAI REST: embeddings, from every shape of input to what a mistake or a fault makes of them.

use crate::{golden, mock};
use inferometer_mock::{End, Mock, Operation};
use reqwest::{Client, Method, Response};
use serde_json::Value;

const PATH: &str = "/v1/embeddings";

async fn post(mock: &Mock, body: &str) -> Response {
    let request = Client::new()
        .post(mock.rest_url() + PATH)
        .header("x-request-id", "golden");
    request.body(body.to_owned()).send().await.unwrap()
}

async fn embed(mock: &Mock, fields: &str) -> Value {
    let body = format!(r#"{{"model":"tiny",{fields}}}"#);
    let response = post(mock, &body).await;
    assert_eq!(response.status(), 200, "{body}");
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

#[tokio::test]
async fn the_answer_is_the_golden_one_byte_for_byte() {
    let mock = mock(r#"{"seed":7}"#).await;

    let response = post(&mock, golden!("embedding.request.json")).await;

    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-request-id"], "golden");
    assert_eq!(
        response.text().await.unwrap(),
        golden!("embedding.response.json").trim_end()
    );
}

#[tokio::test]
async fn base64_holds_the_same_vector_as_the_numbers() {
    let mock = mock("{}").await;
    let fields = r#""input":"one two three","dimensions":1"#;

    let numbers = embed(&mock, fields).await;
    let packed = embed(&mock, &format!(r#"{fields},"encoding_format":"base64""#)).await;

    // A vector of one dimension and length 1 is 1 or -1.
    let expected = match numbers["data"][0]["embedding"][0].as_f64().unwrap() {
        1.0 => "AACAPw==",
        -1.0 => "AACAvw==",
        other => panic!("{other} has not the length 1"),
    };
    assert_eq!(packed["data"][0]["embedding"], expected);
}

#[tokio::test]
async fn every_shape_of_input_gets_its_vectors_and_its_usage() {
    let mock = mock("{}").await;

    for (input, vectors, tokens) in [
        (r#""one two""#, 1, 2),
        (r#"["one two","three"]"#, 2, 3),
        ("[15,27,4]", 1, 3),
        ("[[15,27],[4]]", 2, 3),
    ] {
        let answer = embed(&mock, &format!(r#""input":{input}"#)).await;

        let data = answer["data"].as_array().unwrap();
        assert_eq!(data.len(), vectors, "{input}");
        for (index, one) in data.iter().enumerate() {
            assert_eq!(one["index"], index);
            assert_eq!(one["embedding"].as_array().unwrap().len(), 384);
        }
        assert_eq!(answer["usage"]["prompt_tokens"], tokens);
        assert_eq!(answer["usage"]["total_tokens"], tokens);
    }
}

#[tokio::test]
async fn mistakes_name_their_field() {
    let mock = mock("{}").await;

    for (body, param) in [
        (r#"{"model":"tiny"}"#, "input"),
        (r#"{"input":"a"}"#, "model"),
        (r#"{"model":"tiny","input":""}"#, "input"),
        (r#"{"model":"tiny","input":[]}"#, "input"),
        (r#"{"model":"tiny","input":["a",""]}"#, "input[1]"),
        (
            r#"{"model":"tiny","input":"a","dimensions":0}"#,
            "dimensions",
        ),
        (
            r#"{"model":"tiny","input":"a","dimensions":4097}"#,
            "dimensions",
        ),
        (
            r#"{"model":"tiny","input":"a","encoding_format":"hex"}"#,
            "encoding_format",
        ),
    ] {
        let response = post(&mock, body).await;

        assert_eq!(response.status(), 400, "{body}");
        let answer: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        assert_eq!(answer["error"]["type"], "invalid_request_error");
        assert_eq!(answer["error"]["param"], param, "{body}");
    }
    assert_eq!(mock.counters().openai.refused, 8);
}

#[tokio::test]
async fn one_answer_holds_no_more_than_its_bound_of_numbers() {
    let mock = mock("{}").await;
    let body = |inputs: usize| {
        let inputs = vec!["1"; inputs].join("],[");
        format!(r#"{{"model":"absent","input":[[{inputs}]],"dimensions":4096}}"#)
    };

    let most = post(&mock, &body(1024)).await;
    let more = post(&mock, &body(1025)).await;

    assert_eq!(most.status(), 404);
    assert_eq!(more.status(), 400);
    let answer: Value = serde_json::from_str(&more.text().await.unwrap()).unwrap();
    assert_eq!(
        answer["error"]["message"],
        "`dimensions`: expected at most 4194304 numbers in one answer, found `4198400`."
    );
}

#[tokio::test]
async fn other_methods_are_told_which_one_is_right() {
    let mock = mock("{}").await;

    for method in [Method::GET, Method::PUT] {
        let request = Client::new().request(method, mock.rest_url() + PATH);
        let response = request.send().await.unwrap();

        assert_eq!(response.status(), 405);
        assert_eq!(response.headers()["allow"], "POST");
    }
}

#[tokio::test]
async fn the_journal_knows_an_embedding_and_its_latency_holds_it_back() {
    let mock = mock(r#"{"latency":{"fixed":"5ms"},"per_prompt_token":"1ms"}"#).await;

    embed(&mock, r#""input":"one two three""#).await;

    let page = mock.journal(0, 1);
    let entry = &page.entries[0];
    assert_eq!(
        (entry.operation, entry.end),
        (Operation::Embedding, End::Answered)
    );
    assert_eq!((&*entry.id, &*entry.model), ("golden", "tiny"));
    assert_eq!((entry.prompt_tokens, entry.output_tokens), (3, 0));
    assert!(entry.writes[0].at_ns - entry.arrived_ns >= 8_000_000);
}

#[tokio::test]
async fn faults_strike_embeddings_too() {
    let refusing = mock(r#"{"faults":[{"status":{"http":429}}]}"#).await;
    let cutting = mock(r#"{"faults":[{"cut":{}}]}"#).await;

    let refused = post(&refusing, golden!("embedding.request.json")).await;
    let cut = post(&cutting, golden!("embedding.request.json")).await;

    assert_eq!(refused.status(), 429);
    assert_eq!(cut.status(), 200);
    assert!(cut.text().await.is_err());
    assert_eq!(cutting.journal(0, 1).entries[0].end, End::Failed);
}
