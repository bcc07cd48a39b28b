//! Tensors as gRPC carries them: typed in each input, or raw in one list beside all of them. Answers are always raw, as
//! Triton's are.

use crate::signature::{Mistake, OUTPUT, misfit};
use crate::tensor::{Datatype, Elements, Error, Shape, Tensor, typed};
use bytes::Bytes;
use inferometer_proto::inference::model_infer_request::InferInputTensor;
use inferometer_proto::inference::model_infer_response::InferOutputTensor;
use inferometer_proto::inference::{InferTensorContents, ModelInferRequest};

/// Takes the input tensors out of a request.
///
/// # Errors
/// The first that is none, by its name.
pub(super) fn inputs(request: &mut ModelInferRequest) -> Result<Vec<Tensor>, Mistake> {
    let inputs = std::mem::take(&mut request.inputs);
    let raws = std::mem::take(&mut request.raw_input_contents);
    if !raws.is_empty() && raws.len() != inputs.len() {
        return Err(Mistake(format!(
            "expected raw contents for {} input tensors, found {}",
            inputs.len(),
            raws.len()
        )));
    }
    let mut raws = raws.into_iter();
    let read = |input: InferInputTensor| {
        let elements = elements(&input, raws.next());
        let (shape, elements) = elements.map_err(|error| misfit("input", &input.name, error))?;
        Ok(Tensor {
            name: input.name,
            shape,
            elements,
        })
    };
    inputs.into_iter().map(read).collect()
}

fn elements(input: &InferInputTensor, raw: Option<Bytes>) -> Result<(Shape, Elements), Error> {
    let datatype = Datatype::named(&input.datatype)?;
    let shape = Shape::try_new(&input.shape)?;
    let count = shape.elements();
    let elements = match (raw, &input.contents) {
        (Some(raw), None) => Elements::from_raw(datatype, count, raw)?,
        (Some(raw), Some(contents)) if *contents == InferTensorContents::default() => {
            Elements::from_raw(datatype, count, raw)?
        }
        (Some(_), Some(_)) => return Err(Error::Twice("raw and typed")),
        (None, Some(contents)) => typed::read(datatype, count, contents)?,
        (None, None) => typed::read(datatype, count, &InferTensorContents::default())?,
    };
    Ok((shape, elements))
}

/// An answer's tensors: what describes them, and what they hold.
pub(super) fn outputs(tensors: Vec<Tensor>) -> (Vec<InferOutputTensor>, Vec<Bytes>) {
    let split = |tensor: Tensor| {
        let raw = tensor.elements.raw().clone();
        let output = InferOutputTensor {
            datatype: tensor.datatype().name().to_owned(),
            shape: tensor.shape.to_wire(),
            name: tensor.name,
            ..InferOutputTensor::default()
        };
        (output, raw)
    };
    tensors.into_iter().map(split).unzip()
}

/// The tensor that answers with a text.
pub(super) fn text(text: &str) -> Vec<Tensor> {
    vec![Tensor::text(OUTPUT, text)]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(
        change: impl FnOnce(&mut InferInputTensor),
        raw: &[&'static [u8]],
    ) -> ModelInferRequest {
        let mut input = InferInputTensor {
            name: "x".to_owned(),
            datatype: "INT16".to_owned(),
            shape: vec![2],
            ..Default::default()
        };
        change(&mut input);
        ModelInferRequest {
            inputs: vec![input],
            raw_input_contents: raw.iter().map(|raw| Bytes::from_static(raw)).collect(),
            ..Default::default()
        }
    }

    fn typed(elements: &[i32]) -> InferTensorContents {
        InferTensorContents {
            int_contents: elements.to_vec(),
            ..Default::default()
        }
    }

    #[test]
    fn typed_and_raw_contents_are_the_same_tensor() {
        let typed = inputs(&mut request(
            |input| input.contents = Some(typed(&[1, -2])),
            &[],
        ));
        let raw = inputs(&mut request(|_| {}, &[b"\x01\0\xfe\xff"]));
        let empty =
            |input: &mut InferInputTensor| input.contents = Some(InferTensorContents::default());
        let as_mlserver_sends_it = inputs(&mut request(empty, &[b"\x01\0\xfe\xff"]));

        assert_eq!(typed, raw);
        assert_eq!(as_mlserver_sends_it, raw);
        assert_eq!(&raw.unwrap()[0].elements.raw()[..], b"\x01\0\xfe\xff");
    }

    #[test]
    fn every_malformed_tensor_is_refused_by_name() {
        let refused = |mut request| inputs(&mut request).unwrap_err().to_string();

        assert_eq!(
            refused(request(|input| input.datatype = "FPX".to_owned(), &[])),
            "input tensor `x`: expected a datatype such as FP32, found `FPX`"
        );
        assert_eq!(
            refused(request(|input| input.shape = vec![-1], &[])),
            "input tensor `x`: expected lengths of 0 or more in the shape, found -1"
        );
        assert_eq!(
            refused(request(
                |input| input.contents = Some(typed(&[1, 2])),
                &[&[0; 4]]
            )),
            "input tensor `x`: expected its contents once, found them raw and typed"
        );
        assert_eq!(
            refused(request(|input| input.contents = Some(typed(&[1])), &[])),
            "input tensor `x`: expected 2 elements in `int_contents`, found 1"
        );
        assert_eq!(
            refused(request(|_| {}, &[&[0; 3]])),
            "input tensor `x`: expected 4 bytes for 2 elements of INT16, found 3"
        );
        assert_eq!(
            refused(request(|_| {}, &[&[0; 4], &[0; 4]])),
            "expected raw contents for 1 input tensors, found 2"
        );
    }
}
