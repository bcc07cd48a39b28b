//! The report as Markdown, for pull requests: the verdict, the findings, the stages, and the rest folded away.

use super::course;
use super::disturbance::{self, HEADERS};
use super::operations::OperationTable;
use super::table::{self, StageTable};
use super::warning::warnings as warnings_of;
use super::{Error, Report, words};
use crate::gate::{Finding, Verdict};
use crate::units::wide;
use std::fmt::{self, Write};

#[expect(clippy::unnecessary_wraps, reason = "the signature of every format")]
pub(super) fn render(report: &Report) -> Result<Vec<u8>, Error> {
    let mut page = String::new();
    if write(&mut page, report).is_err() {
        unreachable!("a String takes every write");
    }
    Ok(page.into_bytes())
}

fn write(page: &mut String, report: &Report) -> fmt::Result {
    let identity = &report.run.identity;
    writeln!(
        page,
        "### {} {}\n",
        mark(report.verdict),
        code(&identity.scenario)
    )?;
    writeln!(page, "**{}**\n", escape(&report.sentence()))?;
    for (_, line) in course::lines(&report.run) {
        writeln!(page, "{}\n", escape(&line))?;
    }
    findings(page, report)?;
    stages(page, report)?;
    disturbances(page, report)?;
    operations(page, report)?;
    warnings(page, report)?;
    details(page, report)
}

const fn mark(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "✅",
        Verdict::Failed => "❌",
        Verdict::Inconclusive => "❔",
        Verdict::Refused => "⛔",
    }
}

/// What did not pass in the open, what passed folded away.
fn findings(page: &mut String, report: &Report) -> fmt::Result {
    let (passed, others): (Vec<_>, Vec<_>) = table::findings(report)
        .into_iter()
        .partition(|finding| finding.verdict == Verdict::Passed);
    finding_table(page, &others)?;
    for finding in &others {
        details_of(page, finding)?;
    }
    if !passed.is_empty() {
        let count = words::plural(wide(passed.len()), "expectation");
        writeln!(page, "<details><summary>{count} held</summary>\n")?;
        finding_table(page, &passed)?;
        page.push_str("</details>\n\n");
    }
    Ok(())
}

fn finding_table(page: &mut String, findings: &[&Finding]) -> fmt::Result {
    if findings.is_empty() {
        return Ok(());
    }
    page.push_str(
        "| | metric | stage | measured | limit | reason |\n|---|---|---|---:|---:|---|\n",
    );
    for finding in findings {
        writeln!(
            page,
            "| {} | `{}` | {} | {} | {} | {} |",
            mark(finding.verdict),
            finding.metric,
            escape(finding.stage.as_deref().unwrap_or("run")),
            table::measured(finding),
            finding.limit.print(finding.unit),
            escape(&finding.reason)
        )?;
    }
    page.push('\n');
    Ok(())
}

/// What does not fit a table's cell, as it is.
fn details_of(page: &mut String, finding: &Finding) -> fmt::Result {
    if finding.details.is_empty() {
        return Ok(());
    }
    let stage = finding.stage.as_deref().unwrap_or("run");
    writeln!(
        page,
        "{} in {}:\n\n```text",
        code(&finding.metric),
        escape(stage)
    )?;
    for line in &finding.details {
        writeln!(page, "{}", plain(line))?;
    }
    page.push_str("```\n\n");
    Ok(())
}

fn stages(page: &mut String, report: &Report) -> fmt::Result {
    let stages = StageTable::of(report);
    page.push('|');
    for setting in &stages.settings {
        write!(page, " {} |", escape(&setting.name))?;
    }
    for column in &stages.columns {
        write!(page, " {} {} |", column.group, column.header)?;
    }
    page.push_str("\n|");
    for setting in &stages.settings {
        page.push_str(if setting.is_number { "---:|" } else { "---|" });
    }
    page.push_str(&"---:|".repeat(stages.columns.len()));
    page.push('\n');
    for row in &stages.rows {
        page.push('|');
        for value in &row.settings {
            write!(page, " {} |", escape(value))?;
        }
        for cell in &row.cells {
            write!(page, " {} |", cell.text)?;
        }
        page.push('\n');
    }
    if stages.has_gaps() {
        writeln!(page, "\n{}", table::GAPS)?;
    }
    page.push('\n');
    Ok(())
}

fn disturbances(page: &mut String, report: &Report) -> fmt::Result {
    let Some(objective) = disturbance::objective(report) else {
        return Ok(());
    };
    writeln!(page, "| stage | fault | {} |", HEADERS.join(" | "))?;
    writeln!(page, "|---|---{}|", "|---:".repeat(HEADERS.len()))?;
    for row in disturbance::rows(report) {
        let (stage, fault) = (escape(&row.stage), escape(&row.fault));
        writeln!(page, "| {stage} | {fault} | {} |", row.cells.join(" | "))?;
    }
    writeln!(page, "\n{objective}\n")
}

fn operations(page: &mut String, report: &Report) -> fmt::Result {
    let Some(table) = OperationTable::of(report) else {
        return Ok(());
    };
    writeln!(page, "| {} |", table.headers.join(" | "))?;
    page.push('|');
    for index in 0..table.headers.len() {
        page.push_str(if index < table.words { "---|" } else { "---:|" });
    }
    page.push('\n');
    for row in &table.rows {
        let cells: Vec<_> = row.iter().map(|cell| escape(cell)).collect();
        writeln!(page, "| {} |", cells.join(" | "))?;
    }
    page.push('\n');
    Ok(())
}

fn warnings(page: &mut String, report: &Report) -> fmt::Result {
    let warnings = warnings_of(&report.run);
    for warning in &warnings {
        page.push_str("> ⚠️ ");
        if let Some(place) = warning.stages.words() {
            write!(page, "**In {}:** ", escape(&place))?;
        }
        writeln!(page, "{}\n>", escape(&warning.sentence))?;
    }
    if !warnings.is_empty() {
        page.push('\n');
    }
    Ok(())
}

fn details(page: &mut String, report: &Report) -> fmt::Result {
    page.push_str("<details><summary>What was run</summary>\n\n| | |\n|---|---|\n");
    for (name, value) in words::identity(&report.run) {
        writeln!(page, "| {name} | {} |", escape(&value))?;
    }
    page.push_str("\n</details>\n");
    Ok(())
}

/// Text that reads as it is: it ends no table cell, starts no tag, link or emphasis, and stays on its line.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\\' | '|' | '`' | '*' | '[' | ']' => escaped.extend(['\\', letter]),
            _ if letter.is_control() => escaped.push(' '),
            _ => escaped.push(letter),
        }
    }
    escaped
}

/// Text as code, which knows no escapes: what would end it is replaced.
pub(super) fn code(text: &str) -> String {
    format!("`{}`", plain(text))
}

/// One line without what ends code.
fn plain(text: &str) -> String {
    text.replace('`', "'").replace(char::is_control, " ")
}
