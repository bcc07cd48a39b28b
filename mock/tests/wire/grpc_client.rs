//! Requests and answers of the Open Inference Protocol, put together and taken apart by hand.

use inferometer_mock::Mock;
use inferometer_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::model_infer_request::InferInputTensor;
use inferometer_proto::inference::{InferParameter, ModelInferRequest, ModelInferResponse};
use tonic::transport::Channel;

pub(crate) type Client = GrpcInferenceServiceClient<Channel>;

pub(crate) async fn client(mock: &Mock) -> Client {
    Client::connect(mock.grpc_url()).await.unwrap()
}

/// A request with `prompt` as a raw tensor.
pub(crate) fn request(id: &str, prompt: &str, max_tokens: i64) -> ModelInferRequest {
    let mut raw = u32::try_from(prompt.len()).unwrap().to_le_bytes().to_vec();
    raw.extend_from_slice(prompt.as_bytes());
    let choice = Some(ParameterChoice::Int64Param(max_tokens));
    ModelInferRequest {
        model_name: "tiny".to_owned(),
        id: id.to_owned(),
        parameters: [(
            "max_tokens".to_owned(),
            InferParameter {
                parameter_choice: choice,
            },
        )]
        .into(),
        inputs: vec![InferInputTensor {
            name: "text_input".to_owned(),
            datatype: "BYTES".to_owned(),
            shape: vec![1],
            ..Default::default()
        }],
        raw_input_contents: vec![raw.into()],
        ..Default::default()
    }
}

/// The only element of the raw output tensor.
pub(crate) fn text(response: &ModelInferResponse) -> String {
    let (length, text) = response.raw_output_contents[0]
        .split_first_chunk::<4>()
        .unwrap();
    assert_eq!(
        usize::try_from(u32::from_le_bytes(*length)).unwrap(),
        text.len()
    );
    assert_eq!(
        (
            response.outputs[0].name.as_str(),
            response.outputs[0].datatype.as_str()
        ),
        ("text_output", "BYTES")
    );
    assert_eq!(response.outputs[0].shape, [1]);
    String::from_utf8(text.to_vec()).unwrap()
}

pub(crate) fn number(response: &ModelInferResponse, name: &str) -> i64 {
    match response.parameters[name].parameter_choice {
        Some(ParameterChoice::Int64Param(number)) => number,
        ref other => panic!("{name} is {other:?}"),
    }
}
