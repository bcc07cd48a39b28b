//! The table of operations, as every format shows it: the requests of each stage by their load stream, the part of a mix, the turn of a
//! conversation and what they asked, where there are several kinds. Columns that would hold nothing but zeros are left out.

use super::Report;
use crate::metric::Unit;
use crate::summary::{Distribution, Kind, OperationTally, Reading, StageSummary, Statistic};
use crate::units::float;

/// Headers, and a cell of text for each in every row.
pub(super) struct OperationTable {
    pub(super) headers: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// How many of the first columns are words, not numbers.
    pub(super) words: usize,
}

type Count = fn(&OperationTally) -> u64;

/// What a stage's row is called in one column.
type Name = fn(&str, &Kind) -> String;

/// What is counted, and whether it stands only where it is not zero.
const COUNTS: [(&str, Count, bool); 6] = [
    ("offered", |tally| tally.accounting.offered, false),
    ("answered", |tally| tally.accounting.answered, false),
    ("failed", |tally| tally.accounting.failed, false),
    ("wrong", |tally| tally.accounting.wrong, true),
    ("cancelled", |tally| tally.accounting.cancelled, true),
    ("not sent", |tally| tally.accounting.not_sent, true),
];

type Timed = fn(&OperationTally) -> &Distribution;

/// What was timed, and whether it stands only where there is some of it.
const TIMES: [(&str, Timed, Statistic, bool); 3] = [
    ("latency p50", |tally| &tally.latency, Statistic::P50, false),
    ("latency p99", |tally| &tally.latency, Statistic::P99, false),
    ("ttft p50", |tally| &tally.ttft, Statistic::P50, true),
];

impl OperationTable {
    /// `None` where no stage tells kinds of request apart.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let stages = &report.run.stages;
        let tallies: Vec<(&str, &OperationTally)> = stages
            .iter()
            .flat_map(|stage| {
                let each = stage.operations.iter();
                let each = each.filter(|tally| !is_a_whole_stream(tally, stage));
                each.map(|tally| (stage.name.as_str(), tally))
            })
            .collect();
        if tallies.is_empty() {
            return None;
        }
        let counts: Vec<_> = COUNTS
            .iter()
            .filter(|(_, count, unusual)| {
                !unusual || tallies.iter().any(|(_, tally)| count(tally) > 0)
            })
            .collect();
        let shown: Vec<_> = TIMES
            .iter()
            .filter(|(_, time, _, unusual)| {
                !unusual || tallies.iter().any(|(_, tally)| time(tally).n() > 0)
            })
            .collect();
        let words = named_by(stages.len(), &tallies);
        let row = |&(stage, tally): &(&str, &OperationTally)| {
            let named = words.iter().map(|(_, name)| name(stage, &tally.kind));
            let counted = counts
                .iter()
                .map(|(_, count, _)| Unit::Count.print(float(count(tally))));
            let timed = shown
                .iter()
                .map(|(_, time, statistic, _)| printed(time(tally).read(*statistic)));
            named.chain(counted).chain(timed).collect()
        };
        let names = counts.iter().map(|(name, ..)| *name);
        let names = names.chain(shown.iter().map(|(name, ..)| *name));
        Some(Self {
            rows: tallies.iter().map(row).collect(),
            headers: words.iter().map(|(word, _)| *word).chain(names).collect(),
            words: words.len(),
        })
    }
}

/// Is it all that a load stream asks for? The stream has a row in the table of stages.
fn is_a_whole_stream(tally: &OperationTally, stage: &StageSummary) -> bool {
    let alike = stage.operations.iter();
    let alike = alike.filter(|other| other.kind.stream == tally.kind.stream);
    tally.kind.stream.is_some() && alike.count() == 1
}

/// What the first columns say of a row: nothing that would be the same in all of them.
fn named_by(stages: usize, tallies: &[(&str, &OperationTally)]) -> Vec<(&'static str, Name)> {
    let is_stream = tallies.iter().any(|(_, tally)| tally.kind.stream.is_some());
    let is_part = tallies.iter().any(|(_, tally)| tally.kind.part.is_some());
    let is_turn = tallies.iter().any(|(_, tally)| tally.kind.turn.is_some());
    let columns: [(&str, bool, Name); 5] = [
        ("stage", stages > 1, |stage, _| stage.to_owned()),
        ("load stream", is_stream, |_, kind| {
            kind.stream.clone().unwrap_or_default()
        }),
        ("part", is_part, |_, kind| {
            kind.part.clone().unwrap_or_default()
        }),
        ("turn", is_turn, |_, kind| {
            kind.turn.map(|turn| turn.to_string()).unwrap_or_default()
        }),
        ("operation", true, |_, kind| kind.operation.to_string()),
    ];
    let needed = columns.into_iter().filter(|(_, is_needed, _)| *is_needed);
    needed.map(|(word, _, name)| (word, name)).collect()
}

fn printed(reading: Reading) -> String {
    match reading {
        Reading::Value(value) => Unit::Duration.print(value),
        Reading::Insufficient { n, needed } => format!("{n} of {needed}"),
        Reading::NotMeasured(_) => "–".to_owned(),
    }
}
