//! What the events of an OpenAI stream say.

use super::form::Chunks;
use crate::fault::Spoil;
use crate::pace::Chunk;
use crate::protocol::rest::Tell;
use crate::words;

/// The mark that ends a stream.
const DONE: &[u8] = b"data: [DONE]\n\n";

impl Tell for Chunks {
    fn tokens(&mut self, chunk: Chunk, buffer: &mut Vec<u8>) {
        let opening = self.opening.take().unwrap_or_default();
        buffer.extend_from_slice(opening.as_bytes());
        buffer.extend_from_slice(self.before_token.as_bytes());
        for index in chunk.tokens() {
            buffer.extend_from_slice(words::word(index).as_bytes());
        }
        buffer.extend_from_slice(self.after_token.as_bytes());
    }

    fn end(&mut self, spoil: Option<Spoil>, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self.end.as_bytes());
        match spoil {
            Some(Spoil::MissingDone) => {}
            None => buffer.extend_from_slice(DONE),
        }
    }
}
