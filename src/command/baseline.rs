//! `inferometer baseline`: keeps a scenario, a program and its figures under a name, to be held against later.

mod program;
mod shelf;

pub(super) use shelf::{Kept, Shelf};

use super::{Console, plans, run};
use crate::baseline::{BASELINE_SCHEMA, Baseline, unlike};
use crate::cli::{BaselineCommand, Save};
use crate::exit::Exit;
use crate::metric::Metric;
use crate::plan::Plan;
use crate::scenario::{Name, Overrides};
use crate::settings;
use crate::summary::{RunEnd, RunSummary};
use std::path::Path;

/// What a command of this kind ends with, if it does not end well: what to say, and the exit code.
type Refused = (String, Exit);

/// Saves, lists, shows or removes.
pub(super) fn baseline(command: &BaselineCommand, console: &Console) -> Exit {
    let ended = match command {
        BaselineCommand::Save(arguments) => save(arguments, console),
        BaselineCommand::List { baselines } => list(&Shelf::at(baselines), console),
        BaselineCommand::Show { name, baselines } => show(&Shelf::at(baselines), name, console),
        BaselineCommand::Remove { name, baselines } => remove(&Shelf::at(baselines), name, console),
    };
    match ended {
        Ok(()) => Exit::Passed,
        Err((told, exit)) => {
            console.complain(&format!("error: {told}"));
            exit
        }
    }
}

fn could_not(error: impl std::fmt::Display) -> Refused {
    (error.to_string(), Exit::CouldNotRun)
}

fn save(arguments: &Save, console: &Console) -> Result<(), Refused> {
    let name = Name::try_from(arguments.name.clone()).map_err(|told| (told, Exit::BadInput))?;
    let overrides = Overrides {
        set: arguments.set.clone(),
        variant: arguments.variant.clone(),
        environment: settings::environment(),
    };
    let plan = plans::read(&arguments.scenario, &overrides).map_err(|error| {
        (
            error.to_string().trim_start_matches("error: ").to_owned(),
            Exit::BadInput,
        )
    })?;
    let shelf = Shelf::at(&arguments.baselines);
    let started = crate::run::identity(&plan).started;
    let (program, copied) = program::own(arguments.program).map_err(could_not)?;
    let baseline = Baseline {
        schema: BASELINE_SCHEMA.to_owned(),
        name: name.to_string(),
        scenario: arguments.scenario.clone(),
        scenario_sha256: program::digest(&arguments.scenario).map_err(could_not)?,
        variant: arguments.variant.clone(),
        set: arguments.set.clone(),
        fingerprint: plan.fingerprint.clone(),
        commit: program::commit(),
        program,
        launched: program::launched(&plan).map_err(could_not)?,
        saved: started,
    };
    shelf
        .accepts(&baseline, arguments.replace)
        .map_err(could_not)?;
    let runs = measure(&plan, arguments, console)?;
    if let Some(first) = runs.first() {
        alike(&shelf, &baseline, first, arguments.replace)?;
    }
    let folder = shelf
        .save(&baseline, copied.as_deref(), &runs, arguments.replace)
        .map_err(could_not)?;
    console.say(&format!(
        "{}: {} of {} saved in {}",
        name,
        plural(runs.len()),
        plan.name,
        folder.display()
    ));
    Ok(())
}

fn plural(runs: usize) -> String {
    if runs == 1 {
        "1 run".to_owned()
    } else {
        format!("{runs} runs")
    }
}

/// Runs are added to those that are there only where they speak of the same thing.
fn alike(
    shelf: &Shelf,
    baseline: &Baseline,
    new: &RunSummary,
    replace: bool,
) -> Result<(), Refused> {
    if replace {
        return Ok(());
    }
    let Ok(kept) = shelf.read(&baseline.name) else {
        return Ok(());
    };
    let differ: Vec<String> = kept
        .runs
        .iter()
        .flat_map(|run| unlike(run, new))
        .map(|unlike| unlike.to_string())
        .collect();
    match differ.first() {
        None => Ok(()),
        Some(first) => Err((
            format!(
                "the baseline `{}` holds runs that these do not compare with: {first}; save under another name, or with --replace",
                baseline.name
            ),
            Exit::Refused,
        )),
    }
}

/// As many runs as are to be kept, one after the other.
fn measure(plan: &Plan, arguments: &Save, console: &Console) -> Result<Vec<RunSummary>, Refused> {
    let prepared = run::prepare(arguments.lanes).map_err(could_not)?;
    let mut runs = Vec::new();
    for _ in 0..arguments.runs {
        let run = run::carry_out(plan, &prepared, console, true)
            .ok_or_else(|| ("stopped; nothing was saved".to_owned(), Exit::Killed))?
            .map_err(could_not)?;
        if run.end != RunEnd::Completed {
            return Err((
                "the run did not come to its end, so it is no baseline".to_owned(),
                Exit::Inconclusive,
            ));
        }
        if let Some(doubt) = run
            .stages
            .iter()
            .find_map(|stage| crate::gate::distrust(&run, stage))
        {
            return Err((format!("the run is no baseline: {doubt}"), Exit::Refused));
        }
        runs.push(run);
    }
    Ok(runs)
}

fn list(shelf: &Shelf, console: &Console) -> Result<(), Refused> {
    let names = shelf.names().map_err(could_not)?;
    if names.is_empty() {
        console.say("no baselines; `inferometer baseline save NAME SCENARIO` keeps one");
    }
    for name in names {
        let kept = shelf.read(&name).map_err(could_not)?;
        console.say(&format!(
            "{name}  {}  commit {}  {}  saved {}",
            kept.baseline.scenario.display(),
            kept.baseline.commit.as_deref().unwrap_or("unknown"),
            plural(kept.runs.len()),
            kept.baseline.saved
        ));
    }
    Ok(())
}

fn show(shelf: &Shelf, name: &str, console: &Console) -> Result<(), Refused> {
    let kept = shelf.read(name).map_err(could_not)?;
    let artifact = kept.baseline.to_json().map_err(could_not)?;
    console.say(&String::from_utf8_lossy(&artifact));
    for run in &kept.runs {
        console.say(&figures(run));
    }
    Ok(())
}

/// A line for each stage of a run.
fn figures(run: &RunSummary) -> String {
    const SHOWN: [&str; 5] = [
        "rps_ok",
        "latency_p50",
        "latency_p99",
        "cpu_per_request",
        "error_rate",
    ];
    let lines = run.stages.iter().map(|stage| {
        let values = SHOWN.iter().filter_map(|name| {
            let metric = Metric::named(name)?;
            Some(format!("{name} {}", metric.print(metric.read(run, stage))))
        });
        format!(
            "{}  {}  {}",
            run.identity.run_id,
            stage.name,
            values.collect::<Vec<_>>().join("  ")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn remove(shelf: &Shelf, name: &str, console: &Console) -> Result<(), Refused> {
    shelf.remove(name).map_err(could_not)?;
    console.say(&format!("{name}: removed"));
    Ok(())
}

/// The digest of a file's content, for those who hold a scenario against the one that was saved.
pub(super) fn digest(file: &Path) -> std::io::Result<String> {
    program::digest(file)
}
