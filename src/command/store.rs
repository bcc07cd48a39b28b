//! Where reports and samples go: `REPORTS/SCENARIO/RUN/`, one file a format. A run's folder appears whole or not at all.

use crate::report::{self, Format, Report};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// A file or folder could not be made.
    #[error("could not write the report to {}: {source}", path.display())]
    Write {
        /// Where.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A format could not be rendered.
    #[error("could not render the report: {0}")]
    Render(#[from] report::Error),
}

/// The folder of a run that has no name yet, because it is not over. It goes when this is dropped, unless it was published.
#[derive(Debug)]
pub(super) struct Pending {
    scenario: PathBuf,
    partial: PathBuf,
}

impl Pending {
    /// Makes the folder of a scenario's runs: better now than after a long run in vain.
    pub(super) fn prepare(reports: &Path, scenario: &str) -> Result<Self, Error> {
        let scenario = reports.join(scenario);
        fs::create_dir_all(&scenario).map_err(failed(&scenario))?;
        let partial = scenario.join(format!(".{}.partial", std::process::id()));
        Ok(Self { scenario, partial })
    }

    /// Where files are written while the run goes on.
    pub(super) fn open(&self) -> Result<&Path, Error> {
        fs::create_dir_all(&self.partial).map_err(failed(&self.partial))?;
        Ok(&self.partial)
    }

    /// Adds the report in the formats given, gives the folder its name, and returns that.
    pub(super) fn publish(self, report: &Report, formats: &[&Format]) -> Result<PathBuf, Error> {
        let files = formats
            .iter()
            .map(|format| (format.file, (format.render)(report)));
        self.publish_files(&report.run.identity.run_id, files)
    }

    /// Adds files with these names and contents, gives the folder the name of its run, and returns that.
    pub(super) fn publish_files<'a>(
        self,
        run: &str,
        files: impl Iterator<Item = (&'a str, Result<Vec<u8>, report::Error>)>,
    ) -> Result<PathBuf, Error> {
        fill(self.open()?, files)?;
        publish(&self.partial, &self.scenario, run)
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        // What could not be written whole must not stay; the first error is the one to tell.
        fs::remove_dir_all(&self.partial).ok();
    }
}

fn fill<'a>(
    folder: &Path,
    files: impl Iterator<Item = (&'a str, Result<Vec<u8>, report::Error>)>,
) -> Result<(), Error> {
    for (name, content) in files {
        let path = folder.join(name);
        fs::write(&path, content?).map_err(failed(&path))?;
    }
    Ok(())
}

/// Gives the folder its final name: the run's own, or with a number behind it where another run of the same second has
/// taken that.
fn publish(partial: &Path, scenario: &Path, run: &str) -> Result<PathBuf, Error> {
    let names = (2..).map(|copy| format!("{run}-{copy}"));
    for name in std::iter::once(run.to_owned()).chain(names) {
        let folder = scenario.join(name);
        match fs::rename(partial, &folder) {
            Ok(()) => return Ok(folder),
            Err(error) if is_taken(&error) => {}
            Err(error) => return Err(failed(&folder)(error)),
        }
    }
    unreachable!("there is always another number")
}

fn is_taken(error: &io::Error) -> bool {
    use io::ErrorKind::{AlreadyExists, DirectoryNotEmpty};
    matches!(error.kind(), AlreadyExists | DirectoryNotEmpty)
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> Error + use<> {
    let path = path.to_owned();
    |source| Error::Write { path, source }
}
