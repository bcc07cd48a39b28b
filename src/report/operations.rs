//! The table of operations, as every format shows it: the requests of each stage by what they asked, where they asked
//! several things. Columns that would hold nothing but zeros are left out.

use super::Report;
use crate::metric::Unit;
use crate::summary::{OperationTally, Reading, Statistic};
use crate::units::float;

/// Headers, and a cell of text for each in every row.
pub(super) struct OperationTable {
    pub(super) headers: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
    /// How many of the first columns are words, not numbers.
    pub(super) words: usize,
}

type Count = fn(&OperationTally) -> u64;

/// What is counted, and whether it stands only where it is not zero.
const COUNTS: [(&str, Count, bool); 6] = [
    ("offered", |tally| tally.accounting.offered, false),
    ("answered", |tally| tally.accounting.answered, false),
    ("failed", |tally| tally.accounting.failed, false),
    ("wrong", |tally| tally.accounting.wrong, true),
    ("cancelled", |tally| tally.accounting.cancelled, true),
    ("not sent", |tally| tally.accounting.not_sent, true),
];

const LATENCIES: [(&str, Statistic); 2] = [
    ("latency p50", Statistic::P50),
    ("latency p99", Statistic::P99),
];

impl OperationTable {
    /// `None` where no stage asked several things.
    pub(super) fn of(report: &Report) -> Option<Self> {
        let stages = &report.run.stages;
        let tallies: Vec<(&str, &OperationTally)> = stages
            .iter()
            .flat_map(|stage| {
                let each = stage.operations.iter();
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
        let words = if stages.len() > 1 {
            vec!["stage", "operation"]
        } else {
            vec!["operation"]
        };
        let row = |&(stage, tally): &(&str, &OperationTally)| {
            let named = [stage.to_owned(), tally.operation.to_string()];
            let named = named.into_iter().skip(2 - words.len());
            let counted = counts
                .iter()
                .map(|(_, count, _)| Unit::Count.print(float(count(tally))));
            let timed = LATENCIES
                .iter()
                .map(|(_, statistic)| printed(tally.latency.read(*statistic)));
            named.chain(counted).chain(timed).collect()
        };
        let names = counts.iter().map(|(name, ..)| *name);
        let names = names.chain(LATENCIES.iter().map(|(name, _)| *name));
        Some(Self {
            rows: tallies.iter().map(row).collect(),
            headers: words.iter().copied().chain(names).collect(),
            words: words.len(),
        })
    }
}

fn printed(reading: Reading) -> String {
    match reading {
        Reading::Value(value) => Unit::Duration.print(value),
        Reading::Insufficient { n, needed } => format!("{n} of {needed}"),
        Reading::NotMeasured(_) => "–".to_owned(),
    }
}
