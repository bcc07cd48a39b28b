//! Bodies for OpenAI's API: an answer keeps what its usage says, an error has the one form of errors.

use super::{Answer, Api};
use crate::backend::MOST_TOKENS;
use crate::protocol::openai;
use http::StatusCode;
use serde_json::Value;

const CHATS: &[&[u8]] = &[
    include_bytes!("../../../proto/golden/chat.request.json"),
    br#"{"model":"tiny","messages":[{"role":"user","content":[{"type":"text","text":"a b"}]}],"n":2,"max_tokens":4,"stop":[" delta"],"stream":true,"stream_options":{"include_usage":true}}"#,
    br#"{"model":"tiny","messages":[{"role":"user","content":"a"}],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"x":{"type":"integer"},"y":{"enum":["a"]}}}}}],"tool_choice":"required","stream":true}"#,
    br#"{"model":"tiny","messages":[{"role":"user","content":"a"}],"response_format":{"type":"json_schema","json_schema":{"name":"p","schema":{"type":"array","items":{"type":"string","minLength":3},"minItems":2}}}}"#,
    br#"{"model":"tiny","messages":[{"role":"user","content":"a"}],"logprobs":true,"top_logprobs":2,"max_completion_tokens":3,"reasoning_effort":"low","temperature":0.5}"#,
];

const COMPLETIONS: &[&[u8]] = &[
    include_bytes!("../../../proto/golden/completion.request.json"),
    br#"{"model":"tiny","prompt":["one two","three"],"n":2,"max_tokens":3,"echo":true,"logprobs":1}"#,
    br#"{"model":"tiny","prompt":[[1,2],[3]],"max_tokens":5,"stop":" charlie","stream":true,"stream_options":{"include_usage":true}}"#,
];

const EMBEDDINGS: &[&[u8]] = &[
    br#"{"model":"tiny","input":"one two","dimensions":3}"#,
    br#"{"model":"tiny","input":["one","two"],"encoding_format":"base64","dimensions":2,"user":"u"}"#,
    br#"{"model":"tiny","input":[[15,27],[4]],"dimensions":1}"#,
    br#"{"model":"tiny","input":[15,27],"encoding_format":"float"}"#,
];

/// An API that answers all that is honest.
fn answering(path: &str, honest: &[&[u8]]) -> Api {
    let api = Api::new("{}", openai::router);
    for body in honest {
        assert_eq!(api.post(path, &[], body).status, StatusCode::OK);
    }
    api
}

#[test]
fn hostile_chats_are_answered_or_refused_in_the_form_of_the_protocol() {
    let api = answering("/v1/chat/completions", CHATS);
    inferometer_fuzz::hold(CHATS, |body| {
        is_sound(&api.post("/v1/chat/completions", &[], body));
    });
}

#[test]
fn hostile_completions_are_answered_or_refused_in_the_form_of_the_protocol() {
    let api = answering("/v1/completions", COMPLETIONS);
    inferometer_fuzz::hold(COMPLETIONS, |body| {
        is_sound(&api.post("/v1/completions", &[], body));
    });
}

#[test]
fn hostile_embeddings_have_a_vector_for_each_input_or_are_refused_in_the_form_of_the_protocol() {
    let api = answering("/v1/embeddings", EMBEDDINGS);
    inferometer_fuzz::hold(EMBEDDINGS, |body| {
        let answer = api.post("/v1/embeddings", &[], body);
        if answer.status != StatusCode::OK {
            return is_refusal(&answer);
        }
        // What stands in fields that nobody reads may be more than a tree of values can hold.
        if let Ok(asked) = serde_json::from_slice(body) {
            has_its_vectors(&asked, &answer.json());
        }
    });
}

fn has_its_vectors(asked: &Value, answer: &Value) {
    let lists = asked["input"].as_array();
    let inputs = lists
        .filter(|list| !list[0].is_number())
        .map_or(1, Vec::len);
    let dimensions = usize::try_from(asked["dimensions"].as_u64().unwrap_or(384)).unwrap();
    let vectors = answer["data"].as_array().unwrap();
    assert_eq!(vectors.len(), inputs, "{asked}");
    for (index, vector) in vectors.iter().enumerate() {
        assert_eq!(vector["index"].as_u64(), u64::try_from(index).ok());
        let embedding = &vector["embedding"];
        if let Some(text) = embedding.as_str() {
            assert_eq!(text.len(), (4 * dimensions).div_ceil(3) * 4);
            continue;
        }
        let numbers = embedding.as_array().unwrap();
        assert_eq!(numbers.len(), dimensions, "{asked}");
        let numbers = numbers.iter().map(|number| number.as_f64().unwrap());
        let length: f64 = numbers.map(|number| number.powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-3, "{length}");
    }
    let usage = &answer["usage"];
    assert!(usage["prompt_tokens"].is_u64());
    assert_eq!(usage["prompt_tokens"], usage["total_tokens"]);
}

fn is_sound(answer: &Answer) {
    if answer.status != StatusCode::OK {
        return is_refusal(answer);
    }
    if answer.is_stream() {
        let events = answer.events();
        let (last, pieces) = events.split_last().unwrap();
        assert_eq!(*last, "[DONE]");
        for piece in pieces {
            let piece: Value = serde_json::from_str(piece).unwrap();
            assert!(piece["choices"].is_array());
            is_bounded(&piece["usage"]);
        }
        return;
    }
    let body = answer.json();
    assert!(!body["choices"].as_array().unwrap().is_empty());
    assert!(body["usage"].is_object());
    is_bounded(&body["usage"]);
}

/// The counts of a usage, where there is one.
fn is_bounded(usage: &Value) {
    if usage.is_null() {
        return;
    }
    let count = |field: &str| usage[field].as_u64().unwrap();
    let written = count("completion_tokens");
    assert!(written <= MOST_TOKENS.into(), "{usage}");
    assert_eq!(count("total_tokens"), count("prompt_tokens") + written);
}

fn is_refusal(answer: &Answer) {
    assert!(answer.status.is_client_error(), "{}", answer.status);
    let body = answer.json();
    let error = body["error"].as_object().unwrap();
    let fields: Vec<_> = error.keys().collect();
    assert_eq!(fields, ["message", "type", "param", "code"]);
    assert!(!error["message"].as_str().unwrap().is_empty());
    assert!(error["type"].is_string());
}
