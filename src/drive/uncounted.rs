//! Answers whose tokens nobody has counted: their words are kept until the lane has sent everything, and counted then, so that
//! counting takes nothing from sending.

use super::exchange::Exchanged;
use super::heard::Heard;
use crate::sample::{Chunk, TokenSource, Tokens};
use crate::schedule::Slot;
use crate::tokenizer::Tokenizer;
use crate::units::{Offset, wide};
use std::mem::size_of_val;

/// The most bytes of the answers of one load stream in a lane, and of what is known of them: 256 MiB. Those for which there is no room are counted by
/// their pieces.
const MOST_BYTES: u64 = 256 << 20;

/// The answers of one load stream in a lane whose tokens are to be counted when the lane is done; none without a tokenizer.
#[derive(Debug, Default)]
pub(super) struct Uncounted {
    tokenizer: Option<Tokenizer>,
    #[expect(
        clippy::vec_box,
        reason = "a list that grows while requests are sent moves pointers, not answers"
    )]
    answers: Vec<Box<Answer>>,
    bytes: u64,
}

/// What became of a request, without the pieces of its answer.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) slot: Slot,
    pub(super) sent: Option<Offset>,
    pub(super) finished: Offset,
    pub(super) exchanged: Exchanged,
}

/// An answer as it came: its words, and where each piece of them ends.
#[derive(Debug)]
struct Answer {
    ended: Ended,
    text: Box<str>,
    chunks: Box<[Chunk]>,
    lengths: Box<[u32]>,
}

impl Uncounted {
    /// Nothing yet; without a tokenizer for ever.
    pub(super) fn new(tokenizer: Option<Tokenizer>) -> Self {
        Self {
            tokenizer,
            ..Self::default()
        }
    }

    /// Are the words of answers wanted?
    pub(super) const fn wants_words(&self) -> bool {
        self.tokenizer.is_some()
    }

    /// Keeps an answer whose tokens can be counted and are not, and gives any other back. Takes four pieces of memory for each
    /// that it keeps.
    pub(super) fn keep(&mut self, ended: Ended, heard: &Heard) -> Option<Ended> {
        let tokens = ended.exchanged.output_tokens;
        let is_counted = tokens.is_none_or(|tokens| tokens.source != TokenSource::Chunks);
        // What came without words, as reasoning and calls of tools do, cannot be counted.
        if !self.wants_words() || is_counted || heard.lengths().contains(&0) {
            return Some(ended);
        }
        let (text, chunks, lengths) = (heard.text(), &heard.chunks, heard.lengths());
        let bytes = size_of::<Answer>()
            + text.len()
            + size_of_val(chunks.as_slice())
            + size_of_val(lengths);
        if self.bytes + wide(bytes) > MOST_BYTES {
            return Some(ended);
        }
        self.bytes += wide(bytes);
        self.answers.push(Box::new(Answer {
            ended,
            text: text.into(),
            chunks: chunks.as_slice().into(),
            lengths: lengths.into(),
        }));
        None
    }

    /// Counts the tokens of everything that was kept, in the order in which it came, and gives each to `emit`.
    pub(super) fn count(&mut self, mut emit: impl FnMut(&Ended, &[Chunk])) {
        for answer in std::mem::take(&mut self.answers) {
            let Answer {
                mut ended,
                text,
                mut chunks,
                lengths,
            } = *answer;
            let tokenizer = self.tokenizer.as_ref();
            if let Some(shares) = tokenizer.and_then(|known| known.shares(&text, &lengths)) {
                for (chunk, tokens) in chunks.iter_mut().zip(&shares) {
                    chunk.tokens = *tokens;
                }
                ended.exchanged.output_tokens = Some(Tokens {
                    count: shares.iter().copied().map(u64::from).sum(),
                    source: TokenSource::Tokenizer,
                });
            }
            emit(&ended, &chunks);
        }
    }
}
