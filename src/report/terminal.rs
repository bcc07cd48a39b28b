//! The report at a prompt: the verdict, findings that did not pass, one aligned table, warnings in plain words.

use super::course;
use super::disturbance;
use super::fault::faults;
use super::operations::OperationTable;
use super::table::{self, StageTable};
use super::warning::warnings as warnings_of;
use super::{Report, words};
use super::{calibration, conditions};
use crate::gate::{self, Verdict};
use crate::units::wide;

/// How to write on this terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// May colours be used?
    pub colour: bool,
    /// Columns that fit on a line.
    pub width: usize,
}

/// The report as text. Ends with a line break.
pub fn terminal(report: &Report, style: Style) -> String {
    let sections = [
        verdict(report, style),
        findings(report, style),
        course(report, style),
        stages(report, style),
        disturbances(report, style),
        operations(report, style),
        machine(report, style),
        calibrated(report, style),
        warnings(report, style),
    ];
    sections
        .into_iter()
        .filter(|section| !section.is_empty())
        .map(|section| section + "\n")
        .collect::<Vec<_>>()
        .join("\n")
}

fn verdict(report: &Report, style: Style) -> String {
    let identity = &report.run.identity;
    let title = style.paint(Paint::Bold, &printable(&identity.scenario));
    let sentence = wrap(&report.sentence(), style.width, "");
    format!(
        "{title}\n{}",
        style.paint(Paint::of(report.verdict), &sentence)
    )
}

/// What did not pass, but for what the verdict has said already.
fn findings(report: &Report, style: Style) -> String {
    let said = report.sentence();
    let mut lines = Vec::new();
    for fault in faults(report) {
        let sentence = fault.sentence();
        if fault.metric != gate::TARGET && !said.contains(&sentence) {
            let paint = Paint::of(fault.verdict);
            lines.push(labelled(fault.verdict.name(), paint, &sentence, style));
        }
        lines.extend(fault.details().iter().map(|detail| {
            let deeper = " ".repeat(INDENT + detail.len() - detail.trim_start().len());
            wrap(detail.trim_start(), style.width, &deeper)
        }));
    }
    lines.join("\n")
}

/// How the run went through its stages, where there is something to say about it.
fn course(report: &Report, style: Style) -> String {
    let lines = course::lines(&report.run).into_iter();
    let lines = lines.map(|(word, text)| labelled(word, Paint::Bold, &text, style));
    lines.collect::<Vec<_>>().join("\n")
}

fn stages(report: &Report, style: Style) -> String {
    let stages = StageTable::of(report);
    let columns = fitting(&stages, style.width);
    let mut lines: Vec<String> = (0..stages.rows.len() + 2)
        .map(|line| {
            let cells: Vec<_> = columns.iter().map(|column| column.cell(line)).collect();
            let text = cells.join(GAP).trim_end().to_owned();
            if line < 2 {
                style.paint(Paint::Dim, &text)
            } else {
                text
            }
        })
        .collect();
    let hidden = stages.settings.len() + stages.columns.len() - columns.len();
    if hidden > 0 {
        lines.push(format!(
            "{} left out; a wider terminal and the reports have them.",
            words::plural(wide(hidden), "column")
        ));
    }
    if stages.has_gaps() {
        lines.push(wrap(table::GAPS, style.width, ""));
    }
    lines.join("\n")
}

/// More faults than this are left to the other reports.
const FAULTS_SHOWN: usize = 8;

/// What faults did.
fn disturbances(report: &Report, style: Style) -> String {
    let rows = disturbance::rows(report);
    let mut lines = Vec::new();
    for row in rows.iter().take(FAULTS_SHOWN) {
        let place = match report.run.stages.len() {
            1 => String::new(),
            _ => format!("in stage {}: ", row.stage),
        };
        let text = place + &row.words();
        lines.push(labelled("fault", Paint::Dim, &text, style));
    }
    if rows.len() > FAULTS_SHOWN {
        let more = words::plural(wide(rows.len() - FAULTS_SHOWN), "fault");
        lines.push(format!("{more} left out; the reports have them."));
    }
    lines.join("\n")
}

