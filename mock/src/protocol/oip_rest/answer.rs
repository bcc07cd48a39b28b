//! An inference answer: a JSON header, and behind it the contents of those outputs that travel in binary.

use super::json;
use super::refusal::Refusal;
use super::request::{Binary, HEADER_LENGTH};
use crate::fault::Spoil;
use crate::journal::Entry;
use crate::protocol::oip::VERSION;
use crate::protocol::rest::spoil_body;
use crate::signature::misfit;
use crate::tensor::{Tensor, json as elements};
use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderValue};
use serde::Serialize;

/// What stands before an event.
pub(super) const EVENT: &[u8] = b"data: ";
/// What stands behind it.
pub(super) const END: &[u8] = b"\n\n";

/// An answer, put together.
#[derive(Debug)]
pub(super) struct Answer {
    bytes: Vec<u8>,
    /// Length of the JSON header if anything follows it.
    header: Option<usize>,
    /// Is it the one event of a stream?
    is_event: bool,
}

/// What an answer repeats of its request.
#[derive(Debug, Serialize)]
pub(super) struct Envelope<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    pub(super) model_name: &'a str,
    pub(super) model_version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameters: Option<Usage>,
}

/// The token counts of an answer of text.
#[derive(Debug, Serialize)]
pub(super) struct Usage {
    prompt_tokens: u64,
    completion_tokens: u32,
}

impl Usage {
    /// The counts of a request.
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            prompt_tokens: entry.prompt_tokens,
            completion_tokens: entry.output_tokens,
        }
    }
}

impl<'a> Envelope<'a> {
    /// The envelope of an answer by the model.
    pub(super) fn new(id: Option<&'a str>, model_name: &'a str, parameters: Option<Usage>) -> Self {
        Self {
            id,
            model_name,
            model_version: VERSION,
            parameters,
        }
    }

    /// Its fields as JSON, open at the end for more.
    pub(super) fn open(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(self).unwrap_or_default();
        bytes.pop();
        bytes
    }
}

impl Answer {
    /// The answer that consists of these outputs.
    ///
    /// # Errors
    /// JSON cannot say one of them, and it was not asked for in binary.
    pub(super) fn try_new(
        envelope: &Envelope<'_>,
        tensors: &[Tensor],
        binary: &Binary,
    ) -> Result<Self, Refusal> {
        let mut bytes = envelope.open();
        bytes.extend_from_slice(br#","outputs":["#);
        for (place, tensor) in tensors.iter().enumerate() {
            if place > 0 {
                bytes.push(b',');
            }
            write(tensor, binary.wants(&tensor.name), &mut bytes)?;
        }
        bytes.extend_from_slice(b"]}");
        let header = bytes.len();
        for tensor in tensors.iter().filter(|tensor| binary.wants(&tensor.name)) {
            bytes.extend_from_slice(tensor.elements.raw());
        }
        let is_binary = tensors.iter().any(|tensor| binary.wants(&tensor.name));
        Ok(Self {
            header: is_binary.then_some(header),
            is_event: false,
            bytes,
        })
    }

    /// The answer to a request to generate: a key for each output, with its one element or the list of them.
    ///
    /// # Errors
    /// JSON cannot say one of them.
    pub(super) fn generated(
        envelope: &Envelope<'_>,
        usage: Option<&Usage>,
        tensors: &[Tensor],
    ) -> Result<Self, Refusal> {
        let mut bytes = envelope.open();
        if let Some(usage) = usage {
            let counts = format!(
                r#","prompt_tokens":{},"completion_tokens":{}"#,
                usage.prompt_tokens, usage.completion_tokens
            );
            bytes.extend_from_slice(counts.as_bytes());
        }
        for tensor in tensors {
            let name = serde_json::to_string(&tensor.name).unwrap_or_default();
            bytes.extend_from_slice(format!(",{name}:").as_bytes());
            let written = match tensor.elements.count() {
                1 => elements::write_single(&tensor.elements, &mut bytes),
                _ => elements::write(&tensor.elements, &mut bytes),
            };
            written.map_err(|error| misfit("output", &tensor.name, error))?;
        }
        bytes.push(b'}');
        Ok(Self {
            bytes,
            header: None,
            is_event: false,
        })
    }

    /// The same answer as the one event of a stream.
    pub(super) fn into_event(self) -> Self {
        Self {
            is_event: true,
            ..self
        }
    }

    /// The bytes that are sent: of an event, with what stands around it.
    pub(super) fn framed(mut self) -> Self {
        if self.is_event {
            self.bytes = [EVENT, &self.bytes, END].concat();
        }
        self
    }

    /// All of it.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The same with something wrong in its JSON.
    pub(super) fn spoiled(mut self, spoil: Option<Spoil>) -> Self {
        if let Some(header) = self.header {
            let binary = self.bytes.split_off(header);
            spoil_body(&mut self.bytes, spoil);
            self.header = Some(self.bytes.len());
            self.bytes.extend_from_slice(&binary);
        } else {
            spoil_body(&mut self.bytes, spoil);
        }
        self
    }

    /// The response with this much of it as its body.
    pub(super) fn into_response(self, body: impl FnOnce(Bytes) -> Body) -> Response {
        let mut response = json(StatusCode::OK, body(self.bytes.into()));
        if let Some(header) = self.header {
            let headers = response.headers_mut();
            let octets = HeaderValue::from_static("application/octet-stream");
            headers.insert(CONTENT_TYPE, octets);
            headers.insert(HEADER_LENGTH, header.into());
        }
        if self.is_event {
            stream_of_events(response.headers_mut());
        }
        response
    }
}

/// Says that events follow.
pub(super) fn stream_of_events(headers: &mut HeaderMap) {
    let events = HeaderValue::from_static("text/event-stream; charset=utf-8");
    headers.insert(CONTENT_TYPE, events);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
}

/// Appends one output.
fn write(tensor: &Tensor, binary: bool, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
    let name = serde_json::to_string(&tensor.name).unwrap_or_default();
    let (datatype, shape) = (tensor.datatype(), &tensor.shape);
    let head = format!(r#"{{"name":{name},"datatype":"{datatype}","shape":{shape},"#);
    bytes.extend_from_slice(head.as_bytes());
    if binary {
        let size = tensor.elements.raw().len();
        let parameters = format!(r#""parameters":{{"binary_data_size":{size}}}}}"#);
        bytes.extend_from_slice(parameters.as_bytes());
    } else {
        bytes.extend_from_slice(br#""data":"#);
        elements::write(&tensor.elements, bytes)
            .map_err(|error| misfit("output", &tensor.name, error))?;
        bytes.push(b'}');
    }
    Ok(())
}
