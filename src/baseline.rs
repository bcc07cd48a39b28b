//! A baseline: what was kept to be held against later. It is an *artifact* first, what to run again: a scenario, a variant and
//! settings, a program and the commit that it was built from. The figures of the runs that were kept with it are the
//! fallback, for when it cannot be run again. Pure: files are read and written by `command`.
//!
//! ```json
//! { "schema": "inferometer.baseline/v1", "name": "main", "scenario": "scenarios/smoke/baseline.yaml", "commit": "38c2d24", .. }
//! ```
//!
//! Under `reports/baselines/main/` stand `baseline.json`, which is this, a file for each run, and the copy of the program.

mod unlike;

pub use unlike::{Unlike, unlike};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Name and version of the format.
pub const BASELINE_SCHEMA: &str = "inferometer.baseline/v1";

/// What to run again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    /// Name and version of this format.
    #[schemars(extend("const" = BASELINE_SCHEMA))]
    pub schema: String,
    /// What it is called: lower-case letters, digits and hyphens.
    pub name: String,
    /// The scenario file, as it was named.
    pub scenario: PathBuf,
    /// The digest of its text, 64 hexadecimal digits.
    pub scenario_sha256: String,
    /// The variant that was laid over it.
    pub variant: Option<String>,
    /// The settings that were changed, each as `path=value`.
    pub set: Vec<String>,
    /// The digest of its plan.
    pub fingerprint: String,
    /// The commit that the working folder was at, with `-dirty` behind it where files were changed; nothing outside of git.
    pub commit: Option<String>,
    /// The program that measured it.
    pub program: Program,
    /// The files that the command of a server names which the scenario launches, as they were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub launched: Vec<LaunchedFile>,
    /// When it was saved, as RFC 3339 text.
    pub saved: String,
}

/// The program that carries a baseline out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Program {
    /// Where it is: relative to the baseline's folder where it is a copy there.
    pub path: PathBuf,
    /// Its digest, 64 hexadecimal digits.
    pub sha256: String,
    /// The version that it says it is.
    pub tool_version: String,
    /// Is it a copy that was kept with the baseline?
    pub kept: bool,
}

/// A file of a server that a scenario launches: its program, or the script of an interpreter.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LaunchedFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its digest, 64 hexadecimal digits.
    pub sha256: String,
}

/// Why the file of a baseline cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Not JSON, or not of the shape that it should be.
    #[error("expected the file of a baseline: {0}")]
    Malformed(#[from] serde_json::Error),
    /// Written in another version of the format.
    #[error("expected schema `{BASELINE_SCHEMA}`, found `{0}`; save the baseline anew")]
    OtherSchema(String),
}

impl Baseline {
    /// Reads `baseline.json`.
    ///
    /// # Errors
    /// [`Error`] unless it is a document of this schema version.
    pub fn from_json(json: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Probe {
            schema: String,
        }
        let probe: Probe = serde_json::from_slice(json)?;
        if probe.schema != BASELINE_SCHEMA {
            return Err(Error::OtherSchema(probe.schema));
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// `baseline.json`, indented, so that a change of it can be reviewed.
    ///
    /// # Errors
    /// [`Error::Malformed`] where a path is not text.
    pub fn to_json(&self) -> Result<Vec<u8>, Error> {
        let mut json = serde_json::to_vec_pretty(self)?;
        json.push(b'\n');
        Ok(json)
    }
}

#[cfg(test)]
mod tests;
