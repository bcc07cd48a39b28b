//! A comparison of two arms as bytes: the verdict and its interval first, then each metric with what it could have shown, in
//! every format of [`FORMATS`], and [`terminal`] for people at a prompt.

mod annotations;
mod json;
mod junit;
mod markdown;
mod rows;
mod terminal;
pub(super) mod words;

pub use json::{COMPARISON_SCHEMA, Unreadable, comparison_schema};
pub(super) use rows::{HEADERS, Row, rows};
pub use terminal::terminal;
pub(crate) use words::interval;

use super::Error;
use crate::gate::compare::Judged;
use crate::gate::spec::GateSpec;
use crate::summary::RunIdentity;
use crate::trial::Trial;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was compared, how, what was measured, and what follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What was run, where and when.
    pub identity: RunIdentity,
    /// How it was to be compared.
    pub spec: GateSpec,
    /// Where the baseline's figures come from.
    pub method: Method,
    /// What was measured.
    pub trial: Trial,
    /// What follows.
    pub judged: Judged,
}

/// Where the figures of a baseline come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// It was run beside the candidate, in turns.
    Interleaved,
    /// From runs that were stored.
    Stored {
        /// How many.
        runs: usize,
        /// Why it was not run again.
        why: String,
    },
}

impl Comparison {
    /// The verdict and its reason, in one sentence.
    pub fn sentence(&self) -> String {
        words::sentence(self)
    }
}

/// One way to write a comparison to a file.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The name of its file.
    pub file: &'static str,
    /// Makes the file's content.
    pub render: fn(&Comparison) -> Result<Vec<u8>, Error>,
}

/// Every format that goes to a file.
pub const FORMATS: &[Format] = &[
    Format {
        name: "json",
        file: "comparison.json",
        render: json::render,
    },
    Format {
        name: "html",
        file: "comparison.html",
        render: super::html::comparison,
    },
    Format {
        name: "markdown",
        file: "comparison.md",
        render: markdown::render,
    },
    Format {
        name: "junit",
        file: "junit.xml",
        render: junit::render,
    },
    Format {
        name: "annotations",
        file: "annotations.txt",
        render: annotations::render,
    },
];

#[cfg(test)]
mod tests;
