//! Where baselines stand: a folder each, of plain files that can be reviewed and merged, one for each run, so that two people who
//! add runs do not touch the same file. A file appears whole or not at all, and writers take turns.

use crate::baseline::{self, Baseline};
use crate::summary::{self, RunSummary};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

const ARTIFACT: &str = "baseline.json";
const RUNS: &str = "runs";
/// What git need not keep: the copy of the program, which is large and for one kind of machine.
const IGNORED: &str = "/program\n/.lock\n/*.partial\n";

/// A folder of baselines.
#[derive(Debug)]
pub(in crate::command) struct Shelf {
    folder: PathBuf,
}

/// A baseline with its runs, in the order of their names, and where it stands.
#[derive(Debug)]
pub(in crate::command) struct Kept {
    pub(in crate::command) baseline: Baseline,
    pub(in crate::command) runs: Vec<RunSummary>,
    pub(in crate::command) folder: PathBuf,
}

/// What is wrong with a baseline or its place.
#[derive(Debug, thiserror::Error)]
pub(in crate::command) enum Error {
    /// There is none of this name.
    #[error("expected the name of a baseline, found `{name}`: {known}")]
    Unknown {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// It is there already, and is another.
    #[error(
        "the baseline `{name}` is there already, of another {what}: save under another name, or with --replace"
    )]
    Taken {
        /// Its name.
        name: String,
        /// What differs.
        what: &'static str,
    },
    /// A file could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The artifact cannot be used.
    #[error("{}: {source}", path.display())]
    Artifact {
        /// Which.
        path: PathBuf,
        /// Why.
        source: baseline::Error,
    },
    /// A run cannot be used.
    #[error("{}: {source}", path.display())]
    Run {
        /// Which.
        path: PathBuf,
        /// Why.
        source: summary::Error,
    },
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_owned();
    |source| Error::File { path, source }
}

impl Shelf {
    pub(in crate::command) fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The names of all baselines, sorted.
    pub(in crate::command) fn names(&self) -> Result<Vec<String>, Error> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(at(&self.folder)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(at(&self.folder))?;
            if entry.path().join(ARTIFACT).is_file() {
                names.push(entry.file_name().to_string_lossy().into_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    /// Reads a baseline with all its runs.
    pub(in crate::command) fn read(&self, name: &str) -> Result<Kept, Error> {
        let folder = self.folder.join(name);
        let path = folder.join(ARTIFACT);
        if !self.names()?.iter().any(|known| known == name) {
            let known = match self.names()?.as_slice() {
                [] => {
                    "there are none; `inferometer baseline save NAME SCENARIO` keeps one".to_owned()
                }
                names => format!("there are {}", names.join(", ")),
            };
            let name = name.to_owned();
            return Err(Error::Unknown { name, known });
        }
        let json = fs::read(&path).map_err(at(&path))?;
        let baseline =
            Baseline::from_json(&json).map_err(|source| Error::Artifact { path, source })?;
        let runs = runs(&folder.join(RUNS))?;
        Ok(Kept {
            baseline,
            runs,
            folder,
        })
    }

    /// Can this be saved under its name? Better now than after a long run in vain.
    pub(in crate::command) fn accepts(&self, new: &Baseline, replace: bool) -> Result<(), Error> {
        let is_known = self.names()?.contains(&new.name);
        if replace || !is_known {
            return Ok(());
        }
        let old = self.read(&new.name)?.baseline;
        let name = new.name.clone();
        if old.fingerprint != new.fingerprint {
            return Err(Error::Taken { name, what: "plan" });
        }
        if old.program.sha256 != new.program.sha256 {
            return Err(Error::Taken {
                name,
                what: "program",
            });
        }
        if old.launched != new.launched {
            return Err(Error::Taken {
                name,
                what: "server",
            });
        }
        Ok(())
    }

    /// Adds runs to a baseline, or makes it, or with `replace` makes it anew; returns where it stands. `program` is the file to keep
    /// a copy of.
    pub(in crate::command) fn save(
        &self,
        baseline: &Baseline,
        program: Option<&Path>,
        runs: &[RunSummary],
        replace: bool,
    ) -> Result<PathBuf, Error> {
        let folder = self.folder.join(&baseline.name);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let lock = folder.join(".lock");
        let turn = File::create(&lock).map_err(at(&lock))?;
        // Given back when the file is closed, however this process ends.
        turn.lock().map_err(at(&lock))?;
        // Whoever had the turn before may have saved something else.
        self.accepts(baseline, replace)?;
        let kept = folder.join(RUNS);
        if replace && kept.exists() {
            fs::remove_dir_all(&kept).map_err(at(&kept))?;
        }
        fs::create_dir_all(&kept).map_err(at(&kept))?;
        write(&folder.join(".gitignore"), IGNORED.as_bytes())?;
        if let Some(program) = program {
            copy(program, &folder.join(&baseline.program.path))?;
        }
        for run in runs {
            let json = run.to_json().map_err(|source| Error::Run {
                path: kept.clone(),
                source,
            })?;
            write(&free(&kept, &run.identity.run_id), &json)?;
        }
        let path = folder.join(ARTIFACT);
        let json = baseline.to_json().map_err(|source| Error::Artifact {
            path: path.clone(),
            source,
        })?;
        write(&path, &json)?;
        Ok(folder)
    }

    /// Takes a baseline away, with all its runs.
    pub(in crate::command) fn remove(&self, name: &str) -> Result<(), Error> {
        let folder = self.read(name)?.folder;
        fs::remove_dir_all(&folder).map_err(at(&folder))
    }
}

/// Every run in a folder, in the order of names.
fn runs(folder: &Path) -> Result<Vec<RunSummary>, Error> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(at(folder))?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<io::Result<_>>()
        .map_err(at(folder))?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    let read = |path: PathBuf| {
        let json = fs::read(&path).map_err(at(&path))?;
        RunSummary::from_json(&json).map_err(|source| Error::Run { path, source })
    };
    paths.into_iter().map(read).collect()
}

/// A name in the folder that no other run has.
fn free(folder: &Path, run: &str) -> PathBuf {
    let names = (2..).map(|copy| format!("{run}-{copy}"));
    let mut paths = std::iter::once(run.to_owned())
        .chain(names)
        .map(|name| folder.join(format!("{name}.json")));
    paths
        .find(|path| !path.exists())
        .unwrap_or_else(|| unreachable!("there is always another number"))
}

/// Writes a file that is there whole or not at all, also after the power was cut.
fn write(path: &Path, content: &[u8]) -> Result<(), Error> {
    let partial = partial(path);
    let written = File::create(&partial).and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    written
        .and_then(|()| fs::rename(&partial, path))
        .map_err(at(path))
}

/// Likewise a copy of a file, with its permissions.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    let partial = partial(to);
    fs::copy(from, &partial)
        .and_then(|_| fs::rename(&partial, to))
        .map_err(at(to))
}

fn partial(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}.partial", std::process::id()));
    name.into()
}

#[cfg(test)]
mod tests;
