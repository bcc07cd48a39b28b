//! What a trace says: when each of many requests came, and how long it and its answer were. Reads the text of a file, and
//! opens none.
//!
//! ```text
//! TIMESTAMP,ContextTokens,GeneratedTokens
//! 2023-11-16 18:17:03.9799600,4808,10
//! ```

mod azure;
mod mooncake;
mod samples;

use crate::units::{Offset, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// The most requests of one trace.
const MOST: usize = 5_000_000;

/// Requests in the order in which they came; at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace(Vec<Entry>);

/// One request of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it came, from the first request of the trace on.
    pub at: Offset,
    /// Tokens of its prompt, where the trace says so; one at least.
    pub prompt_tokens: Option<NonZero<u32>>,
    /// Tokens of its answer, likewise.
    pub output_tokens: Option<NonZero<u32>>,
    /// What its prompt begins with: the numbers of blocks of [`BLOCK`] tokens, the same ones in requests that begin alike.
    pub blocks: Box<[u64]>,
    /// The line of the file that says it, from 1.
    pub line: usize,
}

/// How many tokens a block of a prompt has.
pub const BLOCK: u32 = 512;

/// How a file of requests is written.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Azure's traces of LLM inference: CSV with the columns `TIMESTAMP`, `ContextTokens` and `GeneratedTokens`.
    Azure,
    /// Mooncake's: JSON lines with `timestamp` in milliseconds, `input_length`, `output_length` and `hash_ids`.
    Mooncake,
    /// This tool's samples: JSON lines with `scheduled` in nanoseconds, `prompt_tokens` and `output_tokens`.
    Samples,
}

/// Why a text is no trace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line says something else.
    #[error("expected {expected}, found `{found}`")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What was expected there.
        expected: &'static str,
        /// What stands there, not all of it.
        found: String,
    },
    /// It has no requests.
    #[error("expected at least one request, found none")]
    Empty,
    /// It has too many.
    #[error("expected at most {MOST} requests, found more; take fewer with `limit`")]
    TooMany,
}

impl Error {
    /// `line`, of which `found` is a part, does not say what was `expected`.
    fn line(line: usize, expected: &'static str, found: &str) -> Self {
        Self::Line {
            line,
            expected,
            found: found.trim().chars().take(60).collect(),
        }
    }
}

/// A request as its line says it: in nanoseconds from whenever the file counts.
struct Said {
    nanos: u64,
    prompt_tokens: Option<u64>,
    output_tokens: Option<u64>,
    blocks: Vec<u64>,
}

impl Format {
    /// The requests that `text` says: all, or as many of the first as `limit` is.
    ///
    /// # Errors
    /// The first line that says no request.
    pub fn read(self, text: &str, limit: Option<NonZero<u64>>) -> Result<Trace, Error> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = (1..).zip(text.lines());
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        match self {
            Self::Azure => {
                let mut lines = lines;
                let (number, header) = lines.next().ok_or(Error::Empty)?;
                let columns = azure::Columns::of(number, header)?;
                collect(lines, limit, |number, line| columns.read(number, line))
            }
            Self::Mooncake => collect(lines, limit, mooncake::read),
            Self::Samples => {
                let mut stage = samples::OneStage::default();
                collect(lines, limit, |number, line| stage.read(number, line))
            }
        }
    }
}

fn collect<'a>(
    lines: impl Iterator<Item = (usize, &'a str)>,
    limit: Option<NonZero<u64>>,
    mut read: impl FnMut(usize, &'a str) -> Result<Said, Error>,
) -> Result<Trace, Error> {
    let limit = limit.and_then(|limit| usize::try_from(limit.get()).ok());
    let mut entries = Vec::new();
    for (number, line) in lines.take(limit.unwrap_or(usize::MAX)) {
        if entries.len() == MOST {
            return Err(Error::TooMany);
        }
        entries.push(read(number, line)?.at_line(number));
    }
    Trace::of(entries).ok_or(Error::Empty)
}

impl Said {
    fn at_line(self, line: usize) -> Entry {
        Entry {
            at: Offset::from_nanos(self.nanos),
            prompt_tokens: self.prompt_tokens.map(tokens),
            output_tokens: self.output_tokens.map(tokens),
            blocks: self.blocks.into(),
            line,
        }
    }
}

/// Nobody asks for no tokens at all: where a trace counts none, one is the nearest that can be sent.
fn tokens(count: u64) -> NonZero<u32> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    NonZero::new(count).unwrap_or(NonZero::<u32>::MIN)
}

impl Trace {
    /// The trace of `entries`, whose times may count from whenever and come in any order. `None` if there are none.
    pub fn of(mut entries: Vec<Entry>) -> Option<Self> {
        entries.sort_by_key(|entry| entry.at);
        let start = entries.first()?.at;
        for entry in &mut entries {
            entry.at = entry.at.since(start).into();
        }
        Some(Self(entries))
    }

    /// Its requests, in the order in which they came.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    /// Request `number`, counted over the trace again and again.
    pub fn entry(&self, number: u64) -> &Entry {
        let index = usize::try_from(number % self.requests()).unwrap_or(0);
        let entry = self.0.get(index);
        entry.unwrap_or_else(|| unreachable!("the remainder is below the number of requests"))
    }

    /// How many requests it has.
    pub fn requests(&self) -> u64 {
        wide(self.0.len())
    }

    /// When its last request came.
    pub fn last(&self) -> Offset {
        self.0.last().map_or(Offset::ZERO, |entry| entry.at)
    }

    /// How long it lasts when it is followed by itself: from its first request to its last, and one gap more of the mean
    /// length. Zero if all came at once.
    pub fn lap(&self) -> Offset {
        let last = self.last().nanos();
        let gap = last.checked_div(self.requests() - 1).unwrap_or(0);
        Offset::from_nanos(last.saturating_add(gap))
    }
}

#[cfg(test)]
mod tests;
