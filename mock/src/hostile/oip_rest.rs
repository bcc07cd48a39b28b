//! Bodies for the Open Inference Protocol over REST: tensors in JSON, tensors in binary behind it, texts to go on with.

use super::{Answer, Api};
use crate::protocol::oip_rest;
use http::StatusCode;
use serde_json::Value;

const SPEC: &str = r#"{"models":[{"name":"tiny"},{"name":"types","answer":"echo","inputs":[
    {"name":"b","datatype":"BOOL","shape":[-1]},{"name":"i","datatype":"INT8","shape":[-1]},
    {"name":"u","datatype":"UINT64","shape":[-1]},{"name":"f","datatype":"FP32","shape":[-1,2]},
    {"name":"h","datatype":"FP16","shape":[-1]},{"name":"s","datatype":"BYTES","shape":[-1]}]},
    {"name":"binary","answer":"echo","inputs":[{"name":"f","datatype":"FP32","shape":[-1,2]},
    {"name":"s","datatype":"BYTES","shape":[-1]}]}]}"#;

const INFERENCES: &[&[u8]] = &[
    br#"{"id":"x","inputs":[{"name":"b","datatype":"BOOL","shape":[2],"data":[true,false]},{"name":"i","datatype":"INT8","shape":[1],"data":[-128]},{"name":"u","datatype":"UINT64","shape":[1],"data":[18446744073709551615]},{"name":"f","datatype":"FP32","shape":[2,2],"data":[[0.5,1],[2,-1e-3]]},{"name":"h","datatype":"FP16","shape":[1],"data":[65504]},{"name":"s","datatype":"BYTES","shape":[2],"data":["a","\u00e9"]}],"outputs":[{"name":"f"}],"parameters":{"binary_data_output":false}}"#,
    br#"{"inputs":[{"name":"text_input","datatype":"BYTES","shape":[1],"data":["one two"]}],"parameters":{"max_tokens":3}}"#,
];

/// JSON, and behind it two floats and two texts.
const BINARY: &[&[u8]] = &[
    b"{\"inputs\":[{\"name\":\"f\",\"datatype\":\"FP32\",\"shape\":[1,2],\"parameters\":{\"binary_data_size\":8}},{\"name\":\"s\",\"datatype\":\"BYTES\",\"shape\":[2],\"parameters\":{\"binary_data_size\":10}}],\"parameters\":{\"binary_data_output\":true}}\0\0\0\0\0\0\x80\x3f\x01\0\0\0a\x01\0\0\0b",
    b"{\"inputs\":[{\"name\":\"f\",\"datatype\":\"FP32\",\"shape\":[1,2],\"data\":[1,2]},{\"name\":\"s\",\"datatype\":\"BYTES\",\"shape\":[2],\"parameters\":{\"binary_data_size\":10}}],\"outputs\":[{\"name\":\"s\",\"parameters\":{\"binary_data\":true}}]}\x01\0\0\0a\x01\0\0\0b",
];

const PROMPTS: &[&[u8]] = &[
    br#"{"text_input":"one two","id":"g","parameters":{"max_tokens":3,"stream":true}}"#,
    br#"{"text_input":"one","max_tokens":2,"parameters":{}}"#,
];

#[test]
fn hostile_tensors_in_json_are_answered_or_refused_in_the_form_of_the_protocol() {
    let api = Api::new(SPEC, oip_rest::router);

    for (model, honest) in [("types", INFERENCES[0]), ("tiny", INFERENCES[1])] {
        let answer = api.post(&format!("/v2/models/{model}/infer"), &[], honest);
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    }
    inferometer_fuzz::hold(INFERENCES, |body| {
        for model in ["tiny", "types"] {
            let answer = api.post(&format!("/v2/models/{model}/infer"), &[], body);
            if answer.status == StatusCode::OK {
                has_its_elements(&answer.json());
            } else {
                is_refusal(&answer);
            }
        }
    });
}

#[test]
fn hostile_tensors_in_binary_are_answered_or_refused_in_the_form_of_the_protocol() {
    let api = Api::new(SPEC, oip_rest::router);

    let ask = |body: &[u8]| {
        // Where the JSON ends as long as nobody has touched what is behind it.
        let json = body.iter().rposition(|byte| *byte == b'}');
        let length = json.map_or(body.len(), |end| end + 1).to_string();
        let headers = [("inference-header-content-length", length.as_str())];
        api.post("/v2/models/binary/infer", &headers, body)
    };
    for honest in BINARY {
        let answer = ask(honest);
        assert_eq!(answer.status, StatusCode::OK, "{:?}", answer.body);
    }
    inferometer_fuzz::hold(BINARY, |body| {
        let answer = ask(body);
        if answer.status == StatusCode::OK {
            let told = answer.headers.get("inference-header-content-length");
            let end = told.map_or(answer.body.len(), |end| {
                end.to_str().unwrap().parse().unwrap()
            });
            has_its_elements(&serde_json::from_slice(&answer.body[..end]).unwrap());
        } else {
            is_refusal(&answer);
        }
    });
}

#[test]
fn hostile_prompts_are_answered_or_refused_in_the_form_of_the_protocol() {
    let api = Api::new(SPEC, oip_rest::router);

    inferometer_fuzz::hold(PROMPTS, |body| {
        let answer = api.post("/v2/models/tiny/generate_stream", &[], body);
        if answer.status == StatusCode::OK {
            for event in answer.events() {
                let event: Value = serde_json::from_str(event).unwrap();
                assert!(event["text_output"].is_string(), "{event}");
            }
        } else {
            is_refusal(&answer);
        }
    });
}

/// Every output in JSON has as many elements as its shape says; one in binary says how many bytes it takes.
fn has_its_elements(answer: &Value) {
    for output in answer["outputs"].as_array().unwrap() {
        let shape = output["shape"].as_array().unwrap();
        let elements: u64 = shape.iter().map(|size| size.as_u64().unwrap()).product();
        match output["data"].as_array() {
            Some(data) => assert_eq!(u64::try_from(data.len()), Ok(elements), "{output}"),
            None => assert!(
                output["parameters"]["binary_data_size"].is_u64(),
                "{output}"
            ),
        }
    }
}

fn is_refusal(answer: &Answer) {
    assert!(answer.status.is_client_error(), "{}", answer.status);
    let body = answer.json();
    let fields: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["error"]);
    assert!(!body["error"].as_str().unwrap().is_empty());
}
