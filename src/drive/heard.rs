//! What arrives of one answer: a buffer that is used again for the next.

use crate::sample::Chunk;
use crate::units::Offset;

/// The arrivals of one answer, and its words where somebody wants them.
#[derive(Debug, Default)]
pub(super) struct Heard {
    pub(super) chunks: Vec<Chunk>,
    text: String,
    /// How many bytes of the text came with each of the arrivals.
    lengths: Vec<u32>,
    keeps_text: bool,
}

impl Heard {
    /// Forgets the answer before.
    pub(super) fn begin(&mut self, keeps_text: bool) {
        self.chunks.clear();
        self.text.clear();
        self.lengths.clear();
        self.keeps_text = keeps_text;
    }

    /// So many tokens arrived together at this time, with these words.
    pub(super) fn arrived(&mut self, at: Offset, tokens: u32, text: &str) {
        self.chunks.push(Chunk { at, tokens });
        if self.keeps_text {
            self.text.push_str(text);
            let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
            self.lengths.push(length);
        }
    }

    /// The words so far; none where nobody wants them.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How many bytes of them came with each of the arrivals.
    pub(super) fn lengths(&self) -> &[u32] {
        &self.lengths
    }
}
