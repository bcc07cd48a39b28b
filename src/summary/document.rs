//! A run as a file: `{ "schema": "inferometer.report/v1", .., "run": { .. } }`. A report is the same document with
//! findings and a verdict beside the run, so anything that reads runs reads reports.

use super::RunSummary;
use serde::{Deserialize, Serialize};

/// Name and version of the format. A change that old readers would misread gets a new version.
pub const SCHEMA: &str = "inferometer.report/v1";

/// Why a stored run cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not of the shape that its schema promises.
    #[error("could not read the run: {0}; expected a report.json that this tool wrote")]
    Malformed(#[from] serde_json::Error),
    /// JSON, but not one of our reports.
    #[error(
        "could not read the run: expected `\"schema\": \"{SCHEMA}\"`, found no `schema`; is this a report.json?"
    )]
    NoSchema,
    /// Written in another version of the format.
    #[error(
        "could not read the run: expected schema `{SCHEMA}`, found `{found}`; read it with the version that wrote it, or measure again"
    )]
    OtherSchema {
        /// The schema that the document names.
        found: String,
    },
    /// Two runs that are not shards of one plan.
    #[error(
        "could not merge the runs: expected equal {what}, found `{ours}` and `{theirs}`; only shards of one plan add up"
    )]
    Unlike {
        /// What differs.
        what: &'static str,
        /// In the first run.
        ours: String,
        /// In the second run.
        theirs: String,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    schema: &'static str,
    run: &'a RunSummary,
}

#[derive(Deserialize)]
struct Probe {
    schema: Option<String>,
}

#[derive(Deserialize)]
struct Read {
    run: RunSummary,
}

impl RunSummary {
    /// The run as a JSON document.
    ///
    /// # Errors
    /// [`Error::Malformed`] if a number in it is none, which JSON cannot say.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        let written = Written {
            schema: SCHEMA,
            run: self,
        };
        Ok(serde_json::to_vec_pretty(&written)?)
    }

    /// Reads a run, or the run inside a report.
    ///
    /// # Errors
    /// [`Error`] unless it is a document of this schema version.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        check_schema(json)?;
        Ok(serde_json::from_slice::<Read>(json)?.run)
    }
}

/// Refuses documents of other formats and versions by name, before anything else about them can be wrong.
pub(crate) fn check_schema(json: &[u8]) -> Result<(), Error> {
    match serde_json::from_slice::<Probe>(json)?.schema {
        None => Err(Error::NoSchema),
        Some(found) if found != SCHEMA => Err(Error::OtherSchema { found }),
        Some(_) => Ok(()),
    }
}
