//! The table of stages, as every format shows it: the settings that tell the stages apart, then the metrics, each cell as
//! text. Below a stage of several load streams stands each of these. Metrics that no stage could measure are left out.

use super::Report;
use super::setting::Settings;
use crate::gate::{Finding, Origin, Verdict};
use crate::metric::Metric;
use crate::summary::{Reading, StageSummary};
use serde_json::Value;

/// The columns: group, header, metric, and rank: where room is short, the highest rank goes first.
const COLUMNS: [(&str, &str, &str, u8); 20] = [
    ("requests", "offered", "offered", 4),
    ("requests", "answered", "answered", 1),
    ("requests", "failed", "failed", 1),
    ("requests", "wrong", "wrong", 2),
    ("requests", "cancelled", "cancelled", 2),
    ("requests", "not sent", "not_sent", 2),
    ("throughput", "answers", "rps_ok", 1),
    ("throughput", "tokens", "output_tokens_per_second", 2),
    ("latency", "p50", "latency_p50", 1),
    ("latency", "p90", "latency_p90", 4),
    ("latency", "p95", "latency_p95", 3),
    ("latency", "p99", "latency_p99", 1),
    ("latency", "max", "latency_max", 3),
    ("first token", "p50", "ttft_p50", 2),
    ("first token", "p99", "ttft_p99", 3),
    ("token gap", "p50", "itl_p50", 3),
    ("token gap", "p99", "itl_p99", 4),
    ("client, per request", "CPU", "cpu_per_request", 3),
    (
        "client, per request",
        "allocations",
        "allocations_per_request",
        5,
    ),
    (
        "client, per request",
        "allocated",
        "allocated_bytes_per_request",
        5,
    ),
];

/// Columns that stand only where one of them is not zero.
const UNUSUAL: [&str; 4] = ["failed", "wrong", "cancelled", "not_sent"];

pub(super) struct StageTable {
    pub(super) settings: Vec<Setting>,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

/// A column that tells rows apart: a swept setting, the load stream where there are several, or the name of the stage where
/// there is neither.
pub(super) struct Setting {
    pub(super) name: String,
    pub(super) is_number: bool,
}

pub(super) struct Column {
    pub(super) group: &'static str,
    pub(super) header: &'static str,
    metric: &'static Metric,
    pub(super) rank: u8,
}

pub(super) struct Row {
    /// Its value for each of [`StageTable::settings`].
    pub(super) settings: Vec<String>,
    pub(super) cells: Vec<Cell>,
}

/// A cell's text, and whether it is a value.
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) measured: bool,
}

/// Columns of the table that share a heading.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) columns: usize,
}

impl StageTable {
    pub(super) fn of(report: &Report) -> Self {
        let columns: Vec<_> = COLUMNS
            .iter()
            .filter_map(|&(group, header, name, rank)| {
                let metric = Metric::named(name)?;
                Some(Column {
                    group,
                    header,
                    metric,
                    rank,
                })
            })
            .filter(|column| column.is_worth_showing(report))
            .collect();
        let swept = Settings::of(&report.run);
        let stages = report.run.stages.iter();
        let rows = stages.flat_map(|stage| rows(report, stage, &swept, &columns));
        Self {
            settings: settings(report, &swept),
            rows: rows.collect(),
            columns,
        }
    }

    /// The headings above the headers, with the number of columns under each.
    pub(super) fn groups(&self) -> Vec<Group> {
        self.columns
            .chunk_by(|a, b| a.group == b.group)
            .filter_map(|chunk| {
                chunk.first().map(|column| Group {
                    name: column.group,
                    columns: chunk.len(),
                })
            })
            .collect()
    }

    /// Is there a cell that lacks samples?
    pub(super) fn has_gaps(&self) -> bool {
        self.rows
            .iter()
            .flat_map(|row| &row.cells)
            .any(|cell| cell.text.contains(" of "))
    }
}

/// The row of a stage, and one for each of its load streams where it has several.
fn rows(
    report: &Report,
    stage: &StageSummary,
    swept: &Settings<'_>,
    columns: &[Column],
) -> Vec<Row> {
    let named = |stream: &str| {
        let mut names = swept.values(stage);
        if has_streams(report) {
            names.push(stream.to_owned());
        } else if names.is_empty() {
            names.push(stage.name.clone());
        }
        names
    };
    let mut rows = vec![Row {
        settings: named("all"),
        cells: columns
            .iter()
            .map(|column| cell(column.metric, column.metric.read(&report.run, stage)))
            .collect(),
    }];
    rows.extend(stage.by_stream().map(|(name, alone)| {
        Row {
            settings: named(name),
            cells: columns
                .iter()
                .map(|column| {
                    let reading = if column.metric.is_told_of_streams() {
                        column.metric.read(&report.run, &alone)
                    } else {
                        Reading::NotMeasured("it is told of all load streams together")
                    };
                    cell(column.metric, reading)
                })
                .collect(),
        }
    }));
    rows
}

fn has_streams(report: &Report) -> bool {
    let mut stages = report.run.stages.iter();
    stages.any(|stage| !stage.streams.is_empty())
}

fn settings(report: &Report, swept: &Settings<'_>) -> Vec<Setting> {
    let stages = &report.run.stages;
    let is_number = |path: &str| {
        let mut values = stages.iter().map(|stage| stage.settings.get(path));
        values.all(|value| value.is_some_and(Value::is_number))
    };
    let mut settings: Vec<_> = swept
        .paths()
        .iter()
        .map(|path| Setting {
            name: swept.short(path).to_owned(),
            is_number: is_number(path),
        })
        .collect();
    let word = |name: &str| Setting {
        name: name.to_owned(),
        is_number: false,
    };
    if has_streams(report) {
        settings.push(word("load stream"));
    } else if settings.is_empty() {
        settings.push(word("stage"));
    }
    settings
}

impl Column {
    fn is_worth_showing(&self, report: &Report) -> bool {
        let unusual = UNUSUAL.contains(&self.metric.name);
        report
            .run
            .stages
            .iter()
            .any(|stage| match self.metric.read(&report.run, stage) {
                Reading::Value(value) => !unusual || value > 0.0,
                Reading::Insufficient { .. } => true,
                Reading::NotMeasured(_) => false,
            })
    }
}

fn cell(metric: &Metric, reading: Reading) -> Cell {
    match reading {
        Reading::Value(value) => Cell {
            text: metric.unit.print(value),
            measured: true,
        },
        Reading::Insufficient { n, needed } => Cell {
            text: format!("{n} of {needed}"),
            measured: false,
        },
        Reading::NotMeasured(_) => Cell {
            text: "–".to_owned(),
            measured: false,
        },
    }
}

/// What a cell such as `12 of 662` means.
pub(super) const GAPS: &str = "Cells such as \"12 of 662\" hold too few samples for their percentile: those there are, and those it takes.";

/// The findings worth a line, worst first: all that the scenario asked for, and whatever else did not pass.
pub(super) fn findings(report: &Report) -> Vec<&Finding> {
    let mut shown: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.origin == Origin::Scenario || finding.verdict != Verdict::Passed)
        .collect();
    shown.sort_by_key(|finding| std::cmp::Reverse(finding.verdict));
    shown
}

/// What was measured, as text.
pub(super) fn measured(finding: &Finding) -> String {
    finding
        .measured
        .map_or_else(|| "–".to_owned(), |value| finding.unit.print(value))
}
