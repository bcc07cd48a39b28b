//! `--journal FILE`: each request that ended as a line of JSON, within a tenth of a second. A thread of its own writes, so
//! that neither a slow disk nor a reader that pauses makes any answer late. Nothing piles up in front of it: what the
//! mock's journal forgets before it is written, by its own bounds, is counted and told at the end.

use inferometer_mock::Follower;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long what has ended may wait until it is written, if nothing else is being written.
const PAUSE: Duration = Duration::from_millis(100);

/// The name that stands for standard output.
const STANDARD_OUTPUT: &str = "-";

/// Why the journal is not what happened.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The file cannot be made.
    #[error("could not open the journal {name} for writing: {source}")]
    Open {
        /// Where it was to be.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// The disk is full, or whoever read is gone.
    #[error(
        "could not write the journal to {name}: {source}; it ends in the middle of what happened"
    )]
    Write {
        /// Where it was to be.
        name: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// More ended than could be written.
    #[error(
        "the journal lacks {requests} requests, which were forgotten before they could be written: raise \
         `journal.requests` and `journal.writes`, or write to a faster disk"
    )]
    Lacking {
        /// How many.
        requests: u64,
    },
    /// There is no thread for it.
    #[error("could not start the thread that writes the journal: {0}")]
    Thread(#[source] io::Error),
}

/// A journal to write, opened so that a file that cannot be made is told before anything runs.
pub(super) struct Journal {
    output: Box<dyn Write + Send>,
    name: String,
}

/// Is it standard output that `file` names?
pub(super) fn is_standard_output(file: &Path) -> bool {
    file == Path::new(STANDARD_OUTPUT)
}

impl Journal {
    /// Makes the file, or empties it.
    pub(super) fn open(file: &Path) -> Result<Self, Error> {
        if is_standard_output(file) {
            return Ok(Self {
                output: Box::new(io::stdout()),
                name: "standard output".to_owned(),
            });
        }
        let name = file.display().to_string();
        match File::create(file) {
            Ok(file) => Ok(Self {
                output: Box::new(BufWriter::new(file)),
                name,
            }),
            Err(source) => Err(Error::Open { name, source }),
        }
    }

    /// Writes what ends from now on.
    pub(super) fn follow(self, follower: Follower) -> Result<Writing, Error> {
        let (stop, stopped) = mpsc::channel();
        let (told, end) = oneshot::channel();
        let Self { mut output, name } = self;
        let write = move || {
            let ended = write_until(&stopped, follower, &mut output);
            let ended = ended
                .map_err(|source| Error::Write { name, source })
                .and_then(|lacking| match lacking {
                    0 => Ok(()),
                    requests => Err(Error::Lacking { requests }),
                });
            // Nobody waits for it when the tool was ended at once.
            let _ = told.send(ended);
        };
        thread::Builder::new()
            .name("journal".to_owned())
            .spawn(write)
            .map_err(Error::Thread)?;
        Ok(Writing { stop, end })
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub(super) struct Writing {
    stop: mpsc::Sender<()>,
    end: oneshot::Receiver<Result<(), Error>>,
}

impl Writing {
    /// Ready when it can be written no more, with the reason. Never, if nothing goes wrong.
    pub(super) async fn broken(&mut self) -> Error {
        match (&mut self.end).await {
            Ok(Err(error)) => error,
            // It ends well only when it is told to, and then nobody waits here.
            Ok(Ok(())) | Err(_) => std::future::pending().await,
        }
    }

    /// Writes what is left and ends. Dropping the future leaves the rest unwritten.
    pub(super) async fn finish(self) -> Result<(), Error> {
        drop(self.stop);
        self.end.await.unwrap_or(Ok(()))
    }
}

/// Writes until it is told to stop and everything is written. Returns how many requests were forgotten before.
fn write_until(
    stopped: &mpsc::Receiver<()>,
    mut follower: Follower,
    output: &mut dyn Write,
) -> io::Result<u64> {
    let mut lacking = 0;
    loop {
        // Asked before reading, so that what is read afterwards is all that there is.
        let is_last = stopped.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout);
        loop {
            let page = follower.piece();
            lacking += page.forgotten;
            if page.entries.is_empty() {
                break;
            }
            for entry in &page.entries {
                output.write_all(entry.line().as_bytes())?;
                output.write_all(b"\n")?;
            }
        }
        output.flush()?;
        if is_last {
            return Ok(lacking);
        }
    }
}
