//! The table of a comparison, as every format shows it: a row for each metric that was compared.

use super::Comparison;
use super::words::interval;
use crate::gate::compare::{Judgement, MetricFinding, Tier};
use crate::metric::{Unit, print_change};

/// The headings, in order.
pub(in crate::report) const HEADERS: [&str; 8] = [
    "metric",
    "baseline",
    "candidate",
    "change",
    "interval",
    "margin",
    "verdict",
    "detectable",
];

/// One metric in one stage.
pub(in crate::report) struct Row {
    /// The stage's name; empty where there is one alone.
    pub(in crate::report) stage: String,
    /// A cell for each heading.
    pub(in crate::report) cells: [String; 8],
    pub(in crate::report) judgement: Judgement,
    /// It is told and decides nothing.
    pub(in crate::report) is_advisory: bool,
    pub(in crate::report) reason: String,
    /// Two blocks of one arm differ by so much.
    pub(in crate::report) noise: Option<f64>,
}

/// Every metric that either arm measured, those that decide first.
pub(in crate::report) fn rows(comparison: &Comparison) -> Vec<Row> {
    let several = comparison.trial.stages.len() > 1;
    let shown =
        |finding: &&MetricFinding| finding.baseline.is_some() || finding.candidate.is_some();
    let mut rows: Vec<Row> = comparison
        .judged
        .findings
        .iter()
        .filter(shown)
        .map(|finding| row(finding, several))
        .collect();
    rows.sort_by_key(|row| row.is_advisory);
    rows
}

fn row(finding: &MetricFinding, several: bool) -> Row {
    let value = |value: Option<f64>| {
        value.map_or_else(|| "-".to_owned(), |value| finding.unit.print(value))
    };
    let change = finding.change;
    let is_advisory = finding.tier == Tier::Advisory;
    let verdict = match (is_advisory, change) {
        (true, None) => "not compared".to_owned(),
        (true, Some(_)) => format!("({})", finding.judgement.name()),
        (false, _) => finding.judgement.name().to_owned(),
    };
    let cells = [
        finding.metric.clone(),
        value(finding.baseline),
        value(finding.candidate),
        change.map_or_else(|| "-".to_owned(), |change| print_change(change.estimate)),
        change.map_or_else(|| "-".to_owned(), interval),
        match change {
            Some(_) => Unit::Share.print_round(finding.margin),
            None => "-".to_owned(),
        },
        verdict,
        finding
            .power
            .map_or_else(|| "-".to_owned(), |power| print_change(power.detectable)),
    ];
    Row {
        stage: if several {
            finding.stage.clone()
        } else {
            String::new()
        },
        cells,
        judgement: finding.judgement,
        is_advisory,
        reason: finding.reason.clone(),
        noise: finding.power.map(|power| power.noise),
    }
}
