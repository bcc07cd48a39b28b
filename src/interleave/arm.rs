//! The comparison's side of an arm: its process, asked for one block after the other.

use super::wire::{Ask, Heard, Ready, WIRE};
use crate::summary::{METRICS_VERSION, RunSummary, StageEnd};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// The longest that an arm may take to say what it is.
const START_DEADLINE: Duration = Duration::from_secs(20);
/// The longest that an arm may take to end by itself, besides what its target may take.
const STOP_DEADLINE: Duration = Duration::from_secs(5);
/// How much longer than its block an arm may take: it brings its target up before the first, which may take more if the
/// scenario says so, drains after each, and reads the target's journal.
const BLOCK_DEADLINE: Duration = Duration::from_mins(2);

/// What is started for an arm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// What reports call the arm.
    pub name: String,
    /// What it changes in the scenario, for reports.
    pub settings: Vec<String>,
    /// What reports call the program; empty for the tool itself.
    pub shown: String,
    /// The program.
    pub executable: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
}

/// Why an arm cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ArmError {
    /// Its process could not be started.
    #[error("could not start the arm `{arm}` as `{}`: {source}", executable.display())]
    Spawn {
        /// Its name.
        arm: String,
        /// What was to be executed.
        executable: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its process said that it cannot go on, or ended.
    #[error("arm `{arm}`: {reason}")]
    Ended {
        /// Its name.
        arm: String,
        /// Why.
        reason: String,
    },
    /// Its program is another version, whose numbers mean something else.
    #[error(
        "arm `{arm}`: expected {what} {ours}, found {theirs}: measure both arms with builds that agree on it"
    )]
    Unlike {
        /// Its name.
        arm: String,
        /// What differs.
        what: &'static str,
        /// In this program.
        ours: u32,
        /// In the arm's.
        theirs: u32,
    },
}

/// The process of an arm. Dropping it kills the process; its target then ends by itself.
#[derive(Debug)]
pub(super) struct Process {
    name: String,
    child: Child,
    lifeline: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    pub(super) ready: Ready,
}

impl Process {
    /// Starts the process and hears what it is.
    pub(super) async fn start(program: &Program) -> Result<Self, ArmError> {
        let mut child = spawn(program)?;
        let (Some(lifeline), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are piped")
        };
        let mut process = Self {
            name: program.name.clone(),
            child,
            lifeline,
            output: BufReader::new(output).lines(),
            ready: Ready {
                wire: WIRE,
                tool_version: String::new(),
                metrics_version: METRICS_VERSION,
                fingerprint: String::new(),
                stages: Vec::new(),
                patience: Duration::ZERO,
            },
        };
        match process.hear(START_DEADLINE).await? {
            Heard::Ready(ready) => process.ready = ready,
            Heard::Failed(reason) => return Err(process.ended(reason)),
            Heard::Block(_) => {
                return Err(process.ended("it told of a block that nobody asked for".to_owned()));
            }
        }
        process.alike("lines of version", WIRE, process.ready.wire)?;
        process.alike(
            "metrics of version",
            METRICS_VERSION,
            process.ready.metrics_version,
        )?;
        Ok(process)
    }

    fn alike(&self, what: &'static str, ours: u32, theirs: u32) -> Result<(), ArmError> {
        if ours == theirs {
            return Ok(());
        }
        let arm = self.name.clone();
        Err(ArmError::Unlike {
            arm,
            what,
            ours,
            theirs,
        })
    }

    /// Asks for a block and waits for what it measured.
    pub(super) async fn block(&mut self, ask: Ask) -> Result<RunSummary, ArmError> {
        let mut line =
            serde_json::to_string(&ask).map_err(|error| self.ended(error.to_string()))?;
        line.push('\n');
        if self.lifeline.write_all(line.as_bytes()).await.is_err() {
            return Err(self.last_words().await);
        }
        let within = ask.block.saturating_add(BLOCK_DEADLINE);
        let within = within.saturating_add(self.ready.patience);
        let run = match self.hear(within).await? {
            Heard::Block(run) => *run,
            Heard::Failed(reason) => return Err(self.ended(reason)),
            Heard::Ready(_) => {
                return Err(self.ended("it began anew in the middle of a block".to_owned()));
            }
        };
        let died = run
            .stages
            .iter()
            .find(|stage| stage.end != StageEnd::Completed);
        match died {
            Some(stage) => Err(self.ended(format!(
                "its target died in a block: {}",
                stage.notes.join(", ")
            ))),
            None => Ok(run),
        }
    }

    /// The next line.
    async fn hear(&mut self, within: Duration) -> Result<Heard, ArmError> {
        match timeout(within, self.output.next_line()).await {
            Ok(Ok(Some(line))) => serde_json::from_str(&line)
                .map_err(|error| self.ended(format!("could not read what it said: {error}"))),
            Ok(Ok(None) | Err(_)) => Err(self.last_words().await),
            Err(_) => Err(self.ended(format!("it said nothing within {within:?}"))),
        }
    }

    fn ended(&self, reason: String) -> ArmError {
        let arm = self.name.clone();
        ArmError::Ended { arm, reason }
    }

    /// What a process that is gone said on standard error.
    async fn last_words(&mut self) -> ArmError {
        let mut words = String::new();
        if let Some(stderr) = self.child.stderr.take() {
            // A broken pipe leaves us with what was read so far: better than nothing.
            timeout(STOP_DEADLINE, stderr.take(4096).read_to_string(&mut words))
                .await
                .ok();
        }
        let words = words
            .trim()
            .strip_prefix("error: ")
            .unwrap_or(words.trim())
            .to_owned();
        self.ended(if words.is_empty() {
            "its process ended".to_owned()
        } else {
            words
        })
    }

    /// Lets the process end and waits for it; kills it if it does not.
    pub(super) async fn stop(self) {
        let Self {
            mut child,
            lifeline,
            ready,
            ..
        } = self;
        drop(lifeline);
        let within = STOP_DEADLINE.saturating_add(ready.patience);
        if timeout(within, child.wait()).await.is_err() {
            // Failing means that it is gone already, which is what is wanted.
            child.kill().await.ok();
        }
    }
}

fn spawn(program: &Program) -> Result<Child, ArmError> {
    let mut command = Command::new(&program.executable);
    command
        .args(&program.arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    // A group of its own, so that Ctrl-C in a terminal reaches the tool alone, which ends its arms in good order.
    #[cfg(unix)]
    command.process_group(0);
    command.spawn().map_err(|source| ArmError::Spawn {
        arm: program.name.clone(),
        executable: program.executable.clone(),
        source,
    })
}
