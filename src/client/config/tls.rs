//! Whom `https` endpoints are believed, and as whom the client presents itself to them:
//! `tls: { roots: ca.pem, identity: { certificate: client.pem, key: client.key } }`. Only names of files stand here; they
//! are read when a client is made.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// TLS to `https` endpoints: 1.2 or 1.3.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Whose certificates are trusted: `system` for those that the operating system trusts, or a PEM file of certificates
    /// that alone are. Relative to the working directory.
    pub roots: Roots,
    /// What the client shows to servers that ask for a certificate (mTLS); nothing when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
}

impl Tls {
    /// Is this what a configuration has that says nothing of TLS?
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// Whose certificates are trusted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "String", into = "String")]
#[schemars(with = "String")]
pub enum Roots {
    /// Those that the operating system trusts.
    #[default]
    System,
    /// Those in this PEM file, and no others. A file that is called `system` is `./system`.
    File(PathBuf),
}

const SYSTEM: &str = "system";

impl From<String> for Roots {
    fn from(text: String) -> Self {
        if text == SYSTEM {
            Self::System
        } else {
            Self::File(text.into())
        }
    }
}

impl From<Roots> for String {
    fn from(roots: Roots) -> Self {
        match roots {
            Roots::System => SYSTEM.to_owned(),
            Roots::File(path) => path.display().to_string(),
        }
    }
}

/// The files of a client's certificate, both PEM. Paths are relative to the working directory.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The certificate of the client, followed by those that it was signed by.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roots_are_the_systems_or_a_file_and_survive_their_journey() {
        for (json, roots) in [
            (r#""system""#, Roots::System),
            (r#""ca.pem""#, Roots::File("ca.pem".into())),
        ] {
            assert_eq!(serde_json::from_str::<Roots>(json).unwrap(), roots);
            assert_eq!(serde_json::to_string(&roots).unwrap(), json);
        }
    }

    #[test]
    fn what_is_left_out_is_the_default() {
        let tls: Tls = serde_json::from_str("{}").unwrap();

        assert!(tls.is_default());
        assert_eq!(
            serde_json::to_string(&tls).unwrap(),
            r#"{"roots":"system"}"#
        );
    }
}
