//! The comparison as Markdown, for pull requests: the verdict, the table, and how it was measured.

use super::rows::{HEADERS, Row, rows};
use super::{Comparison, Error, words};
use crate::gate::compare::Judgement;
use crate::report::markdown::{code, escape};
use std::fmt::{self, Write};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every format")]
pub(super) fn render(comparison: &Comparison) -> Result<Vec<u8>, Error> {
    let mut page = String::new();
    if write(&mut page, comparison).is_err() {
        unreachable!("a String takes every write");
    }
    Ok(page.into_bytes())
}

fn write(page: &mut String, comparison: &Comparison) -> fmt::Result {
    let mark = mark(comparison.judged.judgement);
    writeln!(page, "### {mark} {}\n", code(&comparison.identity.scenario))?;
    writeln!(page, "**{}**\n", escape(&comparison.sentence()))?;
    for (role, arm) in words::arms(comparison) {
        writeln!(page, "- {role}: {}", code(&arm))?;
    }
    let (advisory, deciding): (Vec<Row>, Vec<Row>) = rows(comparison)
        .into_iter()
        .partition(|row| row.is_advisory);
    page.push('\n');
    table(page, &deciding)?;
    if !advisory.is_empty() {
        writeln!(
            page,
            "<details><summary>{} that decide nothing</summary>\n",
            plural(advisory.len())
        )?;
        table(page, &advisory)?;
        page.push_str("</details>\n\n");
    }
    for claim in &comparison.judged.claims {
        writeln!(
            page,
            "- {}",
            escape(&words::claim(claim, comparison.trial.stages.len()))
        )?;
    }
    writeln!(page, "\n{}.", escape(&words::method(comparison)))?;
    for note in &comparison.trial.notes {
        writeln!(page, "{}", escape(note))?;
    }
    Ok(())
}

fn plural(metrics: usize) -> String {
    crate::report::words::plural(crate::units::wide(metrics), "metric")
}

const fn mark(judgement: Judgement) -> &'static str {
    match judgement {
        Judgement::Improved | Judgement::Unchanged => "✅",
        Judgement::ProbablyImproved | Judgement::Inconclusive | Judgement::ProbablyRegressed => {
            "❔"
        }
        Judgement::Regressed => "❌",
        Judgement::Refused => "⛔",
    }
}

fn table(page: &mut String, rows: &[Row]) -> fmt::Result {
    let several = rows.iter().any(|row| !row.stage.is_empty());
    let stage = |text: &str| {
        if several {
            format!("| {} ", escape(text))
        } else {
            String::new()
        }
    };
    writeln!(page, "{}| {} |", stage("stage"), HEADERS.join(" | "))?;
    let lines = HEADERS.iter().enumerate().map(|(column, _)| {
        if column == 0 || column == 6 {
            ":--"
        } else {
            "--:"
        }
    });
    writeln!(
        page,
        "{}| {} |",
        if several { "| :-- " } else { "" },
        lines.collect::<Vec<_>>().join(" | ")
    )?;
    for row in rows {
        let cells: Vec<String> = row.cells.iter().map(|cell| escape(cell)).collect();
        writeln!(page, "{}| {} |", stage(&row.stage), cells.join(" | "))?;
    }
    page.push('\n');
    Ok(())
}
