//! Where reports go: `REPORTS/SCENARIO/RUN/`, one file a format. A run's folder appears whole or not at all.

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

/// Makes the folder of a scenario's runs: better now than after a long run in vain.
pub(super) fn prepare(reports: &Path, scenario: &str) -> Result<PathBuf, Error> {
    let folder = reports.join(scenario);
    fs::create_dir_all(&folder).map_err(failed(&folder))?;
    Ok(folder)
}

/// Writes the report in the formats given into a folder of its own below `scenario`, and returns that.
pub(super) fn write(
    scenario: &Path,
    report: &Report,
    formats: &[&Format],
) -> Result<PathBuf, Error> {
    let partial = scenario.join(format!(".{}.partial", std::process::id()));
    let result = fill(&partial, report, formats)
        .and_then(|()| publish(&partial, scenario, &report.run.identity.run_id));
    if result.is_err() {
        // What could not be written whole must not stay; the first error is the one to tell.
        fs::remove_dir_all(&partial).ok();
    }
    result
}

fn fill(folder: &Path, report: &Report, formats: &[&Format]) -> Result<(), Error> {
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for format in formats {
        let path = folder.join(format.file);
        fs::write(&path, (format.render)(report)?).map_err(failed(&path))?;
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
