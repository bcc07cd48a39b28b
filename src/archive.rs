//! Every sample of a run, in files: on request, beside the summaries that every run has. It judges nothing and sums up
//! nothing; what a column means stands in [`reference()`] and `docs/samples.md`.
//!
//! ```text
//! lane: Sample -> Feed -> batch of rows -> writer thread -> samples.parquet, samples.jsonl
//! {"number":7,"stage":0,..,"scheduled":140000000,"sent":140031207,..,"outcome":"answered","error":null}
//! ```
//!
//! A lane copies each sample into a batch whose memory it has had from the start, and hands full batches to the writer's
//! thread, which hands them back empty. So the sending path neither writes nor allocates nor waits for a disk. A disk that
//! falls behind by all batches of a lane costs samples, and an archive with samples missing always says so.
//!
//! A program asks for samples like this:
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! use inferometer::archive::{Archive, FORMATS};
//! use inferometer::{plan, run, scenario::Overrides};
//! use std::path::Path;
//!
//! let scenario = "name: from-code
//! workload: { chat: { model: tiny, prompt: { tokens: 8 }, output: { tokens: 4 } } }
//! load: { closed: { in_flight: 2 } }
//! phases: { measure: 100ms }";
//! let plan = plan::from_file(Path::new("from-code.yaml"), scenario, &Overrides::default())?;
//! let folder = tempfile::tempdir()?;
//!
//! let formats: Vec<_> = FORMATS.iter().filter(|format| format.name == "parquet").collect();
//! let archive = Archive::create(folder.path(), &formats)?;
//! let options = run::Options { samples: Some(archive.intake()), ..run::Options::default() };
//! let summary = run::run(&plan, &options, &mut |_| {}).await?;
//! let written = archive.close()?;
//!
//! let offered: u64 = summary.stages.iter().map(|stage| stage.accounting.offered).sum();
//! assert!(written > offered, "those of the warm-up, too");
//! assert!(folder.path().join("samples.parquet").exists());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod column;
mod columnar;
mod feed;
mod json_lines;
mod row;
mod writer;

pub use column::reference;
pub use feed::{Feed, StageIntake};

use crate::observe;
use crate::sample::{Kind, Sample};
use crate::units::Offset;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use writer::{Message, Writer};

/// A kind of file.
#[derive(Debug, Clone, Copy)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// The file's name.
    pub file: &'static str,
    create: fn(&Path) -> io::Result<Box<dyn Output>>,
}

/// Every kind of file.
pub const FORMATS: &[Format] = &[
    Format {
        name: "parquet",
        file: "samples.parquet",
        create: columnar::create,
    },
    Format {
        name: "jsonl",
        file: "samples.jsonl",
        create: json_lines::create,
    },
];

/// A file being written. Rows of one stage come together.
trait Output: Send {
    /// Writes some rows of a stage.
    fn write(&mut self, rows: &[row::Row], stage: &Stage) -> io::Result<()>;

    /// Ends the file.
    fn finish(self: Box<Self>) -> io::Result<()>;
}

/// Why an archive does not hold every sample.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be made, or not be written to its end.
    #[error("could not write every sample to {}: {source}", path.display())]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The files could not be written as fast as samples came.
    #[error(
        "{lost} of {offered} samples are not in {}: they came faster than they could be written",
        folder.display()
    )]
    TooSlow {
        /// How many are missing.
        lost: u64,
        /// How many there were.
        offered: u64,
        /// Where the files are.
        folder: PathBuf,
    },
    /// The thread that writes could not be started.
    #[error("could not start the writer of samples: {0}")]
    Thread(#[source] io::Error),
    /// The thread that writes died.
    #[error("the writer of samples died")]
    Died,
}

/// What of a stage stands in each of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Its position in the plan, from 0.
    pub index: usize,
    /// Its name.
    pub name: String,
    /// The kinds of request that samples of each load stream name by their place in its list.
    pub kinds: Vec<Vec<Kind>>,
    /// The endpoints that samples name by their place in this list.
    pub endpoints: Vec<Target>,
}

/// An endpoint as rows name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// What reports call it.
    pub name: String,
    /// What it speaks.
    pub protocol: String,
}

/// The files of a run. Whoever made it closes it.
#[derive(Debug)]
pub struct Archive {
    intake: Intake,
    writer: thread::JoinHandle<Result<u64, Error>>,
}

impl Archive {
    /// Makes the files in a folder, and the thread that writes them.
    ///
    /// # Errors
    /// [`Error::Write`] when a file cannot be made, [`Error::Thread`] when the system has no thread left.
    pub fn create(folder: &Path, formats: &[&Format]) -> Result<Self, Error> {
        let writer = Writer::create(folder, formats)?;
        let (messages, received) = mpsc::channel();
        let writer = thread::Builder::new()
            .name("samples".to_owned())
            .spawn(move || {
                // Lanes that send come first where cores are few.
                observe::stand_back();
                writer.run(&received)
            })
            .map_err(Error::Thread)?;
        Ok(Self {
            intake: Intake { messages },
            writer,
        })
    }

    /// Where a run hands in its samples: goes into its options.
    pub fn intake(&self) -> Intake {
        self.intake.clone()
    }

    /// Writes what is left and ends the files. Says how many samples they hold. What is handed in later is not written.
    ///
    /// # Errors
    /// [`Error`] when a file does not hold every sample.
    pub fn close(self) -> Result<u64, Error> {
        // A writer that is gone already says why when it is joined.
        self.intake.messages.send(Message::Close).ok();
        self.writer.join().unwrap_or(Err(Error::Died))
    }
}

/// Where a run hands in its samples. Clones lead to the same archive.
#[derive(Debug, Clone)]
pub struct Intake {
    messages: mpsc::Sender<Message>,
}

impl Intake {
    /// A stage begins. `start` and `end` are those of its measure phase, on the clock of its samples.
    pub fn stage(&self, stage: Stage, start: Offset, end: Offset) -> StageIntake {
        StageIntake::begin(&self.messages, stage, start, end)
    }
}

impl Stage {
    /// The kind that a row is of.
    fn kind(&self, row: &row::Row) -> Option<&Kind> {
        self.kinds.get(row.stream)?.get(row.kind)
    }
}

#[cfg(test)]
mod fixture;
#[cfg(test)]
mod tests;
