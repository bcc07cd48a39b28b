//! Several load streams side by side, each with requests of its own that start in their own way:
//! `{ chat: { workload: { chat: .. }, load: { open: .. } }, batch: { workload: { completion: .. }, load: { closed: .. } } }`.

use super::Name;
use crate::schedule::Load;
use crate::workload::Workload;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

/// Each takes its own memory for what is recorded of it: enough for every kind of traffic, too few to hurt a machine by a slip
/// of the finger.
const MOST: usize = 16;

/// Load streams by their names, at least one, at most 16. Their order in the file means nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Streams(BTreeMap<Name, StreamSpec>);

/// One of several load streams.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamSpec {
    /// What each of its requests asks for.
    pub workload: Workload,
    /// When they start.
    pub load: Load,
}

impl Streams {
    /// The streams in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&Name, &StreamSpec)> {
        self.0.iter()
    }
}

impl<'de> Deserialize<'de> for Streams {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Block;
        impl<'de> Visitor<'de> for Block {
            type Value = Streams;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block of load streams, each behind its name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut block: A) -> Result<Streams, A::Error> {
                let mut streams = BTreeMap::new();
                while let Some(name) = block.next_key()? {
                    let (name, stream) = block.next_value_seed(Entry(name))?;
                    streams.insert(name, stream);
                }
                if (1..=MOST).contains(&streams.len()) {
                    return Ok(Streams(streams));
                }
                let found = streams.len();
                Err(A::Error::custom(format_args!(
                    "expected 1 to {MOST} load streams, found {found}"
                )))
            }
        }
        deserializer.deserialize_map(Block)
    }
}

/// Reads one stream whose name is known. The name is judged here and not with its key, so that an error stands at it.
struct Entry(String);

impl<'de> DeserializeSeed<'de> for Entry {
    type Value = (Name, StreamSpec);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let name = Name::try_from(self.0).map_err(D::Error::custom)?;
        Ok((name, StreamSpec::deserialize(deserializer)?))
    }
}

impl JsonSchema for Streams {
    fn schema_name() -> Cow<'static, str> {
        "Streams".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        schemars::json_schema!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": MOST,
            "propertyNames": Name::json_schema(generator),
            "additionalProperties": generator.subschema_for::<StreamSpec>()
        })
    }
}
