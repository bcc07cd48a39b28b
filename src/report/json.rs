//! The report as JSON: the run document of [`crate::summary`], with findings and verdict beside the run. Its schema is
//! committed as `reports/schema/report.v1.json`.

use super::{Error, Report};
use crate::gate::{Finding, Verdict};
use crate::summary::{self, RunSummary, SCHEMA, check_schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A report of one run.
#[derive(Serialize, Deserialize, JsonSchema)]
#[schemars(title = "Inferometer report, version 1")]
struct Document<'a> {
    /// Name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: Cow<'a, str>,
    /// The worst of the findings.
    verdict: Verdict,
    /// The verdict and its main reason, for people.
    sentence: String,
    /// What was expected, and how it came out.
    findings: Cow<'a, [Finding]>,
    /// What was measured.
    run: Cow<'a, RunSummary>,
}

pub(super) fn render(report: &Report) -> Result<Vec<u8>, Error> {
    let document = Document {
        schema: SCHEMA.into(),
        verdict: report.verdict,
        sentence: report.sentence(),
        findings: (&report.findings).into(),
        run: Cow::Borrowed(&report.run),
    };
    let mut json = serde_json::to_vec_pretty(&document)?;
    json.push(b'\n');
    Ok(json)
}

pub(super) fn read(json: &[u8]) -> Result<Report, summary::Error> {
    check_schema(json)?;
    let document: Document<'static> = serde_json::from_slice(json)?;
    Ok(Report {
        verdict: document.verdict,
        findings: document.findings.into_owned(),
        run: document.run.into_owned(),
    })
}

/// The JSON Schema of the report.
pub fn schema() -> schemars::Schema {
    schemars::schema_for!(Document<'static>)
}
