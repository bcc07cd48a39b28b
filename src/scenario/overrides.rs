//! Values from outside of the file: the client's file that a scenario names, environment variables for the client's
//! settings, `--set` for any setting. The later wins: default, client's file, file,
//! variant, environment, `--set`, sweep.

use super::document::{Contents, Document, Origin, Part, Path, parse_value};
use super::error::Error;
use super::variant;
use crate::client::ClientFile;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path as FilePath;

/// What begins the name of every environment variable that sets one of the client's settings. Two underscores go one
/// level deeper: `INFEROMETER_CLIENT__RETRY__ATTEMPTS` is `client.retry.attempts`.
const PREFIX: &str = "INFEROMETER_CLIENT__";

/// What a variable begins with that was meant to set one of the client's settings and would set nothing.
const NEARLY: &str = "INFEROMETER_CLIENT_";

/// The setting of a scenario that names the file of its client.
const CLIENT_FILE: &str = "client_file";

/// What is laid over a file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// The texts of `--set`, each `path=value`, in order: the last one wins.
    pub set: Vec<String>,
    /// The variant of the scenario that is laid over the rest of it, if any.
    pub variant: Option<String>,
    /// The environment, by name.
    pub environment: BTreeMap<String, String>,
}

/// Reads the file at a path, or says why it cannot be read.
pub type Open<'a> = &'a dyn Fn(&FilePath) -> Result<String, Error>;

impl Overrides {
    /// Reads `text` with everything laid over it; `open` reads the client's file if the scenario names one.
    ///
    /// # Errors
    /// If a file is not plain YAML, or an override cannot be read or laid on it.
    pub fn read(&self, file: &str, text: &str, open: Open<'_>) -> Result<Document, Error> {
        let document = Document::read(file, text, &self.environment)?;
        let (names, others): (Vec<&str>, Vec<&str>) = self
            .set
            .iter()
            .map(String::as_str)
            .partition(|set| set.split('=').next().map(str::trim) == Some(CLIENT_FILE));
        let document = with_sets(document, &names)?;
        let document = self.upon_client_file(document, open)?;
        let document = match &self.variant {
            Some(name) => variant::laid(&document, name)?,
            None => document,
        };
        with_sets(self.with_environment(document)?, &others)
    }

    /// Reads the `text` of a client's file with everything laid over it.
    ///
    /// # Errors
    /// The same.
    pub fn read_client(&self, file: &str, text: &str) -> Result<Document, Error> {
        let document = Document::read_for(Contents::Client, file, text, &self.environment)?;
        let sets: Vec<&str> = self.set.iter().map(String::as_str).collect();
        with_sets(self.with_environment(document)?, &sets)
    }

    /// The scenario upon the file of its client, if it names one.
    fn upon_client_file(&self, document: Document, open: Open<'_>) -> Result<Document, Error> {
        let setting = Path::root().key(CLIENT_FILE);
        // Whatever else stands there is refused when the scenario is read.
        let Some(Value::String(named)) = document.get(&setting) else {
            return Ok(document);
        };
        let path = document.file_named(&setting, named);
        let text = document.opened(&setting, &path, open)?;
        let name = path.display().to_string();
        let client = Document::read_for(Contents::Client, &name, &text, &self.environment)?;
        // What is wrong with the file alone is told in its own words.
        client.read_as::<ClientFile>()?;
        Ok(document.upon(&client))
    }

    fn with_environment(&self, document: Document) -> Result<Document, Error> {
        self.environment
            .iter()
            .try_fold(document, |document, (name, value)| {
                match (name.strip_prefix(PREFIX), name.strip_prefix(NEARLY)) {
                    (Some(setting), _) => from_environment(&document, name, setting, value),
                    (None, Some(setting)) => Err(misspelt(&document, name, setting)),
                    (None, None) => Ok(document),
                }
            })
    }
}

fn with_sets(document: Document, sets: &[&str]) -> Result<Document, Error> {
    sets.iter()
        .try_fold(document, |document, text| from_set(&document, text))
}

/// A variable that sets nothing would leave the reader to believe that it did.
fn misspelt(document: &Document, name: &str, setting: &str) -> Error {
    document
        .error(
            &Path::root(),
            Part::Value,
            format!("expected two underscores behind `INFEROMETER_CLIENT`, found `{name}`"),
        )
        .blamed_on(&Origin::Environment(name.to_owned()))
        .hint(format!("write `{PREFIX}{setting}`, or unset it"))
}

fn from_environment(
    document: &Document,
    name: &str,
    setting: &str,
    value: &str,
) -> Result<Document, Error> {
    let setting = Path::parse(&setting.to_lowercase().replace("__", "."));
    let path = document.contents().client_setting(&setting);
    laid(document, &path, value, Origin::Environment(name.to_owned()))
}

fn from_set(document: &Document, text: &str) -> Result<Document, Error> {
    let origin = Origin::Set(text.to_owned());
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            laid(document, &Path::parse(path.trim()), value, origin)
        }
        Some(_) | None => Err(document
            .error(&Path::root(), Part::Value, "expected `path=value`")
            .blamed_on(&origin)
            .hint(document.contents().example_of_set())),
    }
}

fn laid(document: &Document, path: &Path, value: &str, origin: Origin) -> Result<Document, Error> {
    let value = parse_value(value).map_err(|reason| {
        document
            .error(
                path,
                Part::Value,
                format!("the value cannot be read: {reason}"),
            )
            .blamed_on(&origin)
    })?;
    document.overridden(path, value, origin)
}
