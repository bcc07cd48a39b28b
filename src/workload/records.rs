//! Prompts as they were recorded, read from a file: one request each, or whole conversations.

mod jsonl;
mod order;
mod sharegpt;

pub use order::Order;

use super::asked::Turn;
use crate::seed::Seed;
use crate::units::{hexadecimal, wide};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The most records of one file.
const MOST: usize = 1_000_000;

/// Why a file holds no records.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A line holds something else.
    #[error("line {line}: {message}")]
    Line {
        /// From 1.
        line: usize,
        /// What was expected there, and what was found.
        message: String,
    },
    /// The file as a whole is something else.
    #[error("{0}")]
    Whole(String),
}

/// What stands in one file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Records {
    list: Vec<Record>,
    models: BTreeSet<String>,
    most_rounds: usize,
    digest: String,
}

/// What was said once: one request, or a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What had been said before.
    pub opening: Vec<Turn>,
    /// What was asked, in order; at least one.
    pub rounds: Vec<Round>,
    /// The model to ask, where the record says that.
    pub model: Option<String>,
    /// The line where it begins, from 1, where lines matter.
    pub line: Option<usize>,
}

/// One thing that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Round {
    /// The words.
    pub text: String,
    /// How many tokens the answer had or may have, where that is known.
    pub output_tokens: Option<u32>,
}

impl Records {
    /// Those of a file, with what makes the file known again.
    fn of(text: &str, list: Vec<Record>) -> Result<Self, Error> {
        if list.len() > MOST {
            return Err(Error::Whole(format!(
                "expected at most {MOST} prompts, found more; set `limit`"
            )));
        }
        let models = list.iter().filter_map(|record| record.model.clone());
        Ok(Self {
            models: models.collect(),
            most_rounds: list
                .iter()
                .map(|record| record.rounds.len())
                .max()
                .unwrap_or(0),
            digest: digest(text),
            list,
        })
    }

    /// All of them, in the order of the file.
    pub fn list(&self) -> &[Record] {
        &self.list
    }

    /// The models that they name, each once.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        self.models.iter().map(String::as_str)
    }

    /// Equal for equal files: the beginning of their SHA-256.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The most that was asked in any of them.
    pub const fn most_rounds(&self) -> usize {
        self.most_rounds
    }

    /// The first that does not say how long its answer may be.
    pub fn without_output(&self) -> Option<&Record> {
        let is_told = |round: &Round| round.output_tokens.is_some();
        let mut list = self.list.iter();
        list.find(|record| !record.rounds.iter().all(is_told))
    }

    /// The one that is sent as number `number`: one after the other, and again from the first. `None` if there is none.
    pub(super) fn nth(&self, order: Order, seed: Seed, number: u64) -> Option<&Record> {
        let count = wide(self.list.len());
        let (cycle, place) = (number.checked_div(count)?, number.checked_rem(count)?);
        let place = order.place(place, count, seed, cycle);
        self.list.get(usize::try_from(place).ok()?)
    }
}

fn digest(text: &str) -> String {
    hexadecimal(Sha256::digest(text).into_iter().take(16))
}

/// What a parser says of a text, without the place that it counts in another way, and the column.
fn said(error: &serde_json::Error) -> (String, usize) {
    let told = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let told = told.strip_suffix(&place).unwrap_or(&told).to_owned();
    (told, error.column())
}

#[cfg(test)]
mod tests;
