//! What the machine did while the load ran, as text: a row for each stage, and the worst of all stages on one line.

use crate::metric::{Metric, Unit};
use crate::summary::{Conditions, RunSummary, StageSummary, Taken};
use crate::units::float;

/// What the cells of a row are.
pub(super) const HEADERS: [&str; 9] = [
    "steal",
    "waited for a core",
    "throttled",
    "preempted",
    "cores of others",
    "open files",
    "ports",
    "server CPU per request",
    "server memory",
];

/// What a row has where nothing is known.
pub(super) const UNKNOWN: &str = "–";

/// One stage.
pub(super) struct Row {
    pub(super) stage: String,
    pub(super) cells: [String; HEADERS.len()],
}

/// A row for each stage that was watched.
pub(super) fn rows(run: &RunSummary) -> Vec<Row> {
    let row = |stage: &StageSummary| {
        let seen = stage.conditions?;
        let read = |name| {
            let metric = Metric::named(name)?;
            let value = metric.read(run, stage).value()?;
            Some(metric.unit.print(value))
        };
        let cells = [
            seen.steal.map(share),
            seen.pressure.map(|pressure| share(pressure.some)),
            seen.throttled.map(share),
            stage.resources.preempted.map(count),
            seen.other_cores.map(cores),
            seen.open_files.map(taken),
            seen.ports.map(taken),
            read("server_cpu_per_request"),
            read("server_rss"),
        ];
        Some(Row {
            stage: stage.name.clone(),
            cells: cells.map(|cell| cell.unwrap_or_else(|| UNKNOWN.to_owned())),
        })
    };
    run.stages.iter().filter_map(row).collect()
}

/// The worst of all stages in a sentence without a full stop; nothing where none was watched.
pub(super) fn line(run: &RunSummary) -> Option<String> {
    let seen: Vec<Conditions> = run
        .stages
        .iter()
        .filter_map(|stage| stage.conditions)
        .collect();
    let worst =
        |read: fn(&Conditions) -> Option<f64>| seen.iter().filter_map(read).reduce(f64::max);
    let said = |value: Option<f64>, print: fn(f64) -> String| {
        value.map_or_else(|| "not available".to_owned(), print)
    };
    let files = seen.iter().filter_map(|seen| seen.open_files);
    let files = files.reduce(|one, other| {
        if other.share() > one.share() {
            other
        } else {
            one
        }
    });
    (!seen.is_empty()).then(|| {
        format!(
            "steal {}, time in which work waited for a core {}, cores of other processes {}, open files {}{}",
            said(worst(|seen| seen.steal), share),
            said(worst(|seen| Some(seen.pressure?.some)), share),
            said(worst(|seen| seen.other_cores), cores),
            files.map_or_else(|| "not available".to_owned(), taken),
            if seen.len() > 1 { ", each at worst" } else { "" },
        )
    })
}

fn share(value: f64) -> String {
    Unit::Share.print(value)
}

fn cores(value: f64) -> String {
    Unit::Ratio.print(value)
}

fn count(value: u64) -> String {
    Unit::Count.print(float(value))
}

fn taken(taken: Taken) -> String {
    format!("{} of {}", count(taken.most), count(taken.limit))
}
