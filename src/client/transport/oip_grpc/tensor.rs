//! Text as tensors. The prompt is the input `text_input`, datatype BYTES, shape `[1]`, sent raw: a 4-byte little-endian
//! length and the bytes. The answer is the output `text_output`, raw or typed. A chat is flattened to one line per
//! message, such as `user: hello`. Limits travel as parameters of the request, counts as parameters of the response.

use crate::client::transport::oip::{INPUT, OUTPUT, text as text_of};
use crate::client::{Input, Request, Usage};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use inferometer_proto::inference::infer_parameter::ParameterChoice;
use inferometer_proto::inference::model_infer_request::InferInputTensor;
use inferometer_proto::inference::{InferParameter, ModelInferRequest, ModelInferResponse};

/// A request as the protocol wants it.
pub(super) fn request(request: &Request) -> ModelInferRequest {
    let limits = [
        ("max_tokens", Some(whole_number(request.max_tokens))),
        (
            "temperature",
            request.temperature.map(ParameterChoice::DoubleParam),
        ),
        ("top_p", request.top_p.map(ParameterChoice::DoubleParam)),
    ];
    ModelInferRequest {
        model_name: request.model.clone(),
        id: request.id.clone(),
        parameters: limits
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), parameter(value?))))
            .collect(),
        inputs: vec![InferInputTensor {
            name: INPUT.to_owned(),
            datatype: "BYTES".to_owned(),
            shape: vec![1],
            ..Default::default()
        }],
        raw_input_contents: vec![element(&request.input)],
        ..Default::default()
    }
}

fn whole_number(value: u32) -> ParameterChoice {
    ParameterChoice::Int64Param(value.into())
}

fn parameter(value: ParameterChoice) -> InferParameter {
    InferParameter {
        parameter_choice: Some(value),
    }
}

/// The one element of the input tensor.
fn element(input: &Input) -> Bytes {
    let text = text_of(input);
    let mut element = BytesMut::with_capacity(4 + text.len());
    element.put_u32_le(u32::try_from(text.len()).unwrap_or(u32::MAX));
    element.put_slice(text.as_bytes());
    element.freeze()
}

/// The text of a response: every element of `text_output`, joined. Bytes that are no text, such as a character that a
/// server cut in two, become the replacement character.
pub(super) fn text(response: &ModelInferResponse) -> String {
    let Some(at) = response
        .outputs
        .iter()
        .position(|output| output.name == OUTPUT)
    else {
        return String::new();
    };
    if let Some(raw) = response.raw_output_contents.get(at) {
        return raw_text(raw);
    }
    let contents = response
        .outputs
        .get(at)
        .and_then(|output| output.contents.as_ref());
    let elements = contents.map(|contents| contents.bytes_contents.concat());
    String::from_utf8_lossy(&elements.unwrap_or_default()).into_owned()
}

/// The elements of a raw BYTES tensor, joined. A length that goes past the end means all that is there.
fn raw_text(mut raw: &[u8]) -> String {
    let mut text = Vec::with_capacity(raw.len());
    while let Ok(length) = raw.try_get_u32_le() {
        let length = usize::try_from(length).unwrap_or(usize::MAX).min(raw.len());
        let (element, rest) = raw.split_at(length);
        text.extend_from_slice(element);
        raw = rest;
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// The server's own count, when it sent both parts.
pub(super) fn usage(response: &ModelInferResponse) -> Option<Usage> {
    Some(Usage {
        prompt_tokens: count(response, "prompt_tokens")?,
        completion_tokens: count(response, "completion_tokens")?,
    })
}

/// Why generation ended, if the server said so.
pub(super) fn finish_reason(response: &ModelInferResponse) -> Option<Box<str>> {
    match choice(response, "finish_reason")? {
        ParameterChoice::StringParam(reason) => Some(reason.as_str().into()),
        ParameterChoice::BoolParam(_)
        | ParameterChoice::Int64Param(_)
        | ParameterChoice::DoubleParam(_)
        | ParameterChoice::Uint64Param(_) => None,
    }
}

/// Is this the last response to its request?
pub(super) fn is_final(response: &ModelInferResponse) -> bool {
    choice(response, "triton_final_response") == Some(&ParameterChoice::BoolParam(true))
}

fn count(response: &ModelInferResponse, name: &str) -> Option<u64> {
    match choice(response, name)? {
        ParameterChoice::Int64Param(count) => u64::try_from(*count).ok(),
        ParameterChoice::Uint64Param(count) => Some(*count),
        ParameterChoice::BoolParam(_)
        | ParameterChoice::StringParam(_)
        | ParameterChoice::DoubleParam(_) => None,
    }
}

fn choice<'a>(response: &'a ModelInferResponse, name: &str) -> Option<&'a ParameterChoice> {
    response.parameters.get(name)?.parameter_choice.as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::Message;
    use crate::client::Role;
    use inferometer_proto::inference::InferTensorContents;
    use inferometer_proto::inference::model_infer_response::InferOutputTensor;

    fn response(
        contents: Option<InferTensorContents>,
        raw: &[&'static [u8]],
    ) -> ModelInferResponse {
        let output = |name: &str, contents| InferOutputTensor {
            name: name.to_owned(),
            contents,
            ..Default::default()
        };
        ModelInferResponse {
            outputs: vec![output("score", None), output(OUTPUT, contents)],
            raw_output_contents: raw.iter().map(|raw| Bytes::from_static(raw)).collect(),
            ..Default::default()
        }
    }

    #[test]
    fn a_chat_goes_out_as_one_length_prefixed_text() {
        let input = Input::Chat(vec![
            Message {
                role: Role::System,
                content: "be brief".to_owned(),
            },
            Message {
                role: Role::User,
                content: "hé".to_owned(),
            },
        ]);

        assert_eq!(
            element(&input),
            b"\x1a\0\0\0system: be brief\nuser: h\xc3\xa9"[..]
        );
    }

    #[test]
    fn text_is_read_from_the_raw_contents_of_its_own_output() {
        let raw = response(None, &[b"\x01\0\0\0", b"\x02\0\0\0 a\x03\0\0\0 bc"]);

        assert_eq!(text(&raw), " a bc");
    }

    #[test]
    fn text_is_read_from_typed_contents_when_nothing_is_raw() {
        let contents = InferTensorContents {
            bytes_contents: vec![Bytes::from_static(b" a"), Bytes::from_static(b" b")],
            ..Default::default()
        };

        assert_eq!(text(&response(Some(contents), &[])), " a b");
    }

    #[test]
    fn a_length_past_the_end_is_no_panic() {
        assert_eq!(text(&response(None, &[b"", b"\xff\xff\xff\xffab"])), "ab");
        assert_eq!(text(&response(None, &[b"", b"\x01\0"])), "");
    }

    #[test]
    fn counts_are_read_from_either_integer_type() {
        let mut counted = response(None, &[]);
        let prompt = parameter(ParameterChoice::Int64Param(3));
        let completion = parameter(ParameterChoice::Uint64Param(4));
        counted.parameters = [
            ("prompt_tokens".to_owned(), prompt),
            ("completion_tokens".to_owned(), completion),
        ]
        .into();

        assert_eq!(
            usage(&counted),
            Some(Usage {
                prompt_tokens: 3,
                completion_tokens: 4
            })
        );
    }
}
