//! One variable of a server's environment: `4`, or the place of a secret, `{ env: HF_TOKEN }` or `{ file: /run/secrets/token }`.

use crate::client::ApiKey;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;
use std::borrow::Cow;

/// What a variable of an environment is set to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variable {
    /// This text, which is a setting like any other: plans show it and fingerprints count it.
    Text(String),
    /// What stands at this place, which alone is shown and counted.
    Secret(ApiKey),
}

impl Variable {
    /// Its text, unless it is a secret.
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Secret(_) => None,
        }
    }
}

impl Serialize for Variable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Secret(place) => place.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Variable {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Number(number) => Ok(Self::Text(number.to_string())),
            Value::Bool(switch) => Ok(Self::Text(switch.to_string())),
            place @ Value::Object(_) => ApiKey::deserialize(place)
                .map(Self::Secret)
                .map_err(D::Error::custom),
            Value::Null | Value::Array(_) => Err(D::Error::custom(
                "expected a value, or the place of a secret: `{ env: NAME }` or `{ file: PATH }`",
            )),
        }
    }
}

impl JsonSchema for Variable {
    fn schema_name() -> Cow<'static, str> {
        "Variable".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let place = generator.subschema_for::<ApiKey>().to_value();
        schemars::json_schema!({
            "anyOf": [{ "type": ["string", "number", "boolean"] }, place]
        })
    }
}
