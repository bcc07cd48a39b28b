//! `inferometer gate`: a scenario held against a baseline, which is run again beside it where it can be.

use super::baseline::{Kept, Shelf, digest};
use super::comparison::{self, Side, formats, publish, told};
use super::{Console, plans, run};
use crate::baseline::{LaunchedFile, unlike};
use crate::cli;
use crate::exit::Exit;
use crate::gate::stored::judge_stored;
use crate::plan::Plan;
use crate::report::comparison::{Comparison, Method};
use crate::scenario::Overrides;
use crate::settings;
use crate::summary::RunSummary;
use crate::trial::{ArmIdentity, StageTrial, Trial};
use std::path::PathBuf;

/// Re-runs the baseline, interleaved, or says why its stored figures have to do.
pub(super) fn gate(arguments: &cli::Gate, console: &Console) -> Exit {
    let kept = match Shelf::at(&arguments.baselines).read(&arguments.baseline) {
        Ok(kept) => kept,
        Err(error) => {
            return told(
                console,
                &format!("error: --baseline: {error}"),
                Exit::BadInput,
            );
        }
    };
    if let Err((words, exit)) = is_the_same(arguments, &kept) {
        return told(console, &words, exit);
    }
    let candidate = Side {
        name: "now".to_owned(),
        variant: arguments
            .variant
            .clone()
            .or_else(|| kept.baseline.variant.clone()),
        set: kept.baseline.set.clone(),
        program: None,
    };
    match program(&kept) {
        Ok(program) if !arguments.stored => {
            let baseline = Side {
                name: kept.baseline.name.clone(),
                variant: kept.baseline.variant.clone(),
                set: kept.baseline.set.clone(),
                program: Some(program),
            };
            comparison::compare(
                &arguments.scenario,
                &[baseline, candidate],
                &arguments.comparing,
                console,
            )
        }
        Ok(_) => by_stored(
            arguments,
            &kept,
            &candidate,
            "--stored asks for it",
            console,
        ),
        Err(why) => by_stored(arguments, &kept, &candidate, &why, console),
    }
}

/// Is the scenario the one that the baseline was saved with?
fn is_the_same(arguments: &cli::Gate, kept: &Kept) -> Result<(), (String, Exit)> {
    let scenario = arguments.scenario.display();
    match digest(&arguments.scenario) {
        Ok(now) if now == kept.baseline.scenario_sha256 => Ok(()),
        Ok(_) => Err((
            format!(
                "refused: {scenario} is not the scenario that the baseline `{}` was saved with, so they do not compare: save it anew",
                kept.baseline.name
            ),
            Exit::Refused,
        )),
        Err(error) => Err((
            format!("error: {scenario}: could not be read: {error}"),
            Exit::BadInput,
        )),
    }
}

/// The program that carries the baseline out, if it is still the one that was saved.
fn program(kept: &Kept) -> Result<PathBuf, String> {
    let saved = &kept.baseline.program;
    let path = if saved.kept {
        kept.folder.join(&saved.path)
    } else {
        saved.path.clone()
    };
    if let Some(why) = kept.baseline.launched.iter().find_map(is_another) {
        return Err(why);
    }
    match digest(&path) {
        Ok(now) if now == saved.sha256 => {
            // A name without a folder would be looked for on the path.
            std::path::absolute(&path).map_err(|error| error.to_string())
        }
        Ok(_) => Err(format!(
            "{} is no longer the program that was saved",
            path.display()
        )),
        Err(error) => Err(format!(
            "its program {} cannot be run: {error}",
            path.display()
        )),
    }
}

/// Why a file of a server that the scenario launches is not the one that was saved, if it is not.
fn is_another(saved: &LaunchedFile) -> Option<String> {
    let path = saved.path.display();
    match digest(&saved.path) {
        Ok(now) if now == saved.sha256 => None,
        Ok(_) => Some(format!(
            "{path}, which its command names, is no longer the file that was saved"
        )),
        Err(error) => Some(format!(
            "{path}, which its command names, cannot be read: {error}"
        )),
    }
}

