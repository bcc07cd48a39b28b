//! Messages of hostile servers: whatever decodes is read, at no more cost than its own size.

use super::{model, piece, tensor};
use crate::client::FailureKind;
use bytes::Bytes;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use inferometer_proto::inference::repository_index_response::ModelIndex;
use inferometer_proto::inference::{
    InferParameter, InferTensorContents, ModelInferResponse, ModelStreamInferResponse,
    RepositoryIndexResponse,
};
use prost::Message;

fn output(contents: Option<InferTensorContents>) -> InferOutputTensor {
    InferOutputTensor {
        name: "text_output".to_owned(),
        datatype: "BYTES".to_owned(),
        shape: vec![2],
        contents,
        ..InferOutputTensor::default()
    }
}

fn parameters() -> impl Iterator<Item = (String, InferParameter)> {
    let parameters = [
        ("prompt_tokens", ParameterChoice::Int64Param(3)),
        ("completion_tokens", ParameterChoice::Uint64Param(4)),
        (
            "finish_reason",
            ParameterChoice::StringParam("stop".to_owned()),
        ),
        ("triton_final_response", ParameterChoice::BoolParam(true)),
    ];
    parameters.into_iter().map(|(name, choice)| {
        let parameter_choice = Some(choice);
        (name.to_owned(), InferParameter { parameter_choice })
    })
}

fn raw() -> ModelInferResponse {
    ModelInferResponse {
        model_name: "tiny".to_owned(),
        outputs: vec![output(None)],
        raw_output_contents: vec![Bytes::from_static(b"\x02\0\0\0 a\x03\0\0\0 bc")],
        ..ModelInferResponse::default()
    }
}

fn typed() -> ModelInferResponse {
    let contents = InferTensorContents {
        bytes_contents: vec![Bytes::from_static(b" a"), Bytes::from_static(b" \xffb")],
        ..InferTensorContents::default()
    };
    ModelInferResponse {
        outputs: vec![output(Some(contents))],
        parameters: parameters().collect(),
        ..ModelInferResponse::default()
    }
}

fn streamed(response: Option<ModelInferResponse>, error: &str) -> Vec<u8> {
    let message = ModelStreamInferResponse {
        error_message: error.to_owned(),
        infer_response: response,
    };
    message.encode_to_vec()
}

#[test]
fn a_hostile_message_of_a_stream_is_read_or_is_a_short_failure() {
    let honest = [
        streamed(Some(raw()), ""),
        streamed(Some(typed()), ""),
        streamed(None, "out of slots"),
    ];
    let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();

    inferometer_fuzz::hold(&honest, |bytes| {
        let Ok(message) = ModelStreamInferResponse::decode(bytes) else {
            return;
        };
        match piece(Ok(message.clone())) {
            Ok(delta) => {
                // A byte that is no text becomes a character of three.
                assert!(delta.text.len() <= 3 * bytes.len(), "{message:?}");
                assert_eq!(delta.tokens, u32::from(!delta.text.is_empty()));
            }
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::Grpc(13));
                assert!(failure.message.chars().count() <= 600, "{failure}");
            }
        }
    });
}

#[test]
fn hostile_elements_that_are_whole_are_the_text_they_hold() {
    let honest = raw().encode_to_vec();

    inferometer_fuzz::hold(&[&honest], |bytes| {
        let Ok(response) = ModelInferResponse::decode(bytes) else {
            return;
        };
        let text = tensor::text(&response);
        let element = [
            &u32::try_from(text.len()).unwrap().to_le_bytes(),
            text.as_bytes(),
        ];
        let again = ModelInferResponse {
            outputs: vec![output(None)],
            raw_output_contents: vec![element.concat().into()],
            ..ModelInferResponse::default()
        };
        assert_eq!(tensor::text(&again), text);
    });
}

#[test]
fn a_hostile_index_lists_its_models_by_their_names() {
    let index = RepositoryIndexResponse {
        models: vec![
            ModelIndex {
                name: "tiny".to_owned(),
                version: "1".to_owned(),
                state: "State.READY".to_owned(),
                reason: String::new(),
            },
            ModelIndex {
                name: "large".to_owned(),
                state: "UNAVAILABLE".to_owned(),
                reason: "unloaded".to_owned(),
                ..ModelIndex::default()
            },
        ],
    };

    inferometer_fuzz::hold(&[&index.encode_to_vec()], |bytes| {
        let Ok(index) = RepositoryIndexResponse::decode(bytes) else {
            return;
        };
        for listed in index.models {
            assert_eq!(model(listed.clone()).name, listed.name);
        }
    });
}
