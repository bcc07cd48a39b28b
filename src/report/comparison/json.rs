//! The comparison as JSON. Its schema is committed as `reports/schema/comparison.v1.json`.

use super::{Comparison, Error};
use crate::gate::compare::Judgement;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Name and version of the format. A change that old readers would misread gets a new version.
pub const COMPARISON_SCHEMA: &str = "inferometer.comparison/v1";

/// A comparison of two arms.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Inferometer comparison, version 1")]
struct Document<'a> {
    /// Name and version of this format.
    #[schemars(extend("const" = COMPARISON_SCHEMA))]
    schema: Cow<'a, str>,
    /// How it came out.
    verdict: Judgement,
    /// The verdict and its main reason, for people.
    sentence: String,
    /// What was compared, measured and found.
    comparison: Cow<'a, Comparison>,
}

pub(super) fn render(comparison: &Comparison) -> Result<Vec<u8>, Error> {
    let document = Document {
        schema: COMPARISON_SCHEMA.into(),
        verdict: comparison.judged.judgement,
        sentence: comparison.sentence(),
        comparison: Cow::Borrowed(comparison),
    };
    let mut json = serde_json::to_vec_pretty(&document)?;
    json.push(b'\n');
    Ok(json)
}

/// The JSON Schema of a comparison.
pub fn comparison_schema() -> schemars::Schema {
    schemars::schema_for!(Document<'static>)
}

/// Why a stored comparison cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    /// Not JSON, or not of the shape that its schema promises.
    #[error("could not read the comparison: {0}; expected a comparison.json that this tool wrote")]
    Malformed(#[from] serde_json::Error),
    /// Another document, or another version of the format.
    #[error("could not read the comparison: expected schema `{COMPARISON_SCHEMA}`, found `{0}`")]
    OtherSchema(String),
}

impl Comparison {
    /// Reads a comparison that was written as JSON.
    ///
    /// # Errors
    /// [`Unreadable`] unless it is a document of this schema version.
    pub fn from_json(json: &[u8]) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Probe {
            schema: String,
        }
        let probe: Probe = serde_json::from_slice(json)?;
        if probe.schema != COMPARISON_SCHEMA {
            return Err(Unreadable::OtherSchema(probe.schema));
        }
        let document: Document<'static> = serde_json::from_slice(json)?;
        Ok(document.comparison.into_owned())
    }
}
