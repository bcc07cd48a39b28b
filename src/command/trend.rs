//! `inferometer trend`: the stored runs of a scenario, in order, and where they changed.

use super::Console;
use crate::cli;
use crate::exit::Exit;
use crate::metric::Metric;
use crate::report::{Style, history};
use crate::summary::RunSummary;
use crate::trend::History;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Shows the history, and writes its page if that is asked for.
pub(super) fn trend(arguments: &cli::Trend, console: &Console) -> Exit {
    match shown(arguments, console) {
        Ok(()) => Exit::Passed,
        Err((told, exit)) => {
            console.complain(&format!("error: {told}"));
            exit
        }
    }
}

fn shown(arguments: &cli::Trend, console: &Console) -> Result<(), (String, Exit)> {
    let metrics = metrics(&arguments.metric).map_err(|told| (told, Exit::BadInput))?;
    let folder = arguments.reports.join(&arguments.scenario);
    let runs = runs(&folder, console)
        .map_err(|error| (format!("{}: {error}", folder.display()), Exit::BadInput))?;
    let Some(history) = History::of(&runs, &metrics) else {
        let told = format!(
            "{}: expected runs of the scenario, found none; `inferometer run` keeps them",
            folder.display()
        );
        return Err((told, Exit::BadInput));
    };
    let style = Style {
        colour: console.is_coloured(),
        width: console.width(),
    };
    console.say(&history::terminal(&history, style));
    if let Some(path) = &arguments.html {
        let failed = |error: &dyn std::error::Error| {
            (
                format!("could not write {}: {error}", path.display()),
                Exit::CouldNotRun,
            )
        };
        let page = history::html(&history).map_err(|error| failed(&error))?;
        fs::write(path, page).map_err(|error| failed(&error))?;
    }
    Ok(())
}

fn metrics(names: &[String]) -> Result<Vec<&'static Metric>, String> {
    let find = |name: &String| {
        Metric::named(name).ok_or_else(|| format!("--metric: {}", Metric::unknown(name)))
    };
    names.iter().map(find).collect()
}

/// Every run in the folder, in the order of their names, which begin with their times. What cannot be read is told and left out.
fn runs(folder: &Path, console: &Console) -> io::Result<Vec<RunSummary>> {
    let mut paths: Vec<PathBuf> = match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path().join("report.json")))
            .collect::<io::Result<_>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    paths.retain(|path| path.is_file());
    paths.sort();
    let read = |path: PathBuf| match RunSummary::from_json(&fs::read(&path).ok()?) {
        Ok(run) => Some(run),
        Err(error) => {
            console.complain(&format!("left out: {}: {error}", path.display()));
            None
        }
    };
    Ok(paths.into_iter().filter_map(read).collect())
}
