//! A client in a file of its own: its configuration and, beside it, the endpoints that it asks.
//!
//! ```yaml
//! mode: rest
//! deadline: 10s
//! endpoints:
//!   - { protocol: openai, url: "https://models.example", api_key: { env: MODELS_KEY } }
//! ```

use super::ClientConfig;
use crate::client::Endpoint;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::StringDeserializer;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, forward_to_deserialize_any};
use std::borrow::Cow;
use std::fmt;

/// The one key that a file has beside those of [`ClientConfig`].
const ENDPOINTS: &str = "endpoints";

/// What a client's file says: every setting of [`ClientConfig`], and `endpoints`. `{}` is a complete file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ClientFile {
    /// The settings.
    pub config: ClientConfig,
    /// Where requests can go, first choice first; empty when the file does not say.
    pub endpoints: Vec<Endpoint>,
}

impl<'de> Deserialize<'de> for ClientFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct File;

        impl<'de> Visitor<'de> for File {
            type Value = ClientFile;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block of settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, block: A) -> Result<ClientFile, A::Error> {
                let mut endpoints = Vec::new();
                let config = ClientConfig::deserialize(Settings {
                    block,
                    known: &[],
                    endpoints: &mut endpoints,
                })?;
                Ok(ClientFile { config, endpoints })
            }
        }

        deserializer.deserialize_map(File)
    }
}

/// The block of a file as [`ClientConfig`] is to see it: without `endpoints`, which are put aside. (`serde(flatten)` would
/// do it too, and lose the place of every error.)
struct Settings<'a, A> {
    block: A,
    /// The settings that there are.
    known: &'static [&'static str],
    endpoints: &'a mut Vec<Endpoint>,
}

impl<'de, A: MapAccess<'de>> Deserializer<'de> for Settings<'_, A> {
    type Error = A::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, A::Error> {
        visitor.visit_map(self)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        known: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, A::Error> {
        visitor.visit_map(Settings { known, ..self })
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for Settings<'_, A> {
    type Error = A::Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, A::Error> {
        while let Some(key) = self.block.next_key::<String>()? {
            if key == ENDPOINTS {
                *self.endpoints = self.block.next_value::<Endpoints>()?.0;
            } else if self.known.contains(&key.as_str()) {
                let key: StringDeserializer<A::Error> = key.into_deserializer();
                return seed.deserialize(key).map(Some);
            } else {
                return Err(self.unknown(&key));
            }
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, A::Error> {
        self.block.next_value_seed(seed)
    }
}

impl<'de, A: MapAccess<'de>> Settings<'_, A> {
    /// As serde says it, who does not know of `endpoints`.
    fn unknown(&self, key: &str) -> A::Error {
        let known: Vec<String> = self
            .known
            .iter()
            .chain(&[ENDPOINTS])
            .map(|known| format!("`{known}`"))
            .collect();
        A::Error::custom(format_args!(
            "unknown field `{key}`, expected one of {}",
            known.join(", ")
        ))
    }
}

/// A list of endpoints that has some.
#[derive(Deserialize)]
#[serde(try_from = "Vec<Endpoint>")]
struct Endpoints(Vec<Endpoint>);

impl TryFrom<Vec<Endpoint>> for Endpoints {
    type Error = &'static str;

    fn try_from(list: Vec<Endpoint>) -> Result<Self, Self::Error> {
        if list.is_empty() {
            return Err("expected at least one endpoint, found an empty list");
        }
        Ok(Self(list))
    }
}

impl JsonSchema for ClientFile {
    fn schema_name() -> Cow<'static, str> {
        "ClientFile".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut endpoints = Vec::<Endpoint>::json_schema(generator);
        endpoints.insert("minItems".to_owned(), 1.into());
        endpoints.insert(
            "description".to_owned(),
            "Where requests can go, first choice first.".into(),
        );
        let mut schema = ClientConfig::json_schema(generator);
        schema.insert(
            "description".to_owned(),
            "A client of Inferometer: its settings, and the endpoints that it asks.".into(),
        );
        if let Some(properties) = schema
            .get_mut("properties")
            .and_then(serde_json::Value::as_object_mut)
        {
            properties.insert(ENDPOINTS.to_owned(), endpoints.to_value());
        }
        schema
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Mode, Protocol};

    #[test]
    fn endpoints_stand_beside_the_settings_and_neither_is_needed() {
        let file: ClientFile = serde_json::from_str(
            r#"{"mode":"grpc","endpoints":[{"protocol":"oip_grpc","url":"http://a"}],"deadline":"3s"}"#,
        )
        .unwrap();

        assert_eq!(file.config.mode, Mode::Grpc);
        assert_eq!(file.config.deadline.to_string(), "3s");
        assert_eq!(
            file.endpoints,
            [Endpoint::new(Protocol::OipGrpc, "http://a")]
        );
        assert_eq!(
            serde_json::from_str::<ClientFile>("{}").unwrap(),
            ClientFile::default()
        );
    }

    #[test]
    fn what_a_file_cannot_say_is_refused_by_name() {
        let told = |json: &str| {
            serde_json::from_str::<ClientFile>(json)
                .unwrap_err()
                .to_string()
        };

        assert!(
            told(r#"{"dedline":"3s"}"#)
                .starts_with("unknown field `dedline`, expected one of `mode`, `deadline`, "),
            "{}",
            told(r#"{"dedline":"3s"}"#)
        );
        assert!(told(r#"{"dedline":"3s"}"#).contains(", `endpoints` at line 1"));
        assert!(
            told(r#"{"endpoints":[]}"#)
                .starts_with("expected at least one endpoint, found an empty list")
        );
        assert!(
            told(r#"{"endpoints":[{"url":"http://a"}]}"#).starts_with("missing field `protocol`")
        );
        assert!(told("[]").starts_with("invalid type: sequence, expected a block of settings"));
    }
}
