//! From what was typed to plans: finds the scenario files, reads them, and lays over them what was set on the command
//! line and in the environment.

use super::Console;
use crate::cli::Scenarios;
use crate::exit::Exit;
use crate::plan::{self, Plan};
use crate::scenario::{self, Contents, Document, Overrides};
use crate::settings;
use inferometer_mock::MockSpec;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Why there is nothing to run: one error for each file that is wrong.
#[derive(Debug)]
pub(super) struct Refused(Vec<scenario::Error>);

impl Refused {
    /// Says what is wrong.
    pub(super) fn tell(&self, console: &Console) -> Exit {
        for error in &self.0 {
            console.complain(&error.to_string());
        }
        Exit::BadInput
    }
}

/// Plans every named scenario. All that is wrong with any of them is found before anything runs.
pub(super) fn read_all(scenarios: &Scenarios) -> Result<Vec<Plan>, Refused> {
    let overrides = overrides(scenarios);
    let mut plans = Vec::new();
    let mut errors = Vec::new();
    for file in scenarios.paths.iter().flat_map(|path| files(path)) {
        match file.and_then(|file| read(&file, &overrides)) {
            Ok(plan) => plans.push(plan),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        Ok(plans)
    } else {
        Err(Refused(errors))
    }
}

/// What the command line and the environment change in a scenario.
pub(super) fn overrides(scenarios: &Scenarios) -> Overrides {
    Overrides {
        set: scenarios.set.clone(),
        variant: scenarios.variant.clone(),
        environment: settings::environment(),
    }
}

/// Reads and plans one file.
///
/// # Errors
/// If it cannot be read, is not UTF-8, or is not a scenario.
pub fn read(file: &Path, overrides: &Overrides) -> Result<Plan, scenario::Error> {
    let text = settings::text(file)?;
    plan::from_files(file, &text, overrides, &settings::text).map_err(|error| {
        let name = file.display();
        if is_of_a_client(&text) {
            error.hint(format!(
                "this is the file of a client: `inferometer check --client {name}` explains it, and a scenario names it as \
                 `client_file`"
            ))
        } else {
            error
        }
    })
}

/// Has the text the endpoints of a client, and nothing to ask them?
fn is_of_a_client(text: &str) -> bool {
    let document = Document::read_for(Contents::Client, "", text, &settings::environment());
    document.is_ok_and(|document| {
        let has = |key| document.tree().get(key).is_some();
        has("endpoints") && !has("workload")
    })
}

/// Reads a file with what stands under `target.mock` in a scenario.
pub(super) fn mock(file: &Path) -> Result<MockSpec, scenario::Error> {
    let name = file.display().to_string();
    let text = settings::text(file)?;
    let document = Document::read_for(Contents::Mock, &name, &text, &settings::environment())?;
    plan::mock(&document)
}

/// The files at `path`: itself, or every `*.yaml` and `*.yml` below it, sorted by name.
pub fn files(path: &Path) -> Vec<Result<PathBuf, scenario::Error>> {
    if !path.is_dir() {
        return vec![Ok(path.to_owned())];
    }
    let mut found = Vec::new();
    if let Err(error) = walk(path, &mut found) {
        return vec![Err(unreadable(path, &error))];
    }
    if found.is_empty() {
        let told = "expected a YAML file or a folder with some, found no *.yaml in it";
        return vec![Err(scenario::Error::of_file(
            &path.display().to_string(),
            told,
        ))];
    }
    found.into_iter().map(Ok).collect()
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()?;
    entries.sort();
    for entry in entries {
        if entry.is_dir() {
            walk(&entry, found)?;
        } else if entry
            .extension()
            .is_some_and(|extension| extension == "yaml" || extension == "yml")
        {
            found.push(entry);
        }
    }
    Ok(())
}

fn unreadable(path: &Path, error: &io::Error) -> scenario::Error {
    scenario::Error::of_file(
        &path.display().to_string(),
        format!("could not be read: {error}"),
    )
}
