//! Faults that spoil single pieces of an answer, or all of it where it has one piece, byte for byte over REST.

use crate::grpc_client::{client, request, text};
use crate::raw::{Heard, post};
use crate::{mock, until_idle};
use futures_util::{TryStreamExt, stream};
use inferometer_mock::{End, Mock};
use serde_json::{Value, json};

const COMPLETIONS: (&str, &str) = (
    "/v1/completions",
    r#"{"model":"tiny","prompt":"a","max_tokens":3}"#,
);
const EMBEDDINGS: (&str, &str) = (
    "/v1/embeddings",
    r#"{"model":"tiny","input":"a","dimensions":3}"#,
);
const GENERATE: (&str, &str) = (
    "/v2/models/tiny/generate",
    r#"{"text_input":"a","max_tokens":3}"#,
);
const INFER: (&str, &str) = (
    "/v2/models/tiny/infer",
    r#"{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["a"]},
        {"name":"max_tokens","datatype":"INT32","shape":[1],"data":[3]}]}"#,
);
const STREAMED: (&str, &str) = (
    "/v1/completions",
    r#"{"model":"tiny","prompt":"a","max_tokens":3,"stream":true,"stream_options":{"include_usage":true}}"#,
);
const GENERATE_STREAM: (&str, &str) = (
    "/v2/models/tiny/generate_stream",
    r#"{"text_input":"a","max_tokens":3}"#,
);

/// A mock that strikes request 1 alone with one fault.
async fn strikes_1(fault: &str, fields: &str) -> Mock {
    let comma = if fields.is_empty() { "" } else { "," };
    mock(&format!(
        r#"{{"faults":[{{"{fault}":{{"requests":{{"from":1,"until":2}}{comma}{fields}}}}}]}}"#
    ))
    .await
}

/// What the struck request 1 hears, with the name of request 2, and what request 2 hears. The journal tells of the fault.
async fn struck_and_well(fault: &str, fields: &str, (path, body): (&str, &str)) -> (Heard, Heard) {
    let mock = strikes_1(fault, fields).await;
    let mut struck = post(&mock, path, "r-1", body).await;
    struck.text = struck.text.replace("r-1", "r-2");
    let well = post(&mock, path, "r-2", body).await;
    until_idle(&mock).await;
    let told: Vec<_> = mock.journal(0, 10).entries.into_iter().collect();
    let told: Vec<_> = told
        .iter()
        .map(|entry| (&*entry.id, entry.fault.as_deref()))
        .collect();
    assert_eq!(told, [("r-1", Some(fault)), ("r-2", None)]);
    (struck, well)
}

/// The events of both streams.
async fn events(fault: &str, fields: &str, request: (&str, &str)) -> (Vec<String>, Vec<String>) {
    let (struck, well) = struck_and_well(fault, fields, request).await;
    let split = |heard: Heard| {
        let joined = heard.joined().unwrap();
        joined.split_inclusive("\n\n").map(str::to_owned).collect()
    };
    (split(struck), split(well))
}

fn json_of(heard: &Heard) -> Value {
    serde_json::from_str(heard.body()).unwrap()
}

