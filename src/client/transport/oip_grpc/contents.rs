//! Tensors as they are: elements go out raw, and come back raw or in the list that is typed for them, as the server likes.

use crate::client::tensor::{contents, put_piece};
use crate::client::transport::Delta;
use crate::client::{Datatype, Element, Failure, FailureKind, Request, Tensor, Values};
use bytes::{Bytes, BytesMut};
use inferometer_proto::inference::model_infer_request::{
    InferInputTensor, InferRequestedOutputTensor,
};
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use inferometer_proto::inference::{InferTensorContents, ModelInferRequest, ModelInferResponse};
use tokio::time::Instant;

/// A request as the protocol wants it. Contents are shared, not copied.
pub(super) fn request(
    request: &Request,
    inputs: &[Tensor],
    outputs: &[String],
) -> ModelInferRequest {
    let wanted = |name: &String| InferRequestedOutputTensor {
        name: name.clone(),
        ..Default::default()
    };
    let contents = inputs.iter().map(|tensor| tensor.contents().clone());
    ModelInferRequest {
        model_name: request.model.clone(),
        id: request.id.clone(),
        inputs: inputs.iter().map(described).collect(),
        outputs: outputs.iter().map(wanted).collect(),
        raw_input_contents: contents.collect(),
        ..Default::default()
    }
}

fn described(tensor: &Tensor) -> InferInputTensor {
    let length = |length: &u64| i64::try_from(*length).unwrap_or(i64::MAX);
    InferInputTensor {
        name: tensor.name().to_owned(),
        datatype: tensor.datatype().name().to_owned(),
        shape: tensor.shape().iter().map(length).collect(),
        ..Default::default()
    }
}

/// The one delta of an answer.
pub(super) fn read(response: ModelInferResponse, at: Instant) -> Result<Delta, Failure> {
    let raw = response.raw_output_contents;
    if !raw.is_empty() && raw.len() != response.outputs.len() {
        let (outputs, raw) = (response.outputs.len(), raw.len());
        let message = format!("expected raw contents for {outputs} outputs, found {raw}");
        return Err(Failure::new(FailureKind::Malformed, message));
    }
    let raw = raw.into_iter().map(Some).chain(std::iter::repeat(None));
    let tensors = response.outputs.into_iter().zip(raw);
    let tensors = tensors.map(|(output, raw)| tensor(output, raw));
    Ok(Delta {
        values: Some(Values::Tensors(tensors.collect::<Result<_, _>>()?)),
        ..Delta::empty(at)
    })
}

