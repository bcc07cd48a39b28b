//! A [`Report`] as bytes: the facts of a run, the findings on them and the verdict, in every format of [`FORMATS`], and
//! [`terminal`] for people at a prompt. Formats are functions of `&Report`; none of them reads anything else, and
//! each says the verdict first.

mod calibration;
pub mod comparison;
mod conditions;
mod counted;
mod course;
mod disturbance;
mod fault;
pub mod history;
mod html;
mod json;
mod junit;
mod markdown;
mod operations;
mod place;
mod setting;
mod table;
mod terminal;
mod warning;
mod words;

pub use json::schema;
pub use terminal::{Style, terminal};

use crate::gate::{self, Finding, Verdict};
use crate::summary::{self, RunSummary};

/// Facts and judgement of one run, side by side.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What was measured.
    pub run: RunSummary,
    /// How it compares with what was expected.
    pub findings: Vec<Finding>,
    /// The worst of that.
    pub verdict: Verdict,
}

impl Report {
    /// A report on a run that was judged.
    pub fn new(run: RunSummary, findings: Vec<Finding>) -> Self {
        let verdict = gate::verdict(&run, &findings);
        Self {
            run,
            findings,
            verdict,
        }
    }

    /// Reads a report that was written as JSON.
    ///
    /// # Errors
    /// [`summary::Error`] unless it is a document of this schema version.
    pub fn from_json(json: &[u8]) -> Result<Self, summary::Error> {
        json::read(json)
    }

    /// The verdict and its main reason, in one sentence.
    pub fn sentence(&self) -> String {
        words::sentence(self)
    }
}

/// One way to write a report to a file.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// What it is called on the command line.
    pub name: &'static str,
    /// The name of its file.
    pub file: &'static str,
    /// Makes the file's content.
    pub render: fn(&Report) -> Result<Vec<u8>, Error>,
}

/// Every format that goes to a file.
pub const FORMATS: &[Format] = &[
    Format {
        name: "json",
        file: "report.json",
        render: json::render,
    },
    Format {
        name: "html",
        file: "report.html",
        render: html::render,
    },
    Format {
        name: "markdown",
        file: "report.md",
        render: markdown::render,
    },
    Format {
        name: "junit",
        file: "junit.xml",
        render: junit::render,
    },
];

/// Why a report could not be rendered.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The JSON could not be written.
    #[error("could not render the report as JSON")]
    Json(#[from] serde_json::Error),
    /// The HTML template failed.
    #[error("could not render the report as HTML")]
    Html(#[from] askama::Error),
    /// The XML could not be written.
    #[error("could not render the report as JUnit XML")]
    Junit(#[from] quick_junit::SerializeError),
}

#[cfg(test)]
mod tests;