#[tokio::test]
async fn one_event_of_a_stream_comes_twice_or_after_the_next() {
    for request in [STREAMED, GENERATE_STREAM] {
        let (twice, well) = events("duplicate", r#""at_token":1"#, request).await;
        let expected = [&well[..2], &well[1..]].concat();
        assert_eq!(twice, expected);

        let (late, well) = events("reorder", "", request).await;
        let mut expected = well;
        expected.swap(0, 1);
        assert_eq!(late, expected);

        let (late, well) = events("reorder", r#""at_token":9"#, request).await;
        let mut expected = well;
        expected.swap(1, 2);
        assert_eq!(late, expected, "the last but one");
    }
}

#[tokio::test]
async fn one_event_of_a_stream_is_malformed_or_oversized() {
    for request in [STREAMED, GENERATE_STREAM] {
        let (struck, mut well) = events("malformed", r#""at_token":1"#, request).await;
        let half = well[1].split_at(well[1].len() / 2).0.to_owned();
        well[1] = format!("{half}\n\n");
        assert_eq!(struck, well);

        let (struck, mut well) = events("oversized", r#""bytes":"2KiB""#, request).await;
        let padded = format!("{}}}\n\n", " ".repeat(2048));
        well[0] = well[0].replace("}\n\n", &padded);
        assert_eq!(struck, well);
    }
}

#[tokio::test]
async fn an_error_event_ends_a_stream_over_every_protocol() {
    let fields = r#""after_tokens":2,"http":503,"message":"out of \"slots\"""#;
    for (request, expected) in [
        (STREAMED, vec![json!("out of \"slots\""), json!("[DONE]")]),
        (GENERATE_STREAM, vec![json!("out of \"slots\"")]),
    ] {
        let (struck, well) = events("error_event", fields, request).await;

        assert_eq!(struck[..2], well[..2]);
        let rest = struck[2..].iter().map(|event| {
            let data = event.strip_prefix("data: ").unwrap().trim_end();
            match serde_json::from_str::<Value>(data) {
                Ok(json) if json["error"].is_object() => json["error"]["message"].clone(),
                Ok(json) if json["error"].is_string() => json["error"].clone(),
                Ok(_) | Err(_) => json!(data),
            }
        });
        assert_eq!(rest.collect::<Vec<_>>(), expected);
    }

    let mock = strikes_1("error_event", fields).await;
    let requests = stream::iter([request("g-1", "a", 3), request("g-2", "a", 1)]);
    let responses = client(&mock).await.model_stream_infer(requests).await;
    let responses: Vec<_> = responses.unwrap().into_inner().try_collect().await.unwrap();

    let of_1 = responses.iter().filter(|response| {
        let inner = response.infer_response.as_ref().unwrap();
        inner.id == "g-1"
    });
    let errors: Vec<_> = of_1.map(|response| &*response.error_message).collect();
    assert_eq!(errors, ["", "", "out of \"slots\""]);
    assert_eq!(responses.len(), 5, "the stream goes on for g-2");
    until_idle(&mock).await;
    let entries = mock.journal(0, 10).entries;
    let failed = entries.iter().find(|entry| &*entry.id == "g-1").unwrap();
    assert_eq!(
        (failed.fault.as_deref(), failed.end),
        (Some("error_event"), End::Failed)
    );
}

#[tokio::test]
async fn an_answer_in_one_piece_is_halved_or_padded() {
    for request in [COMPLETIONS, EMBEDDINGS, GENERATE, INFER] {
        let (struck, well) = struck_and_well("malformed", "", request).await;
        let half = well.body().len() / 2;
        assert_eq!(struck.body(), &well.body()[..half]);
        assert!(struck.text.contains(&format!("content-length: {half}\r\n")));

        let (struck, well) = struck_and_well("oversized", r#""bytes":"1KiB""#, request).await;
        assert_eq!(struck.body().len(), well.body().len() + 1024);
        assert_eq!(json_of(&struck), json_of(&well));
    }
}

#[tokio::test]
async fn a_wrong_content_type_changes_nothing_else() {
    for request in [
        COMPLETIONS,
        EMBEDDINGS,
        GENERATE,
        INFER,
        STREAMED,
        GENERATE_STREAM,
    ] {
        let (struck, well) = struck_and_well("wrong_content_type", "", request).await;

        let wrong = "content-type: text/html; charset=utf-8\r\n";
        assert!(struck.text.contains(wrong), "{struck:?}");
        assert!(!well.text.contains(wrong));
        assert_eq!(struck.body(), well.body());
    }
}

#[tokio::test]
async fn a_missing_usage_is_left_out_of_answers_and_streams() {
    let (struck, well) = struck_and_well("missing_usage", "", COMPLETIONS).await;
    let mut expected = json_of(&well);
    assert!(expected.as_object_mut().unwrap().remove("usage").is_some());
    assert_eq!(json_of(&struck), expected);

    let (struck, well) = struck_and_well("missing_usage", "", GENERATE).await;
    let mut expected = json_of(&well);
    let fields = expected.as_object_mut().unwrap();
    assert_eq!(fields.remove("prompt_tokens"), Some(json!(1)));
    assert_eq!(fields.remove("completion_tokens"), Some(json!(3)));
    assert_eq!(json_of(&struck), expected);

    let (struck, well) = struck_and_well("missing_usage", "", INFER).await;
    let mut expected = json_of(&well);
    let fields = expected.as_object_mut().unwrap();
    assert!(fields.remove("parameters").is_some());
    assert_eq!(json_of(&struck), expected);

    let (struck, well) = events("missing_usage", "", STREAMED).await;
    assert_eq!(struck.len() + 1, well.len());
    assert!(struck.iter().all(|event| !event.contains("usage")));
    assert_eq!(struck.last(), well.last());
}

#[tokio::test]
async fn a_wrong_answer_has_other_words_and_as_many_tokens() {
    for request in [COMPLETIONS, GENERATE, INFER] {
        let (struck, well) = struck_and_well("wrong_answer", "", request).await;

        assert!(well.body().contains("\" alpha bravo charlie\""));
        let expected = well
            .body()
            .replace("alpha bravo charlie", "bravo charlie delta");
        assert_eq!(struck.body(), expected);
    }
    for request in [STREAMED, GENERATE_STREAM] {
        let (struck, well) = events("wrong_answer", "", request).await;

        let expected = [
            well[0].replace("alpha", "bravo"),
            well[1].replace("bravo", "charlie"),
            well[2].replace("charlie", "delta"),
        ];
        assert_eq!(struck[..3], expected);
        assert_eq!(struck[3..], well[3..]);
    }
}

#[tokio::test]
async fn wrong_words_and_missing_counts_show_over_grpc_too() {
    for (fault, words, counts) in [
        ("wrong_answer", " bravo charlie delta", true),
        ("missing_usage", " alpha bravo charlie", false),
    ] {
        let mock = strikes_1(fault, "").await;

        let whole = client(&mock)
            .await
            .model_infer(request("g-1", "a", 3))
            .await;
        let whole = whole.unwrap().into_inner();
        let requests = stream::iter([request("g-1", "a", 3)]);
        let pieces = client(&mock).await.model_stream_infer(requests).await;
        let pieces: Vec<_> = pieces.unwrap().into_inner().try_collect().await.unwrap();
        let pieces: Vec<_> = pieces
            .into_iter()
            .map(|piece| piece.infer_response.unwrap())
            .collect();
        let well = client(&mock)
            .await
            .model_infer(request("g-2", "a", 3))
            .await;
        let well = well.unwrap().into_inner();

        let (last, pieces) = pieces.split_last().unwrap();
        assert_eq!(
            (text(&whole).as_str(), text(&well).as_str()),
            (words, " alpha bravo charlie")
        );
        assert_eq!(pieces.iter().map(text).collect::<String>(), words);
        assert!(well.parameters.contains_key("completion_tokens"));
        for answer in [&whole, last] {
            assert_eq!(answer.parameters.contains_key("completion_tokens"), counts);
            assert_eq!(answer.parameters.contains_key("prompt_tokens"), counts);
        }
        until_idle(&mock).await;
        let struck = mock.journal(0, 10).entries;
        let named = struck
            .iter()
            .filter(|entry| entry.fault.as_deref() == Some(fault));
        assert_eq!(named.count(), 2);
    }
}