/// One output. Where its contents are raw, an empty list beside them means nothing.
fn tensor(output: InferOutputTensor, raw: Option<Bytes>) -> Result<Tensor, Failure> {
    let broken =
        |error: &(dyn std::error::Error + 'static)| Failure::caused(FailureKind::Malformed, error);
    let datatype = Datatype::named(&output.datatype).map_err(|error| broken(&error))?;
    let lengths = output.shape.iter().copied().map(u64::try_from);
    let shape: Vec<u64> = lengths
        .collect::<Result<_, _>>()
        .map_err(|error| broken(&error))?;
    let contents = match raw {
        Some(raw) => raw,
        None => typed(datatype, &output.contents.unwrap_or_default())?,
    };
    Tensor::try_new(output.name, datatype, &shape, contents).map_err(|error| broken(&error))
}

/// The elements of the list that is for a datatype. `FP16` and `BF16` have none.
fn typed(datatype: Datatype, lists: &InferTensorContents) -> Result<Bytes, Failure> {
    match datatype {
        Datatype::Bool => Ok(contents(&lists.bool_contents).freeze()),
        Datatype::Int8 => narrowed::<i8, _>(datatype, &lists.int_contents),
        Datatype::Int16 => narrowed::<i16, _>(datatype, &lists.int_contents),
        Datatype::Int32 => Ok(contents(&lists.int_contents).freeze()),
        Datatype::Int64 => Ok(contents(&lists.int64_contents).freeze()),
        Datatype::Uint8 => narrowed::<u8, _>(datatype, &lists.uint_contents),
        Datatype::Uint16 => narrowed::<u16, _>(datatype, &lists.uint_contents),
        Datatype::Uint32 => Ok(contents(&lists.uint_contents).freeze()),
        Datatype::Uint64 => Ok(contents(&lists.uint64_contents).freeze()),
        Datatype::Fp16 | Datatype::Bf16 => Ok(Bytes::new()),
        Datatype::Fp32 => Ok(contents(&lists.fp32_contents).freeze()),
        Datatype::Fp64 => Ok(contents(&lists.fp64_contents).freeze()),
        Datatype::Bytes => {
            let mut contents = BytesMut::new();
            for piece in &lists.bytes_contents {
                put_piece(piece, &mut contents);
            }
            Ok(contents.freeze())
        }
    }
}

/// Elements that the list has more room for than their datatype.
fn narrowed<T: Element + TryFrom<W>, W: Copy>(
    datatype: Datatype,
    elements: &[W],
) -> Result<Bytes, Failure> {
    let mut contents = BytesMut::new();
    for element in elements {
        let element = T::try_from(*element).map_err(|_| {
            let message = format!("expected elements of {datatype}, found one out of its range");
            Failure::new(FailureKind::Malformed, message)
        })?;
        element.put(&mut contents);
    }
    Ok(contents.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;

    fn output(
        datatype: &str,
        shape: &[i64],
        contents: Option<InferTensorContents>,
    ) -> InferOutputTensor {
        InferOutputTensor {
            name: "y".to_owned(),
            datatype: datatype.to_owned(),
            shape: shape.to_vec(),
            contents,
            ..Default::default()
        }
    }

    fn tensors(
        outputs: Vec<InferOutputTensor>,
        raw: &[&'static [u8]],
    ) -> Result<Vec<Tensor>, String> {
        let response = ModelInferResponse {
            outputs,
            raw_output_contents: raw.iter().copied().map(Bytes::from_static).collect(),
            ..Default::default()
        };
        match read(response, Instant::now())
            .map_err(|failure| failure.to_string())?
            .values
        {
            Some(Values::Tensors(tensors)) => Ok(tensors),
            other => panic!("expected tensors, found {other:?}"),
        }
    }

    #[test]
    fn every_datatype_that_has_a_list_is_read_from_it() {
        let lists = InferTensorContents {
            bool_contents: vec![true, false],
            int_contents: vec![-1, 2],
            int64_contents: vec![i64::MIN, 1],
            uint_contents: vec![1, 255],
            uint64_contents: vec![u64::MAX, 1],
            fp32_contents: vec![0.5, -1.0],
            fp64_contents: vec![0.1, -1.0],
            bytes_contents: vec![Bytes::from_static(b"a"), Bytes::new()],
        };
        let y = |tensor: Result<Tensor, _>| tensor.unwrap();
        let shape = &[2];
        for tensor in [
            y(Tensor::of("y", shape, &[true, false])),
            y(Tensor::of("y", shape, &[-1_i8, 2])),
            y(Tensor::of("y", shape, &[-1_i16, 2])),
            y(Tensor::of("y", shape, &[-1_i32, 2])),
            y(Tensor::of("y", shape, &[i64::MIN, 1])),
            y(Tensor::of("y", shape, &[1_u8, 255])),
            y(Tensor::of("y", shape, &[1_u16, 255])),
            y(Tensor::of("y", shape, &[1_u32, 255])),
            y(Tensor::of("y", shape, &[u64::MAX, 1])),
            y(Tensor::of("y", shape, &[0.5_f32, -1.0])),
            y(Tensor::of("y", shape, &[0.1_f64, -1.0])),
            y(Tensor::of_bytes("y", shape, &["a", ""])),
        ] {
            let output = output(tensor.datatype().name(), &[2], Some(lists.clone()));

            assert_eq!(tensors(vec![output], &[]), Ok(vec![tensor]));
        }
    }

    #[test]
    fn raw_contents_count_and_an_empty_list_beside_them_does_not() {
        let beside = Some(InferTensorContents::default());
        let outputs = vec![output("FP16", &[1, 1], beside), output("INT8", &[], None)];

        let read = tensors(outputs, &[b"\x00\x3c", b"\x07"]).unwrap();

        let contents: Vec<&[u8]> = read.iter().map(|t| t.contents().as_ref()).collect();
        assert_eq!(contents, [&b"\x00\x3c"[..], b"\x07"]);
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_malformed() {
        let listed = |int_contents| InferTensorContents {
            int_contents,
            ..Default::default()
        };
        for (output, raw, told) in [
            (
                output("INT8", &[1], Some(listed(vec![128]))),
                &[][..],
                "malformed: expected elements of INT8, found one out of its range",
            ),
            (
                output("FP16", &[1], None),
                &[],
                "malformed: expected 2 bytes for shape [1] of FP16, found 0",
            ),
            (
                output("INT8", &[1], None),
                &[&b"\x01"[..], b"\x02"],
                "malformed: expected raw contents for 1 outputs, found 2",
            ),
            (
                output("INT8", &[-1], None),
                &[&b""[..]],
                "malformed: out of range integral type conversion attempted",
            ),
            (
                output("WORD", &[1], None),
                &[&b""[..]],
                "malformed: expected a datatype such as FP32, found `WORD`",
            ),
        ] {
            assert_eq!(tensors(vec![output], raw), Err(told.to_owned()));
        }
    }

    #[test]
    fn no_hostile_answer_gives_more_than_its_bytes_can_say() {
        let response = |outputs, raw: &[&'static [u8]]| {
            let response = ModelInferResponse {
                model_name: "m".to_owned(),
                outputs,
                raw_output_contents: raw.iter().copied().map(Bytes::from_static).collect(),
                ..Default::default()
            };
            response.encode_to_vec()
        };
        let listed = InferTensorContents {
            int_contents: vec![1, -2],
            bytes_contents: vec![Bytes::from_static(b"ab")],
            ..Default::default()
        };
        let honest = [
            response(vec![output("FP32", &[1], None)], &[b"\0\0\x80\x3f"]),
            response(vec![output("BYTES", &[1], None)], &[b"\x01\0\0\0a"]),
            response(vec![output("INT16", &[2], Some(listed))], &[]),
        ];
        let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();

        inferometer_fuzz::hold(&honest, |bytes| {
            let Ok(response) = ModelInferResponse::decode(bytes) else {
                return;
            };
            match read(response, Instant::now()) {
                Ok(delta) => {
                    let Some(Values::Tensors(tensors)) = delta.values else {
                        panic!("every answer has tensors, if none");
                    };
                    let contents: usize = tensors.iter().map(|t| t.contents().len()).sum();
                    assert!(contents <= 8 * bytes.len());
                }
                Err(failure) => assert!(failure.message.len() < 1000, "{failure}"),
            }
        });
    }

    #[test]
    fn what_is_sent_shares_its_contents() {
        let tensor = Tensor::of("x", &[2, 4], &[0.5_f64; 8]).unwrap();
        let asked = Request::tensors("r", "m", vec![tensor.clone()]);

        let sent = request(&asked, std::slice::from_ref(&tensor), &["y".to_owned()]);

        assert_eq!((&*sent.model_name, &*sent.id), ("m", "r"));
        assert_eq!(sent.inputs[0].shape, [2, 4]);
        assert_eq!(sent.inputs[0].datatype, "FP64");
        assert_eq!(sent.outputs[0].name, "y");
        assert_eq!(
            sent.raw_input_contents[0].as_ptr(),
            tensor.contents().as_ptr()
        );
    }
}
