//! Further files that a scenario names: where they are, and what is said when one cannot be read.

use super::super::error::Error;
use super::super::overrides::Open;
use super::{Document, Origin, Part, Path};
use std::path::{Path as FilePath, PathBuf};

impl Document {
    /// The path of the file that is `named` at `setting`: relative to the file that names it, or to where it is typed.
    pub fn file_named(&self, setting: &Path, named: &str) -> PathBuf {
        match self.origin(setting) {
            Origin::File { .. } => beside(self.file(), named),
            Origin::Sweep(point) | Origin::Variant(point) => self.file_named(&point, named),
            Origin::Default | Origin::Environment(_) | Origin::Set(_) => PathBuf::from(named),
        }
    }

    /// The text of the file at `path`, which is named at `setting`.
    ///
    /// # Errors
    /// It cannot be read, told at the setting.
    pub fn opened(&self, setting: &Path, path: &FilePath, open: Open<'_>) -> Result<String, Error> {
        open(path).map_err(|error| {
            let told = format!("`{}`: {}", path.display(), error.message);
            self.error(setting, Part::Value, told).hint_if(error.hint)
        })
    }
}

/// The path of a file that the scenario in `file` names.
fn beside(file: &str, named: &str) -> PathBuf {
    FilePath::new(file)
        .parent()
        .map_or_else(|| PathBuf::from(named), |folder| folder.join(named))
}
