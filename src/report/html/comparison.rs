//! A comparison as one HTML file, in the manner of a run's: the verdict first, then the metrics with what each could have
//! shown, the quads as dots, both spectra, and how it was measured.

mod quads;
mod spectra;

use super::chart::Chart;
use crate::gate::compare::Judgement;
use crate::report::Error;
use crate::report::comparison::{Comparison, HEADERS, Row, rows, words};
use askama::Template;

#[derive(Template)]
#[template(path = "comparison.html")]
struct Page<'a> {
    comparison: &'a Comparison,
    sentence: String,
    class: &'static str,
    arms: [(&'static str, String); 2],
    facts: Vec<(&'static str, String)>,
    rows: Vec<Row>,
    several: bool,
    claims: Vec<String>,
    method: String,
    notes: Vec<String>,
    charts: Vec<(String, String, String)>,
}

pub(in crate::report) fn render(comparison: &Comparison) -> Result<Vec<u8>, Error> {
    let stages = comparison.trial.stages.len();
    let rows = rows(comparison);
    let charts: Vec<Chart> = quads::of(comparison)
        .into_iter()
        .chain(spectra::of(comparison))
        .collect();
    let drawn = charts.into_iter().map(|chart| Ok((chart.draw()?, chart)));
    let charts = drawn.map(|drawn: Result<_, askama::Error>| {
        drawn.map(|(drawing, chart)| (chart.title, chart.caption, drawing))
    });
    let page = Page {
        comparison,
        sentence: comparison.sentence(),
        class: class(comparison.judged.judgement),
        arms: words::arms(comparison),
        facts: words::facts(comparison),
        several: stages > 1,
        claims: comparison
            .judged
            .claims
            .iter()
            .map(|claim| words::claim(claim, stages))
            .collect(),
        method: words::method(comparison),
        notes: words::notes(comparison),
        charts: charts.collect::<Result<_, _>>()?,
        rows,
    };
    Ok(page.render()?.into_bytes())
}

/// The class of the style sheet that has its colour.
const fn class(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Improved | Judgement::Unchanged => "passed",
        Judgement::ProbablyImproved | Judgement::Inconclusive | Judgement::ProbablyRegressed => {
            "inconclusive"
        }
        Judgement::Regressed => "failed",
        Judgement::Refused => "refused",
    }
}

impl Row {
    fn class(&self) -> &'static str {
        class(self.judgement)
    }
}
