//! A comparison at a prompt: the verdict, the table of metrics, how it was measured.

use super::rows::{HEADERS, Row, rows};
use super::{Comparison, words};
use crate::gate::compare::Judgement;
use crate::report::Style;
use crate::report::terminal::{Paint, printable, wrap};

/// Columns whose cells are words and stand to the left.
const WORDS: [usize; 2] = [0, 6];

/// The comparison as text. Ends with a line break.
pub fn terminal(comparison: &Comparison, style: Style) -> String {
    let sections = [
        verdict(comparison, style),
        table(comparison, style),
        notes(comparison, style),
    ];
    sections.map(|section| section + "\n").join("\n")
}

fn verdict(comparison: &Comparison, style: Style) -> String {
    let title = style.paint(Paint::Bold, &printable(&comparison.identity.scenario));
    let sentence = wrap(&comparison.sentence(), style.width, "");
    let arms = words::arms(comparison).map(|(role, arm)| format!("{role:<9} {}", printable(&arm)));
    let paint = paint(comparison.judged.judgement);
    format!(
        "{title}\n{}\n\n{}",
        style.paint(paint, &sentence),
        arms.join("\n")
    )
}

const fn paint(judgement: Judgement) -> Paint {
    match judgement {
        Judgement::Improved | Judgement::Unchanged => Paint::Green,
        Judgement::ProbablyImproved | Judgement::Inconclusive | Judgement::ProbablyRegressed => {
            Paint::Yellow
        }
        Judgement::Regressed | Judgement::Refused => Paint::Red,
    }
}

fn table(comparison: &Comparison, style: Style) -> String {
    let rows = rows(comparison);
    let stages = rows
        .iter()
        .map(|row| row.stage.len())
        .max()
        .unwrap_or_default();
    let header = HEADERS.map(str::to_owned);
    let widths: Vec<usize> = (0..HEADERS.len())
        .map(|column| {
            let cells = rows.iter().map(|row| &row.cells).chain([&header]);
            cells
                .filter_map(|cells| cells.get(column))
                .map(|cell| cell.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |stage: &str, cells: &[String; 8]| {
        let mut text = if stages > 0 {
            format!("{stage:<stages$}  ")
        } else {
            String::new()
        };
        for (column, (cell, width)) in cells.iter().zip(&widths).enumerate() {
            let width = *width;
            let padded = if WORDS.contains(&column) {
                format!("{cell:<width$}  ")
            } else {
                format!("{cell:>width$}  ")
            };
            text.push_str(&padded);
        }
        text.trim_end().to_owned()
    };
    let mut lines = vec![style.paint(
        Paint::Dim,
        &line(if stages > 0 { "stage" } else { "" }, &header),
    )];
    for row in &rows {
        let text = line(&row.stage, &row.cells);
        lines.push(if row.is_advisory {
            style.paint(Paint::Dim, &text)
        } else {
            text
        });
    }
    lines.join("\n")
}

/// Reasons of what is not settled, claims, and how it was measured.
fn notes(comparison: &Comparison, style: Style) -> String {
    let stages = comparison.trial.stages.len();
    let mut lines = Vec::new();
    for row in rows(comparison).iter().filter(|row| needs_a_reason(row)) {
        lines.push(format!("{}: {}", place(row), row.reason));
    }
    lines.extend(
        comparison
            .judged
            .claims
            .iter()
            .map(|claim| words::claim(claim, stages)),
    );
    lines.push(words::method(comparison) + ".");
    lines.extend(words::notes(comparison));
    lines.push("In brackets: told, and decides nothing. Detectable: the harm that nine in ten such comparisons would find.".to_owned());
    let wrapped: Vec<String> = lines
        .iter()
        .map(|line| wrap(line, style.width, "  "))
        .collect();
    wrapped.join("\n")
}

fn place(row: &Row) -> String {
    let metric = row.cells.first().map_or("", String::as_str);
    match row.stage.as_str() {
        "" => metric.to_owned(),
        stage => format!("{metric} in stage {stage}"),
    }
}

fn needs_a_reason(row: &Row) -> bool {
    let is_open = matches!(
        row.judgement,
        Judgement::Inconclusive
            | Judgement::ProbablyRegressed
            | Judgement::ProbablyImproved
            | Judgement::Refused
    );
    is_open && !row.is_advisory
        || row
            .cells
            .first()
            .is_some_and(|metric| metric == "error_rate")
            && row.judgement == Judgement::Regressed
}