/// The requests by what they asked. Lines that are too long for the terminal are its own to break.
fn operations(report: &Report, style: Style) -> String {
    let Some(table) = OperationTable::of(report) else {
        return String::new();
    };
    let columns: Vec<Lines> = (0..table.headers.len())
        .map(|index| {
            let header = table.headers.get(index).map(|header| (*header).to_owned());
            let cells = table.rows.iter().filter_map(|row| row.get(index).cloned());
            Lines::new(header.into_iter().chain(cells), index < table.words)
        })
        .collect();
    let lines = (0..=table.rows.len()).map(|line| {
        let cells: Vec<_> = columns.iter().map(|column| column.cell(line)).collect();
        let text = cells.join(GAP).trim_end().to_owned();
        if line == 0 {
            style.paint(Paint::Dim, &text)
        } else {
            text
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// What the machine did meanwhile, on one line.
fn machine(report: &Report, style: Style) -> String {
    conditions::line(&report.run)
        .map(|line| labelled("machine", Paint::Dim, &line, style))
        .unwrap_or_default()
}

/// What was measured of this machine beforehand, where the run could not check it itself.
fn calibrated(report: &Report, style: Style) -> String {
    calibration::sentence(&report.run)
        .map(|sentence| labelled("calibrated", Paint::Dim, &sentence, style))
        .unwrap_or_default()
}

/// The columns that fit on a line. Those of the highest rank are given up first, the last of them before the others.
fn fitting(stages: &StageTable, width: usize) -> Vec<Lines> {
    let mut kept: Vec<usize> = (0..stages.columns.len()).collect();
    let rank = |index: usize| stages.columns.get(index).map(|column| column.rank);
    loop {
        let columns = laid_out(stages, &kept);
        let used: usize = columns.iter().map(|column| column.width + GAP.len()).sum();
        let least = kept.iter().copied().max_by_key(|&index| rank(index));
        match least {
            Some(least) if used > width + GAP.len() => kept.retain(|&index| index != least),
            Some(_) | None => return columns,
        }
    }
}

/// The settings of the stages and these columns; a group's name stands over the first of its columns only.
fn laid_out(stages: &StageTable, kept: &[usize]) -> Vec<Lines> {
    let mut columns: Vec<_> = (0..stages.settings.len())
        .filter_map(|index| Lines::setting(stages, index))
        .collect();
    let mut group = "";
    for &index in kept {
        let Some(column) = stages.columns.get(index) else {
            continue;
        };
        let begins = column.group != group;
        group = column.group;
        let heading = if begins { group } else { "" };
        columns.push(Lines::column(stages, index, heading, column.header));
    }
    columns
}

const GAP: &str = "  ";

/// One column of the table as text: group, header, cells.
struct Lines {
    cells: Vec<String>,
    width: usize,
    left: bool,
}

impl Lines {
    fn setting(stages: &StageTable, index: usize) -> Option<Self> {
        let setting = stages.settings.get(index)?;
        let values = stages
            .rows
            .iter()
            .map(|row| row.settings.get(index).cloned().unwrap_or_default());
        Some(Self::new(
            [String::new(), setting.name.clone()]
                .into_iter()
                .chain(values),
            !setting.is_number,
        ))
    }

    fn column(stages: &StageTable, index: usize, group: &str, header: &str) -> Self {
        let cells = stages.rows.iter().map(|row| {
            row.cells
                .get(index)
                .map_or_else(String::new, |cell| cell.text.clone())
        });
        Self::new(
            [group.to_owned(), header.to_owned()]
                .into_iter()
                .chain(cells),
            false,
        )
    }

    fn new(cells: impl Iterator<Item = String>, left: bool) -> Self {
        let cells: Vec<_> = cells.map(|cell| printable(&cell)).collect();
        let width = cells
            .iter()
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0);
        Self { cells, width, left }
    }

    fn cell(&self, line: usize) -> String {
        let text = self.cells.get(line).map_or("", String::as_str);
        let width = self.width;
        if self.left {
            format!("{text:<width$}")
        } else {
            format!("{text:>width$}")
        }
    }
}

/// What to read with care, but for what the verdict has said already.
fn warnings(report: &Report, style: Style) -> String {
    let said = report.sentence();
    let lines: Vec<_> = warnings_of(&report.run)
        .into_iter()
        .filter(|warning| !said.contains(&warning.sentence))
        .map(|warning| {
            let text = match warning.stages.words() {
                Some(place) => format!("in {place}: {}", warning.sentence),
                None => warning.sentence,
            };
            labelled("warning", Paint::Yellow, &text, style)
        })
        .collect();
    lines.join("\n")
}

/// Where the text behind a label begins.
const INDENT: usize = 14;

/// A text with a coloured word before it, and its further lines aligned with its first.
fn labelled(label: &str, paint: Paint, text: &str, style: Style) -> String {
    let wrapped = wrap(text, style.width, &" ".repeat(INDENT));
    let padding = " ".repeat(INDENT.saturating_sub(label.len()));
    format!(
        "{}{padding}{}",
        style.paint(paint, label),
        wrapped.trim_start()
    )
}

/// Text that cannot move the cursor or change colours, wherever it came from.
pub(super) fn printable(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Breaks text between words so that lines fit, each after `indent`.
pub(super) fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut lines = vec![indent.to_owned()];
    for word in printable(text).split(' ') {
        let Some(line) = lines.last_mut() else {
            continue;
        };
        if line.len() > indent.len() && line.chars().count() + word.chars().count() >= width {
            lines.push(format!("{indent}{word}"));
        } else {
            if line.len() > indent.len() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines.join("\n")
}

#[derive(Clone, Copy)]
pub(super) enum Paint {
    Bold,
    Dim,
    Green,
    Yellow,
    Red,
}

impl Paint {
    const fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self::Green,
            Verdict::Inconclusive => Self::Yellow,
            Verdict::Failed | Verdict::Refused => Self::Red,
        }
    }

    /// The SGR code that turns it on.
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Green => "32",
            Self::Yellow => "33",
            Self::Red => "31",
        }
    }
}

impl Style {
    pub(super) fn paint(self, paint: Paint, text: &str) -> String {
        if self.colour {
            format!("\u{1b}[{}m{text}\u{1b}[0m", paint.code())
        } else {
            text.to_owned()
        }
    }
}
