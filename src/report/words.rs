//! What a report says in sentences, in the same words in every format: the verdict, and doubts with their remedies.

use super::Report;
use crate::gate::{Finding, Origin, Verdict};
use crate::metric::Unit;
use crate::summary::{Doubt, RunEnd, RunSummary};
use crate::units::wide;

/// The verdict and its main reason, in one sentence.
pub(super) fn sentence(report: &Report) -> String {
    let run = &report.run;
    let at_fault: Vec<_> = report
        .findings
        .iter()
        .filter(|finding| finding.verdict == report.verdict)
        .collect();
    let word = capital(report.verdict.name());
    if report.verdict == Verdict::Passed {
        return format!("{word}: {}.", passed(report));
    }
    match (at_fault.as_slice(), run.end) {
        _ if run.stages.is_empty() => format!("{word}: no stage was run."),
        ([], RunEnd::Interrupted) => {
            format!("{word}: the run was interrupted before its planned end.")
        }
        ([], RunEnd::TargetDied | RunEnd::Completed) => {
            format!("{word}: the target died before the planned end of the run.")
        }
        ([only], _) => format!("{word}: {}.", fault(only)),
        ([first, rest @ ..], _) => {
            format!("{word}: {}; {} more below.", fault(first), rest.len())
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
    match held {
        0 => format!("requests were answered in {stages}; the scenario expects nothing more"),
        held => format!("{} held over {stages}", plural(wide(held), "expectation")),
    }
}

fn fault(finding: &Finding) -> String {
    match &finding.stage {
        Some(stage) => format!("{} in stage {stage}: {}", finding.metric, finding.reason),
        None => format!("{}: {}", finding.metric, finding.reason),
    }
}

/// A doubt as a plain sentence, and what to do about it.
fn doubt(doubt: &Doubt) -> String {
    match doubt {
        Doubt::Accounting { offered, accounted } => format!(
            "{} were due and {} are accounted for. Every number of this stage is void; please report this as a defect of the instrument.",
            requests(*offered),
            Unit::Count.print(crate::units::float(*accounted)),
        ),
        Doubt::GeneratorBusy { share } => format!(
            "The generator computed for {} of its lanes' time: throughput here may be the generator's limit, not the target's. Give it more lanes, or lower the load.",
            Unit::Share.print(*share),
        ),
        Doubt::Late {
            lag_p99_ns,
            latency_p50_ns,
        } => format!(
            "Requests left late: 1 % of them by more than {}, against a median latency of {}. Latency counts this in, service time does not. Free the machine, or lower the rate.",
            Unit::Duration.print(*lag_p99_ns),
            Unit::Duration.print(*latency_p50_ns),
        ),
        Doubt::NotSent { count, offered } => format!(
            "{} of {} were never sent; latencies are those of the others, and too good. Raise the in-flight cap, or lower the rate.",
            Unit::Count.print(crate::units::float(*count)),
            requests(*offered),
        ),
        Doubt::Errors { most, .. } => format!(
            "Requests failed or were answered wrong, most of them as {most}. Latencies are those of right answers only.",
        ),
        Doubt::FewSamples { needed, .. } => {
            format!("Too few answers for a 99th percentile, which takes {needed}. Measure longer.")
        }
        Doubt::Saturated { count } => format!(
            "{} took longer than an hour and are counted as one hour.",
            requests(*count),
        ),
    }
}

/// Every warning of a run: the stages it is about, and a sentence. Stages that share a sentence share a warning.
pub(super) fn warnings(run: &RunSummary) -> Vec<(String, String)> {
    let mut warnings: Vec<(Vec<&str>, String)> = Vec::new();
    for (stage, sentence) in doubts(run).chain(notes(run)) {
        match warnings.iter_mut().find(|(_, said)| *said == sentence) {
            Some((stages, _)) => stages.push(stage),
            None => warnings.push((vec![stage], sentence)),
        }
    }
    let all = run.stages.len();
    warnings
        .into_iter()
        .map(|(stages, sentence)| match stages.len() {
            many if many > 1 && many == all => ("every stage".to_owned(), sentence),
            _ => (stages.join(", "), sentence),
        })
        .collect()
}

fn doubts(run: &RunSummary) -> impl Iterator<Item = (&str, String)> {
    run.certificate.stages.iter().flat_map(|trust| {
        let name = run
            .stages
            .iter()
            .find(|stage| stage.index == trust.stage)
            .map_or("run", |stage| stage.name.as_str());
        trust.doubts.iter().map(move |found| (name, doubt(found)))
    })
}

fn notes(run: &RunSummary) -> impl Iterator<Item = (&str, String)> {
    run.stages.iter().flat_map(|stage| {
        let name = stage.name.as_str();
        stage.notes.iter().map(move |note| (name, note.clone()))
    })
}

fn requests(count: u64) -> String {
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

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// What was run, where and when: names and values, in the order of reports.
pub(super) fn identity(run: &RunSummary) -> Vec<(&'static str, String)> {
    let identity = &run.identity;
    let machine = &identity.environment;
    let memory = machine
        .memory_bytes
        .map(|bytes| format!(", {}", Unit::Bytes.print(crate::units::float(bytes))))
        .unwrap_or_default();
    let mut lines = vec![
        ("Target", identity.target.clone()),
        ("Seed", identity.seed.to_string()),
        ("Fingerprint", identity.fingerprint.clone()),
        ("Started", identity.started.clone()),
        ("Run", identity.run_id.clone()),
        (
            "Machine",
            format!(
                "{}, {}{memory}",
                machine.cpu_model,
                plural(wide(machine.cores), "core")
            ),
        ),
        (
            "System",
            format!("{}, {}", machine.os, machine.architecture),
        ),
        (
            "Tool",
            format!(
                "inferometer {} ({} build), metrics version {}",
                run.tool_version, machine.build, run.metrics_version
            ),
        ),
    ];
    if run.shards > 1 {
        lines.push(("Shards", run.shards.to_string()));
    }
    lines
}
