//! Prompts that stand in a file, which the plan reads.

use super::super::records::{Error, Order, Record, Records};
use crate::seed::Seed;
use std::num::NonZero;
use std::sync::Arc;

/// What a prompt may have at most in a file of `ShareGPT`, where nothing else is said: as vLLM's benchmark has it.
const MAX_PROMPT_TOKENS: u32 = 1024;

/// Likewise what prompt and answer may have together.
const MAX_TOTAL_TOKENS: u32 = 2048;

/// Prompts from a file. There are none until it has been read.
#[derive(Debug, Clone, PartialEq)]
pub struct Recorded {
    format: Format,
    order: Order,
    limit: Option<NonZero<u32>>,
    records: Arc<Records>,
}

/// What stands in a file, and the file's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// A prompt on each line, as JSON.
    Jsonl(String),
    /// Conversations in the form of `ShareGPT`.
    ShareGpt(ShareGpt),
}

/// A file of conversations in the form of `ShareGPT`, and which of them are used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareGpt {
    /// The file's path.
    pub file: String,
    /// The most tokens of a prompt.
    pub max_prompt_tokens: Option<NonZero<u32>>,
    /// The most tokens of all that is said.
    pub max_total_tokens: Option<NonZero<u32>>,
}

impl Recorded {
    /// Prompts from a file that has not been read yet.
    pub fn new(format: Format, order: Order, limit: Option<NonZero<u32>>) -> Self {
        Self {
            format,
            order,
            limit,
            records: Arc::default(),
        }
    }

    /// The file's path, as it is written, and the field under which that stands.
    pub fn file(&self) -> (&'static str, &str) {
        match &self.format {
            Format::Jsonl(file) => ("jsonl", file),
            Format::ShareGpt(sharegpt) => ("sharegpt", &sharegpt.file),
        }
    }

    /// What stands in the file.
    pub const fn format(&self) -> &Format {
        &self.format
    }

    /// In which order they are sent.
    pub const fn order(&self) -> Order {
        self.order
    }

    /// The most that are used.
    pub const fn limit(&self) -> Option<NonZero<u32>> {
        self.limit
    }

    /// What was read.
    pub fn records(&self) -> &Records {
        &self.records
    }

    /// Takes over what was read.
    pub fn fill(&mut self, records: Arc<Records>) {
        self.records = records;
    }

    /// Reads the `text` of its file; `count` says how many tokens a text has.
    ///
    /// # Errors
    /// The first thing that is wrong with it, or that nothing in it can be used.
    pub fn read(&self, text: &str, count: &dyn Fn(&str) -> u32) -> Result<Records, Error> {
        match &self.format {
            Format::Jsonl(_) => Records::jsonl(text, self.limit),
            Format::ShareGpt(sharegpt) => {
                let or = |given: Option<NonZero<u32>>, most| given.map_or(most, NonZero::get);
                let prompt = or(sharegpt.max_prompt_tokens, MAX_PROMPT_TOKENS);
                let total = or(sharegpt.max_total_tokens, MAX_TOTAL_TOKENS);
                Records::sharegpt(text, self.limit, (prompt, total), count)
            }
        }
    }

    /// The record that is sent as number `number`: all of them one after the other, and again from the first. `None` where
    /// the file has not been read.
    pub(in super::super) fn record(&self, seed: Seed, number: u64) -> Option<&Record> {
        self.records.nth(self.order, seed, number)
    }

    pub(super) fn into_format(self) -> Format {
        self.format
    }
}
