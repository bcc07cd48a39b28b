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

/// Writes the report in the formats given and returns its folder.
pub(super) fn write(
    reports: &Path,
    report: &Report,
    formats: &[&Format],
) -> Result<PathBuf, Error> {
    let scenario = reports.join(&report.run.identity.scenario);
    let folder = free(&scenario, &report.run.identity.run_id);
    let partial = scenario.join(format!(".{}.partial", std::process::id()));
    let result = fill(&partial, report, formats).and_then(|()| {
        fs::rename(&partial, &folder).map_err(|source| Error::Write {
            path: folder.clone(),
            source,
        })
    });
    if result.is_err() {
        // What could not be written whole must not stay; the first error is the one to tell.
        fs::remove_dir_all(&partial).ok();
    }
    result.map(|()| folder)
}

fn fill(folder: &Path, report: &Report, formats: &[&Format]) -> Result<(), Error> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        |source| Error::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(failed(folder))?;
    for format in formats {
        let path = folder.join(format.file);
        fs::write(&path, (format.render)(report)?).map_err(failed(&path))?;
    }
    Ok(())
}

/// A folder name that is not taken: the run's own, or with a number behind it.
fn free(scenario: &Path, run: &str) -> PathBuf {
    let mut folder = scenario.join(run);
    let mut copy = 1;
    while folder.exists() {
        copy += 1;
        folder = scenario.join(format!("{run}-{copy}"));
    }
    folder
}
