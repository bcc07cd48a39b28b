//! Tensors in and out: a JSON header, whose inputs and outputs hold their elements as lists, or have them in binary behind the
//! header (the binary tensor data extension). An answer is read in either way, whatever was asked for.
//!
//! ```text
//! {"id":"r","inputs":[{"name":"x","shape":[1,2],"datatype":"FP32","data":[0.5,1.0]}],"outputs":[{"name":"y"}]}
//! ```

use super::elements::{self, List};
use super::malformed;
use crate::client::transport::Delta;
use crate::client::transport::rest::{Body, said};
use crate::client::{Datatype, Failure, FailureKind, Tensor, Values};
use bytes::Bytes;
use inferometer_proto::named;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::time::Instant;

#[derive(Debug, Serialize)]
struct Header<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Parameters>,
    inputs: Vec<Input<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outputs: Vec<Wanted<'a>>,
}

#[derive(Debug, Serialize)]
struct Parameters {
    binary_data_output: bool,
}

#[derive(Debug, Serialize)]
struct Input<'a> {
    name: &'a str,
    shape: &'a [u64],
    datatype: Datatype,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<Binary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<List<'a>>,
}

#[derive(Debug, Serialize)]
struct Binary {
    binary_data_size: usize,
}

#[derive(Debug, Serialize)]
struct Wanted<'a> {
    name: &'a str,
}

/// The body of a request: with everything in JSON, or with the elements behind it.
///
/// # Errors
/// [`FailureKind::Invalid`] when JSON cannot say an element.
pub(super) fn body(
    id: &str,
    inputs: &[Tensor],
    outputs: &[String],
    is_binary: bool,
) -> Result<Body, Failure> {
    if !is_binary {
        inputs.iter().try_for_each(check)?;
    }
    let input = |tensor| written(tensor, is_binary);
    let header = Header {
        id,
        parameters: is_binary.then_some(Parameters {
            binary_data_output: true,
        }),
        inputs: inputs.iter().map(input).collect(),
        outputs: outputs.iter().map(|name| Wanted { name }).collect(),
    };
    let mut bytes = serde_json::to_vec(&header).map_err(|error| malformed(&error))?;
    if !is_binary {
        return Ok(Body::from(Bytes::from(bytes)));
    }
    let header = bytes.len();
    for tensor in inputs {
        bytes.extend_from_slice(tensor.contents());
    }
    Ok(Body::with_header(bytes.into(), header))
}

fn written(tensor: &Tensor, is_binary: bool) -> Input<'_> {
    Input {
        name: tensor.name(),
        shape: tensor.shape(),
        datatype: tensor.datatype(),
        parameters: is_binary.then(|| Binary {
            binary_data_size: tensor.contents().len(),
        }),
        data: (!is_binary).then_some(List(tensor)),
    }
}

fn check(tensor: &Tensor) -> Result<(), Failure> {
    let Some(place) = elements::unsayable(tensor) else {
        return Ok(());
    };
    let message = format!(
        "input.inputs: expected elements that JSON can say, found none such at {place} of `{}`: set binary_tensors",
        tensor.name()
    );
    Err(Failure::new(FailureKind::Invalid, message))
}

#[derive(Debug, Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    outputs: Option<Vec<Output<'a>>>,
    error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Output<'a> {
    name: String,
    datatype: String,
    shape: Vec<u64>,
    parameters: Option<OutputParameters>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

/// Others are nobody's business.
#[derive(Debug, Deserialize)]
struct OutputParameters {
    binary_data_size: Option<usize>,
}

/// The one delta of an answer, of which `binary` stands behind the JSON.
pub(super) fn read(json: &[u8], mut binary: Bytes, at: Instant) -> Result<Delta, Failure> {
    // The raw lists within borrow from it, which bytes that are no text could not.
    let json = str::from_utf8(json).map_err(|error| broken(&error))?;
    let answer: Answer = named::from_slice(json.as_bytes()).map_err(|error| malformed(&error))?;
    if let Some(error) = &answer.error {
        let message = format!("server reported inside its answer: {}", said(error));
        return Err(Failure::new(FailureKind::Http(500), message));
    }
    let outputs = answer.outputs.unwrap_or_default();
    let tensors = outputs
        .into_iter()
        .map(|output| tensor(output, &mut binary));
    let tensors = tensors.collect::<Result<_, _>>()?;
    if !binary.is_empty() {
        let left = binary.len();
        return Err(unfit(format!(
            "expected no bytes behind the outputs, found {left}"
        )));
    }
    Ok(Delta {
        values: Some(Values::Tensors(tensors)),
        ..Delta::empty(at)
    })
}

/// One output; what of it is binary is taken off the front of what is left.
fn tensor(output: Output<'_>, binary: &mut Bytes) -> Result<Tensor, Failure> {
    let datatype = Datatype::named(&output.datatype).map_err(|error| broken(&error))?;
    let size = output.parameters.and_then(|all| all.binary_data_size);
    let contents = match (size, output.data) {
        (Some(size), None) if size <= binary.len() => binary.split_to(size),
        (Some(size), None) => {
            let left = binary.len();
            return Err(unfit(format!(
                "expected {size} bytes behind the header, found {left}"
            )));
        }
        (None, Some(data)) => {
            let elements = elements::read(datatype, data.get());
            elements.map_err(|error| malformed(&error))?.freeze()
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(unfit("expected the elements of an output once".to_owned()));
        }
    };
    Tensor::try_new(output.name, datatype, &output.shape, contents).map_err(|error| broken(&error))
}

fn broken(error: &(dyn std::error::Error + 'static)) -> Failure {
    Failure::caused(FailureKind::Malformed, error)
}

fn unfit(message: String) -> Failure {
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod tests;
