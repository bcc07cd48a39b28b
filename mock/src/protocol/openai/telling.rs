//! What the events of an OpenAI stream say: `data: {...,"choices":[{"index":0,"delta":{"content":" alpha"},...}]}`, one
//! event for each choice and each piece of it.

use super::choice::Choice;
use super::logprobs::Logprobs;
use super::refusal::Refusal;
use crate::fault::Spoil;
use crate::pace::Chunk;
use crate::protocol::rest::Tell;
use crate::refused::Refused;
use std::ops::Range;

/// The mark that ends a stream.
const DONE: &[u8] = b"data: [DONE]\n\n";

/// One stream: its choices go forward together, a token each at a time.
#[derive(Debug)]
pub(super) struct Telling {
    pub(super) voices: Vec<Voice>,
    /// The finish reasons, and the usage if it is wanted.
    pub(super) end: String,
}

/// What is told of one choice.
#[derive(Debug)]
pub(super) struct Voice {
    pub(super) choice: Choice,
    /// Goes out with the first token of any choice.
    pub(super) opening: Vec<u8>,
    /// Around reasoning, where there is some.
    pub(super) thought: Option<Event>,
    /// Goes out with the first token after the reasoning.
    pub(super) call_opening: Option<String>,
    /// Around what comes after the reasoning.
    pub(super) spoken: Event,
    /// Where the next token begins in the text, in characters.
    pub(super) offset: usize,
}

/// The constant parts of an event.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) before: String,
    /// What follows the tokens, up to the log probabilities if there are any.
    pub(super) after: String,
    /// The log probabilities, and what follows them.
    pub(super) logprobs: Option<(Logprobs, String)>,
}

impl Tell for Telling {
    fn tokens(&mut self, chunk: Chunk, buffer: &mut Vec<u8>) {
        for voice in &mut self.voices {
            voice.tell(&chunk.tokens(), buffer);
        }
    }

    fn weigh(&self, chunk: Chunk) -> u32 {
        let tokens = chunk.tokens();
        let count = |voice: &Voice| {
            let end = voice.choice.tokens();
            tokens.end.min(end) - tokens.start.min(end)
        };
        self.voices.iter().map(count).sum()
    }

    /// As vLLM does: an error where a chunk would stand, and the end mark.
    fn error(&mut self, refused: &Refused, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(b"data: ");
        buffer.extend_from_slice(&Refusal::from(refused.clone()).body());
        buffer.extend_from_slice(b"\n\n");
        buffer.extend_from_slice(DONE);
    }

    fn end(&mut self, spoil: Option<Spoil>, buffer: &mut Vec<u8>) {
        buffer.extend_from_slice(self.end.as_bytes());
        if spoil != Some(Spoil::MissingDone) {
            buffer.extend_from_slice(DONE);
        }
    }
}

impl Voice {
    fn tell(&mut self, tokens: &Range<u32>, buffer: &mut Vec<u8>) {
        buffer.append(&mut self.opening);
        if let Some(event) = &self.thought {
            let thoughts = self.choice.thoughts(tokens);
            event.tell(&self.choice, thoughts, &mut self.offset, buffer);
        }
        let spoken = self.choice.spoken(tokens);
        if !spoken.is_empty()
            && let Some(opening) = self.call_opening.take()
        {
            buffer.extend_from_slice(opening.as_bytes());
        }
        self.spoken
            .tell(&self.choice, spoken, &mut self.offset, buffer);
    }
}

impl Event {
    /// The event for some tokens, if there are any.
    fn tell(&self, choice: &Choice, tokens: Range<u32>, offset: &mut usize, buffer: &mut Vec<u8>) {
        if tokens.is_empty() {
            return;
        }
        buffer.extend_from_slice(self.before.as_bytes());
        choice.push(tokens.clone(), buffer);
        buffer.extend_from_slice(self.after.as_bytes());
        if let Some((logprobs, rest)) = &self.logprobs {
            logprobs.push(choice, tokens, offset, buffer);
            buffer.extend_from_slice(rest.as_bytes());
        }
    }
}
