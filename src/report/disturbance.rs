//! What faults did, as text: a line of a table for each fault of each stage, and the same in words for a prompt.

use super::Report;
use crate::metric::Unit;
use crate::summary::{Disturbance, Disturbances, Objective, Recovery, StageSummary};
use crate::units::{float, nanos};

/// What the cells of a [`Row`] are.
pub(super) const HEADERS: [&str; 7] = [
    "begins",
    "ends",
    "detected after",
    "elsewhere after",
    "recovered after",
    "lost",
    "executed twice",
];

/// One fault of one stage.
pub(super) struct Row {
    pub(super) stage: String,
    /// Its kind, and what it struck.
    pub(super) fault: String,
    pub(super) cells: [String; 7],
}

/// Every fault of every stage, in their order.
pub(super) fn rows(report: &Report) -> Vec<Row> {
    let of_stage = |stage: &StageSummary| {
        let name = stage.name.clone();
        let faults = stage.disturbances.clone().map(|known| known.faults);
        let row = move |fault| Row::of(name.clone(), &fault);
        faults.unwrap_or_default().into_iter().map(row)
    };
    report.run.stages.iter().flat_map(of_stage).collect()
}

/// What counts as recovered, in a sentence; nothing where there was no fault.
pub(super) fn objective(report: &Report) -> Option<String> {
    let mut stages = report.run.stages.iter();
    let known: &Disturbances = stages.find_map(|stage| stage.disturbances.as_ref())?;
    let Objective {
        latency,
        success_rate,
        held_for,
    } = known.objective;
    Some(format!(
        "Recovered: of the requests due in the next {}, {} were answered right within {}, which is known to {}.",
        duration(nanos(held_for)),
        Unit::Share.print_round(success_rate),
        duration(nanos(latency)),
        duration(nanos(known.resolution)),
    ))
}

impl Row {
    fn of(stage: String, fault: &Disturbance) -> Self {
        let none = || "–".to_owned();
        let time = |nanos: Option<u64>| nanos.map_or_else(none, duration);
        Self {
            stage,
            fault: format!("{} at {}", fault.fault, fault.at),
            cells: [
                duration(nanos(fault.begins)),
                time(fault.ends_ns),
                time(fault.detect_ns),
                time(fault.switch_ns),
                recovered(fault.recover),
                Unit::Count.print(float(fault.lost)),
                fault
                    .duplicated
                    .map_or_else(none, |count| Unit::Count.print(float(count))),
            ],
        }
    }

    /// The row in words: `refuse at the mock "primary" from 1.00 s to 1.50 s: detected after 310 µs, ..`.
    pub(super) fn words(&self) -> String {
        let [begins, ends, detected, elsewhere, recovered, lost, twice] = &self.cells;
        let until = match ends.as_str() {
            "–" => " on".to_owned(),
            ends => format!(" to {ends}"),
        };
        let after = |what: &str, time: &String| match time.as_str() {
            "–" => format!("not {what}"),
            "never" => format!("never {what}"),
            _ => format!("{what} after {time}"),
        };
        let twice = match twice.as_str() {
            "–" => "not told how many".to_owned(),
            count => count.to_owned(),
        };
        format!(
            "{} from {begins}{until}: {}, {}, {}, {lost} lost, {twice} executed twice",
            self.fault,
            after("detected", detected),
            after("elsewhere", elsewhere),
            after("recovered", recovered),
        )
    }
}

fn recovered(recovery: Recovery) -> String {
    match recovery {
        Recovery::After(time) => duration(nanos(time)),
        Recovery::Insufficient { n, needed } => format!("{n} of {needed}"),
        Recovery::Never => "never".to_owned(),
    }
}

fn duration(nanos: u64) -> String {
    Unit::Duration.print(float(nanos))
}
