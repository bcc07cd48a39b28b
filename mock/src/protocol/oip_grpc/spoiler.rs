//! What is wrong with a single response of a stream, or with an answer in one piece, whatever it says:
//!
//! ```text
//! alpha, bravo, charlie      after next, at 0: bravo, alpha, charlie
//! ```

use super::breakable::Switch;
use super::generate::parameter;
use crate::fault::{Blemish, Spoil};
use crate::pace::Chunk;
use crate::visit::Visit;
use inferometer_proto::inference::ModelInferResponse;
use inferometer_proto::inference::infer_parameter::ParameterChoice;

/// The parameter that makes an answer larger.
const PADDING: &str = "padding";

/// Spoils the response of one token.
#[derive(Debug)]
pub(super) struct Spoiler {
    at_token: u32,
    blemish: Blemish,
    /// Waits for the next response to go first.
    held: Option<Due>,
    /// Goes before any other.
    next: Option<Due>,
}

/// A response and the tokens that it holds.
type Due = (ModelInferResponse, Chunk);

impl Spoiler {
    /// What `spoil` asks for, if it is about a single response.
    pub(super) fn new(spoil: Option<Spoil>) -> Option<Self> {
        let Some(Spoil::Piece { at_token, blemish }) = spoil else {
            return None;
        };
        Some(Self {
            at_token,
            blemish,
            held: None,
            next: None,
        })
    }

    /// A response that goes before any other, and which is written now.
    pub(super) fn next(&mut self, visit: &mut Visit) -> Option<ModelInferResponse> {
        let (response, chunk) = self.next.take()?;
        visit.wrote(chunk.tokens, chunk.due);
        Some(response)
    }

    /// What goes when the response for some tokens is due; `None` where another one has to go before it.
    pub(super) fn pass(
        &mut self,
        mut response: ModelInferResponse,
        chunk: Chunk,
        visit: &mut Visit,
        switch: &Switch,
    ) -> Option<ModelInferResponse> {
        self.release();
        if chunk.tokens().contains(&self.at_token) {
            match self.blemish {
                Blemish::Malformed => switch.garble(),
                Blemish::Padded { bytes } => pad(&mut response, bytes),
                Blemish::Twice => self.next = Some((response.clone(), chunk)),
                Blemish::AfterNext => {
                    self.held = Some((response, chunk));
                    return None;
                }
            }
        }
        visit.wrote(chunk.tokens, chunk.due);
        Some(response)
    }

    /// Lets a response that waits go after the one that goes now.
    pub(super) fn release(&mut self) {
        if self.held.is_some() {
            self.next = self.held.take();
        }
    }
}

/// Spoils an answer in one piece.
pub(super) fn spoil_whole(answer: &mut ModelInferResponse, spoil: Option<Spoil>, switch: &Switch) {
    let Some(Spoil::Piece { blemish, .. }) = spoil else {
        return;
    };
    match blemish {
        Blemish::Malformed => switch.garble(),
        Blemish::Padded { bytes } => pad(answer, bytes),
        // Only streams meet these.
        Blemish::Twice | Blemish::AfterNext => {}
    }
}

/// A parameter that means nothing.
fn pad(response: &mut ModelInferResponse, bytes: usize) {
    let padding = ParameterChoice::StringParam(" ".repeat(bytes));
    response.parameters.extend([parameter(PADDING, padding)]);
}
