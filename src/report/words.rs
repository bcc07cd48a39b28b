//! What a report says in sentences, in the same words in every format: the verdict, and what was run.

use super::fault::{Fault, faults};
use super::{Report, course};
use crate::gate::{self, Origin, Verdict};
use crate::metric::Unit;
use crate::summary::{Environment, RunEnd, RunSummary, StageEnd};
use crate::units::wide;

/// The verdict and its main reason, in one sentence. A run that ended early says so first: everything else may follow
/// from it.
pub(super) fn sentence(report: &Report) -> String {
    let run = &report.run;
    let word = capital(report.verdict.name());
    if run.stages.is_empty() {
        return format!("{word}: no stage was run.");
    }
    if report.verdict == Verdict::Passed {
        return format!("{word}: {}.", passed(report));
    }
    let at_fault: Vec<_> = faults(report)
        .into_iter()
        .filter(|fault| fault.verdict == report.verdict && fault.metric != gate::TARGET)
        .collect();
    let mut reasons: Vec<_> = early_end(run).into_iter().collect();
    let stopped = run
        .course
        .as_ref()
        .and_then(|course| course.stopped.clone());
    reasons.extend(stopped);
    reasons.extend(at_fault.first().map(Fault::sentence));
    let more = at_fault.len().saturating_sub(1);
    if more > 0 {
        reasons.push(format!("{more} more below"));
    }
    format!("{word}: {}.", reasons.join("; "))
}

/// How and where a run ended before its plan.
fn early_end(run: &RunSummary) -> Option<String> {
    let stage = run
        .stages
        .iter()
        .rfind(|stage| stage.end != StageEnd::Completed);
    let place = stage
        .filter(|_| run.stages.len() > 1)
        .map_or_else(String::new, |stage| format!(" in stage {}", stage.name));
    match run.end {
        RunEnd::Completed => None,
        RunEnd::Interrupted => Some(format!(
            "the run was interrupted{place}, before its planned end"
        )),
        RunEnd::TargetDied => {
            let notes = stage.map(|stage| stage.notes.join("; "));
            let why = notes
                .filter(|notes| !notes.is_empty())
                .map_or_else(String::new, |notes| format!(": {notes}"));
            Some(format!("the target died{place}{why}"))
        }
    }
}

fn passed(report: &Report) -> String {
    let held = report
        .findings
        .iter()
        .filter(|finding| finding.origin == Origin::Scenario)
        .count();
    let stages = plural(wide(report.run.stages.len()), "stage");
    if let Some(level) = course::found(&report.run) {
        let held = plural(wide(held), "expectation");
        return format!("{held} held at {level}, the highest level of the search that meets all");
    }
    match held {
        0 => format!("requests were answered in {stages}; the scenario expects nothing more"),
        held => format!("{} held over {stages}", plural(wide(held), "expectation")),
    }
}

pub(super) fn requests(count: u64) -> String {
    plural(count, "request")
}

/// `1 stage`, `3 stages`.
pub(super) fn plural(count: u64, noun: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!(
        "{} {noun}{s}",
        Unit::Count.print(crate::units::float(count))
    )
}

pub(super) fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What was run, where and when: names and values, in the order of reports.
pub(super) fn identity(run: &RunSummary) -> Vec<(&'static str, String)> {
    let identity = &run.identity;
    let build = &identity.environment.build;
    let mut lines = vec![
        ("Target", identity.target.clone()),
        ("Seed", identity.seed.to_string()),
        ("Fingerprint", identity.fingerprint.clone()),
        ("Started", identity.started.clone()),
        ("Run", identity.run_id.clone()),
    ];
    lines.extend(machine(&identity.environment));
    let tool = format!(
        "inferometer {} ({build} build), metrics version {}",
        run.tool_version, run.metrics_version
    );
    lines.push(("Tool", tool));
    if run.shards > 1 {
        lines.push(("Shards", run.shards.to_string()));
    }
    lines
}

/// The machine and its system.
pub(super) fn machine(environment: &Environment) -> [(&'static str, String); 2] {
    let memory = environment
        .memory_bytes
        .map(|bytes| format!(", {}", Unit::Bytes.print(crate::units::float(bytes))))
        .unwrap_or_default();
    let cores = plural(wide(environment.cores), "core");
    let system = format!("{}, {}", environment.os, environment.architecture);
    [
        (
            "Machine",
            format!("{}, {cores}{memory}", environment.cpu_model),
        ),
        ("System", system),
    ]
}
