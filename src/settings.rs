//! The client's file for a program: read, laid over by the environment and by what the program sets itself, checked once,
//! and explained. The same format and the same rules as in a scenario; `docs/client.md` is its guide.
//!
//! ```no_run
//! use inferometer::client::Client;
//! use inferometer::scenario::Overrides;
//! use inferometer::settings;
//! use std::path::Path;
//!
//! let overrides = Overrides {
//!     set: vec!["deadline=5s".to_owned()],
//!     environment: settings::environment(),
//!     variant: None,
//! };
//! let settings = settings::client_from_file(Path::new("client.yaml"), &overrides)?;
//! let client = Client::new(&settings.config, &settings.endpoints)?;
//! # drop(client);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::client::{ClientConfig, ClientFile, Endpoint};
use crate::plan::{self, Setting};
use crate::scenario::{Error, Overrides};
use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

/// Everything that a client needs, and where it came from. Keys of endpoints are not here: they are read where they stand
/// when a client is made.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientSettings {
    /// The file that was read.
    pub file: String,
    /// The settings.
    pub config: ClientConfig,
    /// Where requests can go, first choice first; empty when nothing says where.
    pub endpoints: Vec<Endpoint>,
    /// Every setting with its value and who set it.
    pub settings: Vec<Setting>,
}

/// Reads a client's file, with `overrides` laid over it.
///
/// # Errors
/// The first thing that is wrong with it: the file, the line and column, the field, what was expected, and what to do.
pub fn client_from_file(path: &Path, overrides: &Overrides) -> Result<ClientSettings, Error> {
    client_from_text(&path.display().to_string(), &text(path)?, overrides)
}

/// Reads the `text` of a client's file, which messages call `file`, with `overrides` laid over it.
///
/// # Errors
/// The same.
pub fn client_from_text(
    file: &str,
    text: &str,
    overrides: &Overrides,
) -> Result<ClientSettings, Error> {
    let document = overrides.read_client(file, text)?;
    let (ClientFile { config, endpoints }, settings) = plan::client(&document)?;
    Ok(ClientSettings {
        file: file.to_owned(),
        config,
        endpoints,
        settings,
    })
}

/// The environment of this process, by name.
pub fn environment() -> BTreeMap<String, String> {
    // A name or value that is not Unicode can be neither a path nor a value of a file.
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Reads a file that must be text.
///
/// # Errors
/// It cannot be read, or is not UTF-8.
pub(crate) fn text(file: &Path) -> Result<String, Error> {
    let told = |message: String| Error::of_file(&file.display().to_string(), message);
    let bytes = fs::read(file).map_err(|error| told(format!("could not be read: {error}")))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error
            .as_bytes()
            .iter()
            .take(error.utf8_error().valid_up_to());
        let line = valid.filter(|byte| **byte == b'\n').count() + 1;
        told(format!(
            "expected UTF-8 text, found other bytes in line {line}"
        ))
        .hint("save the file as UTF-8")
    })
}

impl fmt::Display for ClientSettings {
    /// What `inferometer check --client` prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let endpoints = match self.endpoints.len() {
            0 => "no endpoints: a scenario or a program says whom to ask".to_owned(),
            1 => "1 endpoint".to_owned(),
            many => format!("{many} endpoints"),
        };
        writeln!(f, "{}  ({endpoints})", self.file)?;
        plan::table(f, "", &self.settings)
    }
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
