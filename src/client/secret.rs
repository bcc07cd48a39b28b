//! Keys that open endpoints: `api_key: { env: OPENAI_API_KEY }` or `api_key: { file: /run/secrets/key }`. A file of
//! configuration names the place alone; the key itself is read when a client is made, and shown nowhere.

use super::Error;
use http::header::HeaderValue;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// What stands in the place of a secret wherever it would be shown.
const HIDDEN: &str = "***";

/// The most bytes that a key may have.
const KEY_LIMIT: usize = 8 * 1024;

/// A text that is sent and never shown: printed, logged or written it is `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// What is hidden, for a program that is told it in its environment.
    pub(crate) fn revealed(&self) -> &str {
        &self.0
    }

    /// The text without the secret, should it stand there.
    pub(crate) fn hidden_in(&self, text: &str) -> String {
        if self.0.is_empty() {
            return text.to_owned();
        }
        text.replace(&self.0, HIDDEN)
    }

    /// The value of the header `authorization` that shows this key to a server, marked so that no library prints it.
    /// `field` is where the key was named.
    ///
    /// # Errors
    /// [`Error::Unusable`] for a key that no header can hold.
    pub(super) fn bearer(&self, field: &str, named: &str) -> Result<HeaderValue, Error> {
        let refused = |reason: &str| Error::Unusable {
            field: field.to_owned(),
            named: named.to_owned(),
            reason: reason.to_owned(),
            remedy: "give a key of 1 to 8192 visible ASCII characters",
        };
        if self.0.is_empty() {
            return Err(refused("there is nothing in it"));
        }
        if self.0.len() > KEY_LIMIT {
            return Err(refused("it is too long for a key"));
        }
        if !self.0.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(refused("no header can hold what is in it"));
        }
        let mut value = HeaderValue::from_str(&format!("Bearer {}", self.0))
            .map_err(|_| refused("no header can hold what is in it"))?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HIDDEN)
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(HIDDEN)
    }
}

/// Where the key of an endpoint stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApiKey {
    /// In the environment variable of this name.
    Env(#[schemars(description = "The name of an environment variable.")] String),
    /// In this file, alone; white space around it is left out. Relative to the working directory.
    File(
        #[schemars(description = "The path of a file that holds the key and nothing else.")]
        PathBuf,
    ),
}

impl ApiKey {
    /// What messages call the place.
    pub(crate) fn named(&self) -> String {
        match self {
            Self::Env(name) => name.clone(),
            Self::File(path) => path.display().to_string(),
        }
    }

    /// Reads the key.
    ///
    /// # Errors
    /// [`Error::Unusable`], naming `field` and the place but never what stands there.
    pub(super) fn read(&self, field: &str) -> Result<Secret, Error> {
        let unusable = |reason: String, remedy| Error::Unusable {
            field: field.to_owned(),
            named: self.named(),
            reason,
            remedy,
        };
        self.looked_up().map_err(|reason| {
            let remedy = match self {
                Self::Env(_) => "set this environment variable to the key",
                Self::File(_) => "name a file that holds the key and nothing else",
            };
            unusable(reason, remedy)
        })
    }

    /// What stands there, without the white space around it.
    ///
    /// # Errors
    /// Why nothing can be read there.
    pub(crate) fn looked_up(&self) -> Result<Secret, String> {
        let text = match self {
            Self::Env(name) => variable(name)?,
            Self::File(path) => content(path).map_err(|error| error.to_string())?,
        };
        Ok(Secret::new(text.trim()))
    }
}

/// The name comes from a file: one that the system would not even look up is no reason to panic.
fn variable(name: &str) -> Result<String, String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Err("no variable can have this name".to_owned());
    }
    let value = std::env::var_os(name).ok_or("it is not set")?;
    value
        .into_string()
        .map_err(|_| "it is not UTF-8".to_owned())
}

/// What stands in a file, up to a little more than a key may have.
fn content(path: &Path) -> io::Result<String> {
    let most = u64::try_from(KEY_LIMIT)
        .unwrap_or(u64::MAX)
        .saturating_add(2);
    let mut text = String::new();
    File::open(path)?.take(most).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    /// What is said of a key file with this content.
    fn told(content: &[u8]) -> String {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(content).unwrap();
        let key = ApiKey::File(file.path().to_owned());
        let read = key.read("endpoint 0: api_key");

        let bearer = read.and_then(|secret| secret.bearer("endpoint 0: api_key", "FILE"));

        match bearer {
            Ok(value) => format!("{value:?} {}", value.to_str().unwrap()),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn a_key_in_a_file_is_read_without_the_space_around_it() {
        assert_eq!(told(b"  sk-planted\n"), "Sensitive Bearer sk-planted");
    }

    #[test]
    fn what_no_header_could_hold_is_refused_without_showing_it() {
        let remedy = "give a key of 1 to 8192 visible ASCII characters";

        assert_eq!(
            told(b"\n"),
            format!("endpoint 0: api_key: could not use `FILE`: there is nothing in it; {remedy}")
        );
        assert_eq!(
            told(&[b'a'; 9000]),
            format!(
                "endpoint 0: api_key: could not use `FILE`: it is too long for a key; {remedy}"
            )
        );
        assert_eq!(
            told(b"sk\nplanted"),
            format!(
                "endpoint 0: api_key: could not use `FILE`: no header can hold what is in it; {remedy}"
            )
        );
    }

    #[test]
    fn a_place_without_a_key_is_named_with_what_to_do() {
        let missing = |key: ApiKey| key.read("endpoint 2: api_key").unwrap_err().to_string();

        assert_eq!(
            missing(ApiKey::Env("INFEROMETER_NO_SUCH_KEY".to_owned())),
            "endpoint 2: api_key: could not use `INFEROMETER_NO_SUCH_KEY`: it is not set; \
             set this environment variable to the key"
        );
        assert_eq!(
            missing(ApiKey::Env("a=b".to_owned())),
            "endpoint 2: api_key: could not use `a=b`: no variable can have this name; \
             set this environment variable to the key"
        );
        let file = missing(ApiKey::File("/nowhere/key".into()));
        assert!(
            file.starts_with("endpoint 2: api_key: could not use `/nowhere/key`: "),
            "{file}"
        );
        assert!(
            file.ends_with("; name a file that holds the key and nothing else"),
            "{file}"
        );
    }

    #[test]
    fn a_secret_is_shown_as_stars_alone() {
        let secret = Secret::new("planted");

        let shown = format!(
            "{secret:?} {secret} {}",
            serde_json::to_string(&secret).unwrap()
        );

        assert_eq!(shown, r#"*** *** "***""#);
    }
}
