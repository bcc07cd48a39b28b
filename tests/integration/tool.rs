//! Runs the built tool in a folder of its own.

use assert_cmd::cargo::cargo_bin;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

/// A folder of its own with the tool at hand. The folder goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Tool {
    folder: tempfile::TempDir,
    environment: Vec<(String, String)>,
}

impl Tool {
    pub(crate) fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: Vec::new(),
        }
    }

    /// Where a file of the folder is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn file(self, name: &str, text: &str) -> Self {
        fs::write(self.path(name), text).unwrap();
        self
    }

    /// Sets a variable of the tool's environment.
    pub(crate) fn set(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs the tool to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        Ended::from(self.command(arguments).output().unwrap())
    }

    /// Starts the tool and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Starts the tool with its standard input left open to the caller.
    pub(crate) fn start_with_input(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(cargo_bin("inferometer"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_remove("NO_COLOR")
            .env("INFEROMETER_STATE_DIR", self.path("state"))
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The one run of a scenario that has been reported.
    pub(crate) fn run_folder(&self, scenario: &str) -> PathBuf {
        let runs: Vec<_> = fs::read_dir(self.path("reports").join(scenario))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        let [run] = runs.as_slice() else {
            panic!("expected one run, found {runs:?}")
        };
        run.clone()
    }

    /// What `report.json` of that run says.
    pub(crate) fn report(&self, scenario: &str) -> Value {
        let text = fs::read_to_string(self.run_folder(scenario).join("report.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    }
}

/// How the tool ended and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Ended {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}
