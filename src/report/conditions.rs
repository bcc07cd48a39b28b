//! What the machine did while the load ran, as text: a row for each stage, and the worst of all stages on one line.

use crate::metric::{Metric, Unit};
use crate::summary::{Conditions, RunSummary, StageSummary, Taken, Trouble};
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
            seen.steal.map(percent),
            seen.pressure.map(|pressure| percent(pressure.some)),
            seen.throttled.map(percent),
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
            said(worst(|seen| seen.steal), percent),
            said(worst(|seen| Some(seen.pressure?.some)), percent),
            said(worst(|seen| seen.other_cores), cores),
            files.map_or_else(|| "not available".to_owned(), taken),
            if seen.len() > 1 { ", each at worst" } else { "" },
        )
    })
}

fn percent(value: f64) -> String {
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

/// A trouble as plain sentences, the last of them what to do about it.
pub(super) fn told(trouble: Trouble, at_worst: &str) -> String {
    let share = percent(trouble.share());
    match trouble {
        Trouble::Steal { .. } => format!(
            "A hypervisor gave this machine's cores to others for {at_worst}{share} of their time, and every time measured has some of that in it. Measure on a machine of your own."
        ),
        Trouble::Pressure { .. } => format!(
            "Work that could run waited for a core in {at_worst}{share} of the time: what is slow may be this machine. Free it, or give load and target cores of their own."
        ),
        Trouble::Throttled { .. } => format!(
            "This process had used up its quota of CPU time in {at_worst}{share} of the periods, and stood still then. Raise the quota of its container."
        ),
        Trouble::OpenFiles { most, limit } => format!(
            "This process had {at_worst}{} of the {} files open that it may; connections fail beyond that. Raise the limit with `ulimit -n`.",
            count(most),
            count(limit)
        ),
        Trouble::Ports { most, limit } => format!(
            "Of the {} ports for connections {at_worst}{} were in use; no more can be made beyond that. Keep connections open, or widen `net.ipv4.ip_local_port_range`.",
            count(limit),
            count(most)
        ),
    }
}
