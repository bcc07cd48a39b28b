//! Faults that spoil answers with binary tensors over REST: what is wrong is in the JSON before them, whose length stays
//! true, and the tensors behind it are as always.

use crate::mock;
use inferometer_mock::Mock;
use reqwest::Client;

const RESNET: &str =
    r#"{"name":"resnet","inputs":[{"name":"x","datatype":"FP32","shape":[-1,2]}],"answer":"echo"}"#;
const HEADER: &str = r#"{"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}],
    "parameters":{"binary_data_output":true}}"#;
const WELL: &str = r#"{"model_name":"resnet","model_version":"1","outputs":[{"name":"x","datatype":"FP32","shape":[1,2],"parameters":{"binary_data_size":8}}]}"#;
const TENSOR: &[u8] = b"abcdefgh";

/// A mock that strikes its first request alone.
async fn strikes_first(fault: &str, fields: &str) -> Mock {
    let comma = if fields.is_empty() { "" } else { "," };
    mock(&format!(
        r#"{{"models":[{RESNET}],"faults":[{{"{fault}":{{"times":1{comma}{fields}}}}}]}}"#
    ))
    .await
}

/// The content type of an answer, its JSON, by the length that it tells, and what is behind it.
async fn infer(mock: &Mock) -> (String, String, Vec<u8>) {
    let request = Client::new()
        .post(mock.rest_url() + "/v2/models/resnet/infer")
        .header("inference-header-content-length", HEADER.len())
        .body([HEADER.as_bytes(), TENSOR].concat());
    let response = request.send().await.unwrap();
    assert_eq!(response.status(), 200);
    let told = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
    let (kind, length) = (
        told("content-type"),
        told("inference-header-content-length").parse().unwrap(),
    );
    let mut json = response.bytes().await.unwrap().to_vec();
    let tensor = json.split_off(length);
    (kind, String::from_utf8(json).unwrap(), tensor)
}

#[tokio::test]
async fn the_json_before_binary_tensors_is_spoiled_and_the_tensors_are_not() {
    let octets = "application/octet-stream";
    let padded = format!("{}{}}}", &WELL[..WELL.len() - 1], " ".repeat(1024));
    for (fault, fields, kind, json) in [
        ("malformed", "", octets, &WELL[..WELL.len() / 2]),
        ("oversized", r#""bytes":"1KiB""#, octets, &*padded),
        ("wrong_content_type", "", "text/html; charset=utf-8", WELL),
        ("trickle", r#""bytes":"50B","pause":"1ms""#, octets, WELL),
    ] {
        let mock = strikes_first(fault, fields).await;

        let struck = infer(&mock).await;
        let well = infer(&mock).await;

        let expected = |kind: &str, json: &str| (kind.to_owned(), json.to_owned(), TENSOR.to_vec());
        assert_eq!(struck, expected(kind, json), "{fault}");
        assert_eq!(well, expected(octets, WELL), "{fault}");
    }
}

#[tokio::test]
async fn what_only_a_stream_meets_does_not_strike_an_answer_in_one_piece() {
    for fault in ["duplicate", "reorder"] {
        let mock = strikes_first(fault, "").await;

        let (_, json, tensor) = infer(&mock).await;

        assert_eq!((&*json, &*tensor), (WELL, TENSOR));
        assert_eq!(mock.journal(0, 1).entries[0].fault, None);
    }
}
