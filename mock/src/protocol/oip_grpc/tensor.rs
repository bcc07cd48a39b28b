//! Text as tensors: `text_input` BYTES `[1]` in, `text_output` BYTES `[1]` out. Elements of raw BYTES tensors are each
//! preceded by their length, 4 bytes, little-endian.

use super::refusal::invalid;
use bytes::{BufMut, Bytes, BytesMut};
use inferometer_proto::inference::ModelInferRequest;
use inferometer_proto::inference::model_infer_request::InferInputTensor;
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use tonic::Status;

/// Name of the input tensor.
pub(super) const INPUT: &str = "text_input";
/// Name of the output tensor.
pub(super) const OUTPUT: &str = "text_output";
/// Type of both.
pub(super) const DATATYPE: &str = "BYTES";

/// The prompt of a request, wherever it stands.
///
/// # Errors
/// `INVALID_ARGUMENT` that names the tensor at fault.
pub(super) fn prompt(request: &ModelInferRequest) -> Result<&str, Status> {
    if let Some(unexpected) = request.inputs.iter().find(|input| input.name != INPUT) {
        return Err(invalid(format!(
            "unexpected input tensor `{}`: expected only `{INPUT}`",
            unexpected.name
        )));
    }
    if let Some(unexpected) = request.outputs.iter().find(|output| output.name != OUTPUT) {
        return Err(invalid(format!(
            "unexpected output tensor `{}`: expected only `{OUTPUT}`",
            unexpected.name
        )));
    }
    let [input] = request.inputs.as_slice() else {
        let found = request.inputs.len();
        return Err(invalid(format!(
            "expected the input tensor `{INPUT}` once, found it {found} times"
        )));
    };
    if input.datatype != DATATYPE {
        return Err(unfit(&format!(
            "expected datatype {DATATYPE}, found `{}`",
            input.datatype
        )));
    }
    if input.shape.is_empty() || input.shape.iter().any(|&length| length != 1) {
        return Err(unfit(&format!(
            "expected shape [1], found {:?}",
            input.shape
        )));
    }
    let element = match request.raw_input_contents.as_slice() {
        [] => typed(input)?,
        [raw] if input.contents.is_none() => single(raw)?,
        [_] => {
            return Err(unfit(
                "expected its contents once, found them raw and typed",
            ));
        }
        several => {
            return Err(unfit(&format!(
                "expected raw contents for 1 tensor, found {}",
                several.len()
            )));
        }
    };
    std::str::from_utf8(element).map_err(|error| unfit(&format!("expected UTF-8: {error}")))
}

fn typed(input: &InferInputTensor) -> Result<&[u8], Status> {
    let elements = input
        .contents
        .as_ref()
        .map_or(&[][..], |contents| contents.bytes_contents.as_slice());
    match elements {
        [element] => Ok(element),
        several => Err(unfit(&format!(
            "expected 1 element in `bytes_contents`, found {}",
            several.len()
        ))),
    }
}

/// The only element of a raw BYTES tensor.
fn single(raw: &[u8]) -> Result<&[u8], Status> {
    raw.split_first_chunk::<4>()
        .filter(|(length, element)| {
            usize::try_from(u32::from_le_bytes(**length)) == Ok(element.len())
        })
        .map(|(_, element)| element)
        .ok_or_else(|| unfit("expected 1 raw element after its length in 4 bytes, little-endian"))
}

fn unfit(message: &str) -> Status {
    invalid(format!("input tensor `{INPUT}`: {message}"))
}

/// The description of the output tensor.
pub(super) fn output() -> InferOutputTensor {
    InferOutputTensor {
        name: OUTPUT.to_owned(),
        datatype: DATATYPE.to_owned(),
        shape: vec![1],
        ..InferOutputTensor::default()
    }
}

/// A text as the only element of a raw BYTES tensor.
pub(super) fn raw(text: &str) -> Bytes {
    let mut element = BytesMut::with_capacity(4 + text.len());
    element.put_u32_le(u32::try_from(text.len()).unwrap_or(u32::MAX));
    element.put_slice(text.as_bytes());
    element.freeze()
}

#[cfg(test)]
mod tests {
    use super::*;
    use inferometer_proto::inference::InferTensorContents;
    use inferometer_proto::inference::model_infer_request::InferRequestedOutputTensor;

    fn typed(text: &'static [u8]) -> ModelInferRequest {
        let contents = InferTensorContents {
            bytes_contents: vec![text.into()],
            ..Default::default()
        };
        let input = InferInputTensor {
            name: INPUT.to_owned(),
            datatype: DATATYPE.to_owned(),
            shape: vec![1],
            contents: Some(contents),
            ..Default::default()
        };
        ModelInferRequest {
            inputs: vec![input],
            ..Default::default()
        }
    }

    fn untyped(raw: Vec<u8>) -> ModelInferRequest {
        let mut request = typed(b"");
        request.inputs[0].contents = None;
        request.raw_input_contents = vec![raw.into()];
        request
    }

    fn refused(request: &ModelInferRequest) -> String {
        prompt(request).unwrap_err().message().to_owned()
    }

    #[test]
    fn a_prompt_is_read_typed_and_raw() {
        assert_eq!(prompt(&typed(b"one two")).unwrap(), "one two");
        assert_eq!(
            prompt(&untyped(raw("one two").to_vec())).unwrap(),
            "one two"
        );
        assert_eq!(prompt(&untyped(vec![0; 4])).unwrap(), "");
    }

    #[test]
    fn a_raw_element_is_its_length_and_its_bytes() {
        assert_eq!(&raw(" alpha")[..], b"\x06\0\0\0 alpha");
    }

    #[test]
    fn every_malformed_tensor_is_refused_by_name() {
        let mut request = typed(b"");
        request.inputs[0].name = "image".to_owned();
        assert_eq!(
            refused(&request),
            "unexpected input tensor `image`: expected only `text_input`"
        );

        let mut request = typed(b"");
        request.outputs.push(InferRequestedOutputTensor {
            name: "image".to_owned(),
            ..Default::default()
        });
        assert_eq!(
            refused(&request),
            "unexpected output tensor `image`: expected only `text_output`"
        );

        let request = ModelInferRequest::default();
        assert_eq!(
            refused(&request),
            "expected the input tensor `text_input` once, found it 0 times"
        );

        let mut request = typed(b"");
        request.inputs[0].datatype = "FP32".to_owned();
        assert_eq!(
            refused(&request),
            "input tensor `text_input`: expected datatype BYTES, found `FP32`"
        );

        let mut request = typed(b"");
        request.inputs[0].shape = vec![2];
        assert_eq!(
            refused(&request),
            "input tensor `text_input`: expected shape [1], found [2]"
        );

        let mut request = typed(b"");
        request.raw_input_contents = vec![raw("")];
        assert_eq!(
            refused(&request),
            "input tensor `text_input`: expected its contents once, found them raw and typed"
        );
    }

    #[test]
    fn every_malformed_element_is_refused_by_the_name_of_its_tensor() {
        assert!(
            refused(&typed(b"\xff")).starts_with("input tensor `text_input`: expected UTF-8: ")
        );
        for malformed in [
            &b""[..],
            b"\x01\0\0",
            b"\x02\0\0\0a",
            b"\x01\0\0\0ab",
            b"\xff\xff\xff\xffa",
        ] {
            assert_eq!(
                refused(&untyped(malformed.to_vec())),
                "input tensor `text_input`: expected 1 raw element after its length in 4 bytes, little-endian"
            );
        }
    }
}
