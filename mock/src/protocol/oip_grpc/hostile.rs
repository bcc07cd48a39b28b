//! Messages for inference over gRPC, as bytes: what decodes holds as many elements as its shapes say, or is refused by
//! the name of a tensor.

use super::tensor::{inputs, outputs};
use inferometer_proto::inference::model_infer_request::InferInputTensor;
use inferometer_proto::inference::{InferTensorContents, ModelInferRequest};
use prost::Message;

fn input(datatype: &str, shape: &[i64], contents: InferTensorContents) -> InferInputTensor {
    InferInputTensor {
        name: datatype.to_lowercase(),
        datatype: datatype.to_owned(),
        shape: shape.to_vec(),
        contents: Some(contents),
        ..InferInputTensor::default()
    }
}

fn typed() -> Vec<u8> {
    let floats = InferTensorContents {
        fp32_contents: vec![0.5, -2.0],
        ..InferTensorContents::default()
    };
    let texts = InferTensorContents {
        bytes_contents: vec!["a".into(), "b".into()],
        ..InferTensorContents::default()
    };
    let request = ModelInferRequest {
        model_name: "tiny".to_owned(),
        inputs: vec![input("FP32", &[1, 2], floats), input("BYTES", &[2], texts)],
        ..ModelInferRequest::default()
    };
    request.encode_to_vec()
}

fn raw() -> Vec<u8> {
    let without = InferTensorContents::default;
    let request = ModelInferRequest {
        model_name: "tiny".to_owned(),
        inputs: vec![
            input("INT16", &[2], without()),
            input("BYTES", &[1], without()),
        ],
        raw_input_contents: vec![vec![1, 0, 2, 0].into(), vec![1, 0, 0, 0, b'a'].into()],
        ..ModelInferRequest::default()
    };
    request.encode_to_vec()
}

#[test]
fn hostile_messages_hold_their_elements_or_are_refused() {
    let (typed, raw) = (typed(), raw());
    for honest in [&typed, &raw] {
        let mut request = ModelInferRequest::decode(honest.as_slice()).unwrap();
        assert_eq!(inputs(&mut request).unwrap().len(), 2);
    }

    inferometer_fuzz::hold(&[&typed, &raw], |message| {
        let Ok(mut request) = ModelInferRequest::decode(message) else {
            return;
        };
        let tensors = match inputs(&mut request) {
            Ok(tensors) => tensors,
            Err(mistake) => return assert!(!mistake.to_string().is_empty()),
        };
        let (described, raws) = outputs(tensors);
        let again = described.iter().map(|output| InferInputTensor {
            name: output.name.clone(),
            datatype: output.datatype.clone(),
            shape: output.shape.clone(),
            ..InferInputTensor::default()
        });
        let mut request = ModelInferRequest {
            inputs: again.collect(),
            raw_input_contents: raws.clone(),
            ..ModelInferRequest::default()
        };
        assert_eq!(outputs(inputs(&mut request).unwrap()), (described, raws));
    });
}
