//! Values from outside of the file: environment variables for the client's settings, `--set` for any setting. The later
//! wins: default, file, environment, `--set`, sweep.

use super::document::{Document, Origin, Part, Path, parse_value};
use super::error::Error;
use std::collections::BTreeMap;

/// What begins the name of every environment variable that sets one of the client's settings. Two underscores go one
/// level deeper: `INFEROMETER_CLIENT__RETRY__ATTEMPTS` is `client.retry.attempts`.
const PREFIX: &str = "INFEROMETER_CLIENT__";

/// What a variable begins with that was meant to set one of the client's settings and would set nothing.
const NEARLY: &str = "INFEROMETER_CLIENT_";

/// What is laid over a scenario file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overrides {
    /// The texts of `--set`, each `path=value`, in order: the last one wins.
    pub set: Vec<String>,
    /// The environment, by name.
    pub environment: BTreeMap<String, String>,
}

impl Overrides {
    /// Reads `text` with everything laid over it.
    ///
    /// # Errors
    /// If the file is not plain YAML, or an override cannot be read or laid on it.
    pub fn read(&self, file: &str, text: &str) -> Result<Document, Error> {
        let document = Document::read(file, text, &self.environment)?;
        let document =
            self.environment
                .iter()
                .try_fold(document, |document, (name, value)| {
                    match (name.strip_prefix(PREFIX), name.strip_prefix(NEARLY)) {
                        (Some(setting), _) => from_environment(&document, name, setting, value),
                        (None, Some(setting)) => Err(misspelt(&document, name, setting)),
                        (None, None) => Ok(document),
                    }
                })?;
        self.set
            .iter()
            .try_fold(document, |document, text| from_set(&document, text))
    }
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
    let path = Path::parse(&format!(
        "client.{}",
        setting.to_lowercase().replace("__", ".")
    ));
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
            .hint("for example `--set load.closed.in_flight=10`")),
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
