//! The messages of a stream in both dialects: Triton wraps each answer in a `ModelStreamInferResponse`, where `MLServer` sends the bare
//! `ModelInferResponse`. The two are told apart by their fields: the wrapper has the first two alone, and every answer that says
//! anything has one of those behind them.

use bytes::{Buf, Bytes};
use inferometer_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelStreamInferResponse,
};
use prost::encoding::{DecodeContext, decode_key, skip_field};
use prost::{DecodeError, Message};
use tonic::Status;
use tonic::codec::{Codec, DecodeBuf, Decoder};
use tonic_prost::ProstCodec;

/// The last field of the wrapper.
const LAST_OF_WRAPPER: u32 = 2;

/// What encodes the requests of a stream and reads its answers, whichever they are.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct EitherDialect;

type Wrapped = ProstCodec<ModelInferRequest, ModelStreamInferResponse>;

impl Codec for EitherDialect {
    type Encode = ModelInferRequest;
    type Decode = ModelStreamInferResponse;
    type Encoder = <Wrapped as Codec>::Encoder;
    type Decoder = Self;

    fn encoder(&mut self) -> Self::Encoder {
        Wrapped::default().encoder()
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Decoder for EitherDialect {
    type Item = ModelStreamInferResponse;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Self::Item>, Status> {
        let message = buffer.copy_to_bytes(buffer.remaining());
        // As the library says it of what it decodes itself.
        let read = read(message).map_err(|error| Status::internal(error.to_string()));
        read.map(Some)
    }
}

/// One message of a stream.
fn read(message: Bytes) -> Result<ModelStreamInferResponse, DecodeError> {
    if !is_bare(message.clone())? {
        return ModelStreamInferResponse::decode(message);
    }
    Ok(ModelStreamInferResponse {
        error_message: String::new(),
        infer_response: Some(ModelInferResponse::decode(message)?),
    })
}

/// Has it a field that the wrapper has not?
fn is_bare(mut message: Bytes) -> Result<bool, DecodeError> {
    while message.has_remaining() {
        let (field, kind) = decode_key(&mut message)?;
        if field > LAST_OF_WRAPPER {
            return Ok(true);
        }
        skip_field(kind, field, &mut message, DecodeContext::default())?;
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use inferometer_proto::inference::model_infer_response::InferOutputTensor;

    fn answer() -> ModelInferResponse {
        ModelInferResponse {
            model_name: "echo".to_owned(),
            model_version: "v1".to_owned(),
            outputs: vec![InferOutputTensor {
                name: "text_output".to_owned(),
                ..Default::default()
            }],
            raw_output_contents: vec![Bytes::from_static(b"\x01\0\0\0a")],
            ..Default::default()
        }
    }

    fn wrapped(error: &str, response: Option<ModelInferResponse>) -> ModelStreamInferResponse {
        ModelStreamInferResponse {
            error_message: error.to_owned(),
            infer_response: response,
        }
    }

    fn read_back(message: &impl Message) -> ModelStreamInferResponse {
        read(message.encode_to_vec().into()).unwrap()
    }

    #[test]
    fn bare_and_wrapped_answers_are_the_same() {
        let wrapper = wrapped("", Some(answer()));

        assert_eq!(read_back(&answer()), wrapper);
        assert_eq!(read_back(&wrapper), wrapper);
    }

    #[test]
    fn an_error_and_an_empty_message_are_wrapped() {
        let error = wrapped("out of memory", None);

        assert_eq!(read_back(&error), error);
        assert_eq!(read_back(&wrapped("", None)), wrapped("", None));
    }

    #[test]
    fn a_hostile_message_is_what_one_of_the_two_says_or_an_error() {
        let honest = [
            answer().encode_to_vec(),
            wrapped("", Some(answer())).encode_to_vec(),
            wrapped("no", None).encode_to_vec(),
        ];
        let honest: Vec<&[u8]> = honest.iter().map(Vec::as_slice).collect();

        inferometer_fuzz::hold(&honest, |bytes| {
            let Ok(read) = read(Bytes::copy_from_slice(bytes)) else {
                return;
            };
            let as_wrapper = ModelStreamInferResponse::decode(bytes);
            let as_bare = ModelInferResponse::decode(bytes).map(|bare| wrapped("", Some(bare)));
            assert!(as_wrapper == Ok(read.clone()) || as_bare == Ok(read));
        });
    }
}