/// A run of the candidate, held against the stored runs.
fn by_stored(
    arguments: &cli::Gate,
    kept: &Kept,
    candidate: &Side,
    why: &str,
    console: &Console,
) -> Exit {
    let both = Overrides {
        set: arguments.comparing.set.clone(),
        variant: None,
        environment: settings::environment(),
    };
    let plan = match plans::read(&arguments.scenario, &candidate.overrides(&both)) {
        Ok(plan) => plan,
        Err(error) => return told(console, &error.to_string(), Exit::BadInput),
    };
    let formats = match formats(&arguments.comparing.formats) {
        Ok(formats) => formats,
        Err(unknown) => return told(console, &unknown, Exit::BadInput),
    };
    let new = match measure(&plan, arguments, console) {
        Ok(new) => new,
        Err((words, exit)) => return told(console, &words, exit),
    };
    let differ: Vec<String> = kept
        .runs
        .iter()
        .flat_map(|stored| unlike(stored, &new))
        .map(|unlike| unlike.to_string())
        .collect();
    if !differ.is_empty() || kept.runs.is_empty() {
        return told(
            console,
            &refusal(&kept.baseline.name, differ),
            Exit::Refused,
        );
    }
    let judged = judge_stored(&kept.runs, &new, &plan.gate);
    let method = Method::Stored {
        runs: kept.runs.len(),
        why: why.to_owned(),
    };
    let comparison = Comparison {
        identity: new.identity.clone(),
        spec: plan.gate.clone(),
        trial: trial(kept, candidate, &new),
        method,
        judged,
    };
    publish(&comparison, &formats, &arguments.comparing, console)
}

/// What makes the stored runs unlike the new one, each difference once.
fn refusal(name: &str, mut differ: Vec<String>) -> String {
    differ.sort();
    differ.dedup();
    let lines = differ.join("\n  ");
    if lines.is_empty() {
        return format!(
            "refused: the baseline `{name}` has no stored runs, and its program cannot be run"
        );
    }
    format!("refused: the stored runs of `{name}` do not compare with this one:\n  {lines}")
}

fn measure(
    plan: &Plan,
    arguments: &cli::Gate,
    console: &Console,
) -> Result<RunSummary, (String, Exit)> {
    let could_not = |error: &dyn std::error::Error| {
        (format!("error: {}: {error}", plan.name), Exit::CouldNotRun)
    };
    let prepared = run::prepare(arguments.comparing.lanes).map_err(|error| could_not(&error))?;
    match run::carry_out(plan, &prepared, console, !arguments.comparing.quiet) {
        None => Err(("stopped".to_owned(), Exit::Killed)),
        Some(Err(error)) => Err(could_not(&error)),
        Some(Ok(run)) => Ok(run),
    }
}

/// The arms and the times of both, without quads.
fn trial(kept: &Kept, candidate: &Side, new: &RunSummary) -> Trial {
    let baseline = ArmIdentity {
        name: kept.baseline.name.clone(),
        settings: kept.baseline.set.clone(),
        program: kept
            .baseline
            .commit
            .clone()
            .map_or_else(String::new, |commit| format!("commit {commit},")),
        tool_version: kept.baseline.program.tool_version.clone(),
        fingerprint: kept.baseline.fingerprint.clone(),
    };
    let stages = new.stages.iter().map(|stage| {
        let mut times = crate::summary::Distributions::default();
        let same = kept
            .runs
            .iter()
            .flat_map(|run| &run.stages)
            .filter(|stored| stored.name == stage.name);
        for stored in same {
            times.merge(&stored.distributions);
        }
        StageTrial {
            name: stage.name.clone(),
            quads: Vec::new(),
            baseline: times,
            candidate: stage.distributions.clone(),
        }
    });
    Trial {
        baseline,
        candidate: ArmIdentity {
            name: candidate.name.clone(),
            settings: candidate.set.clone(),
            program: String::new(),
            tool_version: new.tool_version.clone(),
            fingerprint: new.identity.fingerprint.clone(),
        },
        stages: stages.collect(),
        sending_seconds: 0.0,
        notes: Vec::new(),
    }
}
