//! What the events of `generate_stream` say: each is the answer to one piece, such as
//! `data: {"model_name":"tiny","model_version":"1","text_output":" alpha"}`.

use super::answer::{Answer, END, EVENT, Envelope};
use super::refusal::Refusal;
use crate::fault::Spoil;
use crate::pace::Chunk;
use crate::protocol::rest::Tell;
use crate::refused::Refused;
use crate::tensor::Tensor;
use crate::words::Wording;

/// The events of one answer.
#[derive(Debug)]
pub(super) enum Pieces {
    /// Pieces of text, each after the same fields.
    Text {
        /// What stands before each.
        before: Vec<u8>,
        /// Which words they are.
        wording: Wording,
    },
    /// All tensors at once.
    Tensors {
        /// The one event.
        event: Vec<u8>,
    },
}

impl Pieces {
    /// The events of a text.
    pub(super) fn of_text(envelope: &Envelope<'_>, wording: Wording) -> Self {
        let mut before = EVENT.to_vec();
        before.extend_from_slice(&envelope.open());
        before.extend_from_slice(br#","text_output":""#);
        Self::Text { before, wording }
    }

    /// The event of a model of tensors.
    ///
    /// # Errors
    /// JSON cannot say one of them.
    pub(super) fn of_tensors(envelope: &Envelope<'_>, tensors: &[Tensor]) -> Result<Self, Refusal> {
        let answer = Answer::generated(envelope, None, tensors)?;
        let event = [EVENT, answer.bytes(), END].concat();
        Ok(Self::Tensors { event })
    }
}

impl Tell for Pieces {
    fn tokens(&mut self, chunk: Chunk, buffer: &mut Vec<u8>) {
        match self {
            Self::Text { before, wording } => {
                buffer.extend_from_slice(before);
                for index in chunk.tokens() {
                    buffer.extend_from_slice(wording.word(index).as_bytes());
                }
                buffer.extend_from_slice(b"\"}");
                buffer.extend_from_slice(END);
            }
            Self::Tensors { event } => buffer.extend_from_slice(event),
        }
    }

    fn error(&mut self, refused: &Refused, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(EVENT);
        buffer.extend_from_slice(&Refusal::from(refused.clone()).body());
        buffer.extend_from_slice(END);
    }

    /// There is no end mark.
    fn end(&mut self, _spoil: Option<Spoil>, _buffer: &mut Vec<u8>) {}
}
