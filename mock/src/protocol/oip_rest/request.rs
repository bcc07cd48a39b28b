//! An inference request as its body says it: a JSON header, and behind it the contents of those inputs that travel in
//! binary, in their order.
//!
//! ```text
//! Inference-Header-Content-Length: 94
//! {"inputs":[{"name":"x","shape":[1,4],"datatype":"FP32","parameters":{"binary_data_size":16}}]}<16 bytes>
//! ```

use super::refusal::Refusal;
use crate::backend::accept_tokens;
use crate::protocol::oip::Given;
use crate::protocol::rest;
use crate::signature::misfit;
use crate::tensor::{Datatype, Elements, Error, Shape, Tensor, json};
use bytes::Bytes;
use http::header::{CONTENT_ENCODING, HeaderMap, HeaderName};
use inferometer_proto::named::{self, Named};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

/// How many bytes of a body are its JSON header; all of them when it is left out.
pub(super) const HEADER_LENGTH: HeaderName =
    HeaderName::from_static("inference-header-content-length");

/// The JSON header of a request.
#[derive(Debug, Deserialize)]
pub(super) struct Header<'a> {
    pub(super) id: Option<String>,
    parameters: Option<Parameters>,
    #[serde(borrow)]
    inputs: Vec<Input<'a>>,
    outputs: Option<Vec<Output>>,
}

/// What may be said of a request beside its tensors; anything else is accepted, as Triton does.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Parameters {
    max_tokens: Option<i64>,
    binary_data_output: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Input<'a> {
    name: String,
    shape: Vec<i64>,
    datatype: String,
    parameters: Option<InputParameters>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
}

#[derive(Debug, Default, Deserialize)]
struct InputParameters {
    binary_data_size: Option<usize>,
    shared_memory_region: Option<IgnoredAny>,
}

#[derive(Debug, Deserialize)]
struct Output {
    name: String,
    parameters: Option<OutputParameters>,
}

#[derive(Debug, Default, Deserialize)]
struct OutputParameters {
    binary_data: Option<bool>,
    classification: Option<IgnoredAny>,
    shared_memory_region: Option<IgnoredAny>,
}

/// Which outputs travel in binary.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Binary {
    default: bool,
    named: Vec<(String, bool)>,
}

impl Binary {
    /// Does the output of that name?
    pub(super) fn wants(&self, output: &str) -> bool {
        let mut named = self.named.iter();
        named
            .find(|(name, _)| name == output)
            .map_or(self.default, |&(_, binary)| binary)
    }
}

/// Refuses a body that is compressed.
pub(super) fn require_plain(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    if encodings.all(|encoding| encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        Ok(())
    } else {
        Err(Refusal::packed())
    }
}

/// Cuts a body into its JSON header and what follows it.
pub(super) fn split(headers: &HeaderMap, body: &Bytes) -> Result<(Bytes, Bytes), Refusal> {
    let Some(length) = headers.get(HEADER_LENGTH) else {
        return Ok((body.clone(), Bytes::new()));
    };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    match length {
        Some(length) if length <= body.len() => {
            let mut header = body.clone();
            let binary = header.split_off(length);
            Ok((header, binary))
        }
        Some(_) | None => Err(Refusal::invalid(format!(
            "expected a whole number from 0 to {} in `{HEADER_LENGTH}`",
            body.len()
        ))),
    }
}

/// Parses JSON once; only a body that fails is parsed again, to say where.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    expect_object(body)?;
    named::from_slice(body).map_err(|error| {
        if !error.is_data() {
            return Refusal::invalid(format!("could not parse the body as JSON: {error}"));
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(Named(&mut json)) {
            Err(error) if error.path().iter().next().is_some() => Refusal::invalid(format!(
                "could not read `{}`: {}",
                error.path(),
                error.inner()
            )),
            Err(_) | Ok(_) => Refusal::invalid(format!("could not read the body: {error}")),
        }
    })
}

fn expect_object(body: &[u8]) -> Result<(), Refusal> {
    if rest::is_array(body) {
        let told = "could not read the body: expected an object, found an array";
        return Err(Refusal::invalid(told.to_owned()));
    }
    Ok(())
}

