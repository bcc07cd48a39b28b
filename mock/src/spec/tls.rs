//! Whether a mock speaks TLS: `tls: self_signed`, or `tls: { certificate: server.pem, key: server.key, client_ca: ca.pem }`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt::{self, Formatter};
use std::path::PathBuf;

/// The word for a certificate that the mock makes for itself.
const SELF_SIGNED: &str = "self_signed";

/// Where the certificate comes from. TLS is spoken on both ports, 1.2 or 1.3, with HTTP/2 and HTTP/1.1 by ALPN.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// Made when the mock starts, for `localhost`, `127.0.0.1` and `::1`, and signed by nobody else.
    SelfSigned,
    /// Read from files when the mock starts.
    Files(Box<TlsFiles>),
}

/// The files of a certificate, all PEM. Paths are relative to the directory in which the mock runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The certificate of the mock, followed by those that it was signed by.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
    /// Certificates that sign those of clients. When given, a client without such a certificate is refused (mTLS).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_ca: Option<PathBuf>,
}

impl Serialize for Tls {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::SelfSigned => serializer.serialize_str(SELF_SIGNED),
            Self::Files(files) => files.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Tls {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrFiles;
        impl<'de> Visitor<'de> for WordOrFiles {
            type Value = Tls;

            fn expecting(&self, f: &mut Formatter<'_>) -> fmt::Result {
                f.write_str("`self_signed` or `{ certificate: FILE, key: FILE }`")
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Tls, E> {
                if word == SELF_SIGNED {
                    Ok(Tls::SelfSigned)
                } else {
                    Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Tls, A::Error> {
                TlsFiles::deserialize(MapAccessDeserializer::new(map))
                    .map(|files| Tls::Files(Box::new(files)))
                    .map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(WordOrFiles)
    }
}

impl JsonSchema for Tls {
    fn schema_name() -> Cow<'static, str> {
        "Tls".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let files = generator.subschema_for::<TlsFiles>();
        json_schema!({
            "description": "Where the certificate comes from. TLS is spoken on both ports, 1.2 or 1.3, with HTTP/2 and \
                HTTP/1.1 by ALPN.",
            "oneOf": [
                {
                    "const": SELF_SIGNED,
                    "description": "Made when the mock starts, for `localhost`, `127.0.0.1` and `::1`, and signed by \
                        nobody else.",
                },
                files,
            ],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_or_files_survive_their_journey_as_json() {
        for (json, tls) in [
            (r#""self_signed""#, Tls::SelfSigned),
            (
                r#"{"certificate":"a.pem","key":"a.key","client_ca":"ca.pem"}"#,
                Tls::Files(Box::new(TlsFiles {
                    certificate: "a.pem".into(),
                    key: "a.key".into(),
                    client_ca: Some("ca.pem".into()),
                })),
            ),
        ] {
            assert_eq!(serde_json::from_str::<Tls>(json).unwrap(), tls);
            assert_eq!(serde_json::to_string(&tls).unwrap(), json);
        }
    }

    #[test]
    fn anything_else_is_refused_with_what_was_expected() {
        for (json, expected) in [
            (
                r#""yes""#,
                "invalid value: string \"yes\", expected `self_signed` or `{ certificate: FILE, key: FILE }`",
            ),
            (
                "true",
                "invalid type: boolean `true`, expected `self_signed` or `{ certificate: FILE, key: FILE }`",
            ),
            (r#"{"certificate":"a.pem"}"#, "missing field `key`"),
            (
                r#"{"certificate":"a.pem","key":"b","keys":"c"}"#,
                "unknown field `keys`, expected one of `certificate`, `key`, `client_ca`",
            ),
        ] {
            let error = serde_json::from_str::<Tls>(json).unwrap_err().to_string();

            assert!(error.starts_with(expected), "{error}");
        }
    }
}
