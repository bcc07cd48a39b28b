//! Several load streams side by side, each with requests of its own that start in their own way:
//! `{ chat: { workload: { chat: .. }, load: { open: .. } }, batch: { workload: { completion: .. }, load: { closed: .. } } }`.

use super::Name;
use super::named::named;
use crate::schedule::Load;
use crate::workload::Workload;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::collections::BTreeMap;

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
        let streams = named(deserializer, "load streams", MOST)?;
        Ok(Self(streams.into_iter().collect()))
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