/// Reads a JSON header, which may borrow from the body and so cannot be parsed again.
pub(super) fn header(body: &[u8]) -> Result<Header<'_>, Refusal> {
    expect_object(body)?;
    let mut json = serde_json::Deserializer::from_slice(body);
    let header = serde_path_to_error::deserialize(Named(&mut json)).map_err(|error| {
        let path = error.path().to_string();
        let error = error.into_inner();
        if error.is_data() && path != "." {
            Refusal::invalid(format!("could not read `{path}`: {error}"))
        } else {
            Refusal::invalid(format!("could not parse the body as JSON: {error}"))
        }
    })?;
    json.end()
        .map_err(|error| Refusal::invalid(format!("could not parse the body as JSON: {error}")))?;
    Ok(header)
}

impl Header<'_> {
    /// What the request brings, with what stands behind the header.
    pub(super) fn given(&self, binary: &mut Bytes) -> Result<Given<'_>, Refusal> {
        let read = |input: &Input<'_>| {
            let elements = elements(input, binary);
            let (shape, elements) =
                elements.map_err(|error| misfit("input", &input.name, error))?;
            Ok(Tensor {
                name: input.name.clone(),
                shape,
                elements,
            })
        };
        let inputs = self
            .inputs
            .iter()
            .map(read)
            .collect::<Result<_, Refusal>>()?;
        if !binary.is_empty() {
            return Err(Refusal::invalid(format!(
                "expected binary data for the inputs with `binary_data_size` alone, found {} bytes more",
                binary.len()
            )));
        }
        let outputs = self.outputs.iter().flatten();
        let names = outputs.map(|output| output.name.as_str()).collect();
        self.refuse_foreign_outputs()?;
        Ok(Given {
            inputs,
            outputs: names,
            max_tokens: self.max_tokens()?,
        })
    }

    fn refuse_foreign_outputs(&self) -> Result<(), Refusal> {
        for output in self.outputs.iter().flatten() {
            let Some(parameters) = &output.parameters else {
                continue;
            };
            if parameters.classification.is_some() || parameters.shared_memory_region.is_some() {
                let message = "expected neither `classification` nor `shared_memory_region`: the mock has none";
                return Err(misfit("output", &output.name, message).into());
            }
        }
        Ok(())
    }

    fn max_tokens(&self) -> Result<Option<u32>, Refusal> {
        let asked = self
            .parameters
            .as_ref()
            .and_then(|parameters| parameters.max_tokens);
        asked.map(max_tokens).transpose()
    }

    /// Which outputs are to travel in binary.
    pub(super) fn binary(&self) -> Binary {
        let outputs = self.outputs.iter().flatten();
        let named = outputs.filter_map(|output| {
            let binary = output.parameters.as_ref()?.binary_data?;
            Some((output.name.clone(), binary))
        });
        let parameters = self.parameters.as_ref();
        Binary {
            default: parameters
                .and_then(|parameters| parameters.binary_data_output)
                .unwrap_or_default(),
            named: named.collect(),
        }
    }
}

/// A parameter `max_tokens`.
pub(super) fn max_tokens(asked: i64) -> Result<u32, Refusal> {
    accept_tokens(asked)
        .map_err(|error| Refusal::invalid(format!("parameter `max_tokens`: {error}")))
}

/// The contents of an input, of which those in binary are taken off the front of what is left.
fn elements(input: &Input<'_>, binary: &mut Bytes) -> Result<(Shape, Elements), Error> {
    let datatype = Datatype::named(&input.datatype)?;
    let shape = Shape::try_new(&input.shape)?;
    let parameters = input.parameters.as_ref();
    if parameters.is_some_and(|parameters| parameters.shared_memory_region.is_some()) {
        return Err(Error::SharedMemory);
    }
    let size = parameters.and_then(|parameters| parameters.binary_data_size);
    let elements = match (input.data, size) {
        (Some(data), None) => json::read(datatype, &shape, data.get())?,
        (None, Some(size)) if size <= binary.len() => {
            Elements::from_raw(datatype, shape.elements(), binary.split_to(size))?
        }
        (None, Some(size)) => {
            return Err(Error::Binary {
                expected: size,
                found: binary.len(),
            });
        }
        (Some(_), Some(_)) => return Err(Error::Twice("in `data` and in binary")),
        (None, None) => return Err(Error::Missing),
    };
    Ok((shape, elements))
}
