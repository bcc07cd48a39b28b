//! The JSON of the protocol. Unknown fields are ignored; `null` and absent mean the same.

use super::streams::Path;
use crate::client::transport::oip::{INPUT, OUTPUT, text};
use crate::client::{Request, Usage};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

#[derive(Debug, Serialize)]
struct Parameters {
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Infer<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    parameters: Parameters,
    inputs: [Tensor<'a>; 1],
}

#[derive(Debug, Serialize)]
struct Tensor<'a> {
    name: &'static str,
    shape: [u32; 1],
    datatype: &'static str,
    data: [&'a str; 1],
}

#[derive(Debug, Serialize)]
struct Generate<'a> {
    text_input: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    id: &'a str,
    parameters: Parameters,
}

/// The body of a request to this path.
pub(super) fn body(request: &Request, path: Path) -> serde_json::Result<Bytes> {
    let parameters = Parameters {
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
    };
    let text = text(&request.input);
    let written = match path {
        Path::GenerateStream => serde_json::to_vec(&Generate {
            text_input: &text,
            id: &request.id,
            parameters,
        }),
        Path::Infer | Path::InferStream => serde_json::to_vec(&Infer {
            id: &request.id,
            parameters,
            inputs: [Tensor {
                name: INPUT,
                shape: [1],
                datatype: "BYTES",
                data: [&text],
            }],
        }),
    };
    written.map(Bytes::from)
}

/// An answer to `infer`, which has its text among its outputs, or one event of `generate_stream`, which has it beside its
/// other fields. Counts stand among the parameters of the one and beside the text of the other.
#[derive(Debug, Deserialize)]
pub(super) struct Piece {
    outputs: Option<Vec<Output>>,
    text_output: Option<Value>,
    parameters: Option<Counts>,
    prompt_tokens: Option<Value>,
    completion_tokens: Option<Value>,
    finish_reason: Option<Value>,
    pub(super) error: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Output {
    name: Option<String>,
    data: Option<Value>,
}

/// Of any kind, as parameters of the same name may mean something else elsewhere.
#[derive(Debug, Deserialize)]
struct Counts {
    prompt_tokens: Option<Value>,
    completion_tokens: Option<Value>,
    finish_reason: Option<Value>,
}

impl Piece {
    /// Everything generated, joined.
    pub(super) fn text(&self) -> String {
        let mut joined = String::new();
        let outputs = self.outputs.iter().flatten();
        let named = outputs.filter(|output| output.name.as_deref() == Some(OUTPUT));
        for data in named.filter_map(|output| output.data.as_ref()) {
            join(data, &mut joined);
        }
        if let Some(text) = &self.text_output {
            join(text, &mut joined);
        }
        joined
    }

    /// The server's own count, when it sent both parts.
    pub(super) fn usage(&self) -> Option<Usage> {
        let inner = self.parameters.as_ref();
        let count = |outer: &Option<Value>, inner: Option<&Value>| {
            outer.as_ref().or(inner).and_then(Value::as_u64)
        };
        let inner_prompt = inner.and_then(|counts| counts.prompt_tokens.as_ref());
        let inner_completion = inner.and_then(|counts| counts.completion_tokens.as_ref());
        Some(Usage {
            prompt_tokens: count(&self.prompt_tokens, inner_prompt)?,
            completion_tokens: count(&self.completion_tokens, inner_completion)?,
        })
    }

    /// Why generation ended, if the server said so.
    pub(super) fn finish_reason(&self) -> Option<Box<str>> {
        let inner = self.parameters.as_ref();
        let inner = inner.and_then(|counts| counts.finish_reason.as_ref());
        let reason = self.finish_reason.as_ref().or(inner)?;
        reason.as_str().map(Box::from)
    }
}

/// Joins the texts of a tensor, which is flat or nested as its shape is.
fn join(data: &Value, joined: &mut String) {
    match data {
        Value::String(text) => joined.push_str(text),
        Value::Array(list) => list.iter().for_each(|data| join(data, joined)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => {}
    }
}

/// A model of the repository's index.
#[derive(Debug, Deserialize)]
pub(super) struct Listed {
    pub(super) name: String,
    pub(super) state: Option<String>,
    pub(super) reason: Option<String>,
}
