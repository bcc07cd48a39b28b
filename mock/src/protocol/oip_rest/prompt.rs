//! A request to generate as its body says it: keys that are inputs of the model, and others. Where a key stands is told
//! from its name alone, so only what is known is kept of a body, whatever else it holds.

use super::refusal::Refusal;
use super::request::max_tokens;
use crate::signature::{Kind, MAX_TOKENS, Signature, misfit};
use crate::spec::TensorSpec;
use crate::tensor::{Error, Shape, Tensor, json};
use inferometer_proto::named::Named;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// What a body says, taken apart.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) id: Option<String>,
    pub(super) inputs: Vec<Tensor>,
    pub(super) max_tokens: Option<u32>,
    /// Is the text wanted in pieces?
    pub(super) stream: Option<bool>,
}

/// The known fields of a body as they stand there; of a repeated key the last.
#[derive(Debug)]
struct Fields<'a> {
    id: Option<String>,
    inputs: Vec<Option<&'a RawValue>>,
    max_tokens: Option<i64>,
    stream: Option<bool>,
}

/// `{"parameters":{"max_tokens":3,"stream":false}}`, as the models of Triton's vLLM backend are asked.
#[derive(Debug, Deserialize)]
struct Parameters {
    max_tokens: Option<i64>,
    stream: Option<bool>,
}

/// The key that says whether a text is wanted in pieces.
const STREAM: &str = "stream";

impl Prompt {
    /// Reads a body for a model of that signature.
    pub(super) fn read(body: &[u8], signature: &Signature) -> Result<Self, Refusal> {
        let malformed = |error: serde_json::Error| {
            Refusal::invalid(format!("could not parse the body as JSON: {error}"))
        };
        let mut json = serde_json::Deserializer::from_slice(body);
        let fields = Known(signature)
            .deserialize(Named(&mut json))
            .map_err(malformed)?;
        json.end().map_err(malformed)?;
        let mut inputs = Vec::new();
        for (spec, value) in signature.inputs.iter().zip(fields.inputs) {
            if let Some(value) = value {
                let tensor = tensor(spec, value.get());
                inputs.push(tensor.map_err(|error| misfit("input", &spec.name, error))?);
            }
        }
        Ok(Self {
            id: fields.id,
            inputs,
            max_tokens: fields.max_tokens.map(max_tokens).transpose()?,
            stream: fields.stream.filter(|_| signature.kind == Kind::Text),
        })
    }
}

/// A value or a flat list of values as a tensor: of as many elements as there are, where the model takes one dimension,
/// and else of the shape that the model takes, if that is fixed.
fn tensor(spec: &TensorSpec, value: &str) -> Result<Tensor, Error> {
    let is_list = value.starts_with('[');
    let list = if is_list {
        value
    } else {
        &format!("[{value}]")
    };
    let shape = match spec.shape.as_slice() {
        [-1] if is_list => {
            let items: Vec<IgnoredAny> = serde_json::from_str(list)?;
            Shape::of(vec![items.len()])?
        }
        lengths => {
            let lengths: Vec<_> = lengths.iter().map(|&length| length.max(1)).collect();
            Shape::try_new(&lengths)?
        }
    };
    Ok(Tensor {
        name: spec.name.clone(),
        elements: json::read(spec.datatype, &shape, list)?,
        shape,
    })
}

/// Keeps the fields that are known for a model.
#[derive(Debug)]
struct Known<'s>(&'s Signature);

impl<'de> DeserializeSeed<'de> for Known<'_> {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Known<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of inputs")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let Self(signature) = self;
        let mut fields = Fields {
            id: None,
            inputs: vec![None; signature.inputs.len()],
            max_tokens: None,
            stream: None,
        };
        while let Some(key) = map.next_key::<String>()? {
            let mut inputs = signature.inputs.iter().zip(&mut fields.inputs);
            if let Some((_, input)) = inputs.find(|(spec, _)| spec.name == key) {
                *input = Some(map.next_value()?);
            } else if key == "id" {
                fields.id = map.next_value()?;
            } else if key == MAX_TOKENS && signature.kind == Kind::Text {
                fields.max_tokens = map.next_value()?;
            } else if key == STREAM && signature.kind == Kind::Text {
                fields.stream = map.next_value()?;
            } else if key == "parameters" {
                let Some(parameters) = map.next_value::<Option<Parameters>>()? else {
                    continue;
                };
                fields.max_tokens = parameters.max_tokens.or(fields.max_tokens);
                fields.stream = parameters.stream.or(fields.stream);
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::Signatures;

    fn read(models: &str, model: &str, body: &str) -> Result<Prompt, String> {
        let signatures = Signatures::new(&serde_json::from_str::<Vec<_>>(models).unwrap(), 0);
        Prompt::read(body.as_bytes(), signatures.of(model)).map_err(|refusal| refusal.to_string())
    }

    #[test]
    fn tokens_are_asked_for_beside_the_text_or_among_the_parameters() {
        for body in [
            r#"{"text_input":"one two","max_tokens":3,"id":"a","stream":false}"#,
            r#"{"id":"a","parameters":{"max_tokens":3,"temperature":0,"stream":false},"text_input":["one two"]}"#,
        ] {
            let prompt = read("[]", "tiny", body).unwrap();

            assert_eq!(prompt.max_tokens, Some(3), "{body}");
            assert_eq!(prompt.id.as_deref(), Some("a"));
            assert_eq!(prompt.stream, Some(false));
            assert_eq!(prompt.inputs, [Tensor::text("text_input", "one two")]);
        }
    }

    #[test]
    fn values_become_the_tensors_that_a_model_takes() {
        let models = r#"[{"name":"m","inputs":[{"name":"a","datatype":"INT8","shape":[-1]},
            {"name":"b","datatype":"FP32","shape":[-1,1]}],"answer":"echo"}]"#;

        let prompt = read(models, "m", r#"{"a":[1,2,3],"b":0.5}"#).unwrap();

        let shapes: Vec<_> = prompt
            .inputs
            .iter()
            .map(|tensor| tensor.shape.to_string())
            .collect();
        assert_eq!(shapes, ["[3]", "[1,1]"]);
    }

    #[test]
    fn malformed_bodies_are_refused() {
        for (body, message) in [
            (
                "[1]",
                "could not parse the body as JSON: invalid type: sequence, expected an object of inputs at line 1 column 0",
            ),
            (
                "{}x",
                "could not parse the body as JSON: trailing characters at line 1 column 3",
            ),
            (
                r#"{"text_input":5}"#,
                "input tensor `text_input`: could not read `data`: invalid value: integer `5`, expected BYTES at line 1 column 2",
            ),
            (
                r#"{"text_input":["a","b"]}"#,
                "input tensor `text_input`: could not read `data`: expected 1 elements, found more at line 1 column 9",
            ),
            (
                r#"{"max_tokens":0}"#,
                "parameter `max_tokens`: expected 1 to 131072 output tokens, found `0`",
            ),
        ] {
            assert_eq!(read("[]", "tiny", body).unwrap_err(), message, "{body}");
        }
    }
}
