//! The thread that writes: it gathers the lanes' batches and gives each file as many rows at once as make a good block.

use super::row::Row;
use super::{Error, Format, Output, Stage};
use crate::units::wide;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender};
use tokio::sync::oneshot;

/// Rows that are written at once: a row group of Parquet's. Readers work on several of them at a time, so they should not be
/// larger; each has headers, so they should not be much smaller.
const BLOCK: usize = 65_536;

/// What the writer hears.
#[derive(Debug)]
pub(super) enum Message {
    /// The rows from here on are of this stage.
    Stage(Stage),
    /// Some rows.
    Rows(Batch),
    /// A stage is over: what is missing?
    StageEnded(oneshot::Sender<Option<String>>),
    /// That was all.
    Close,
}

/// What a lane hands in.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) rows: Vec<Row>,
    /// Samples that the lane had no room for since the batch before.
    pub(super) lost: u64,
    /// Where the emptied batch goes.
    pub(super) give_back: Sender<Vec<Row>>,
}

/// The state of the thread.
#[derive(Debug)]
pub(super) struct Writer {
    folder: PathBuf,
    files: Vec<File>,
    stage: Option<Stage>,
    block: Vec<Row>,
    offered: u64,
    lost: u64,
}

/// One file, until something goes wrong with it.
struct File {
    path: PathBuf,
    state: Result<Box<dyn Output>, io::Error>,
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("File").field(&self.path).finish()
    }
}

impl Writer {
    /// Makes the files.
    pub(super) fn create(folder: &Path, formats: &[&Format]) -> Result<Self, Error> {
        let create = |format: &&Format| {
            let path = folder.join(format.file);
            match (format.create)(&path) {
                Ok(output) => Ok(File {
                    path,
                    state: Ok(output),
                }),
                Err(source) => Err(Error::Write { path, source }),
            }
        };
        Ok(Self {
            folder: folder.to_owned(),
            files: formats.iter().map(create).collect::<Result<_, _>>()?,
            stage: None,
            block: Vec::with_capacity(BLOCK),
            offered: 0,
            lost: 0,
        })
    }

    /// Writes what comes until it is told that that was all. Says how many samples there were, if all are written.
    pub(super) fn run(mut self, messages: &Receiver<Message>) -> Result<u64, Error> {
        while let Ok(message) = messages.recv() {
            match message {
                Message::Stage(stage) => {
                    self.write_block();
                    self.stage = Some(stage);
                }
                Message::Rows(batch) => self.take(batch),
                Message::StageEnded(answer) => {
                    self.write_block();
                    // Whoever asked may have been given up.
                    answer.send(self.missing()).ok();
                }
                Message::Close => break,
            }
        }
        self.close()
    }

    fn take(&mut self, mut batch: Batch) {
        self.offered += wide(batch.rows.len()) + batch.lost;
        self.lost += batch.lost;
        if self.block.len() + batch.rows.len() > BLOCK {
            self.write_block();
        }
        self.block.append(&mut batch.rows);
        // The lane may be gone.
        batch.give_back.send(batch.rows).ok();
    }

    fn write_block(&mut self) {
        let Some(stage) = self.stage.as_ref().filter(|_| !self.block.is_empty()) else {
            return;
        };
        for file in &mut self.files {
            if let Ok(output) = &mut file.state
                && let Err(error) = output.write(&self.block, stage)
            {
                file.state = Err(error);
            }
        }
        self.block.clear();
    }

    /// What is missing so far, for people.
    fn missing(&self) -> Option<String> {
        let broken = self.files.iter().find_map(|file| {
            let source = file.state.as_ref().err()?;
            Some(format!(
                "could not write every sample to {}: {source}",
                file_name(&file.path)
            ))
        });
        broken.or_else(|| {
            (self.lost > 0).then(|| {
                format!(
                    "{} of {} samples are not in the samples' files: they came faster than they could be written",
                    self.lost, self.offered
                )
            })
        })
    }

    fn close(mut self) -> Result<u64, Error> {
        self.write_block();
        for File { path, state } in self.files {
            state
                .and_then(Output::finish)
                .map_err(|source| Error::Write { path, source })?;
        }
        if self.lost > 0 {
            return Err(Error::TooSlow {
                lost: self.lost,
                offered: self.offered,
                folder: self.folder,
            });
        }
        Ok(self.offered)
    }
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}
