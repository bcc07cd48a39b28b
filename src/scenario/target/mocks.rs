//! Several mocks by name: `{ primary: { protocol: oip_grpc, latency: { fixed: 20ms } }, secondary: { protocol: openai } }`.
//! What stands beside `protocol` and `dies_after` is the mock's own specification, read as it is read under `mock`.

use super::super::named::named;
use super::super::phases::within_a_day;
use crate::client::Protocol;
use crate::scenario::Name;
use crate::units::Period;
use inferometer_mock::MockSpec;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::{Error as Plain, MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, IntoDeserializer, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// Each is a process of its own: enough for every order of failover, too few to hurt a machine by a slip of the finger.
const MOST: usize = 16;

/// What a mock is asked by unless it says otherwise: of REST, one protocol is enough to fail over to.
pub const ASKED_BY: [Protocol; 2] = [Protocol::Openai, Protocol::OipGrpc];

/// Mocks in the order of the file, which is the order in which the client prefers them.
#[derive(Debug, Clone, PartialEq)]
pub struct Mocks(Vec<NamedMock>);

/// One of several mocks.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedMock {
    /// What reports and errors call it.
    pub name: Name,
    /// The one protocol that the client may ask it by; [`ASKED_BY`] when left out.
    pub protocol: Option<Protocol>,
    /// How long after its start its process is killed, if it is: connections break and further ones are refused.
    pub dies_after: Option<Period>,
    /// What it should be.
    pub spec: MockSpec,
}

impl Mocks {
    /// The mocks, the client's first choice first; at least one, at most 16, each name once.
    pub fn list(&self) -> &[NamedMock] {
        &self.0
    }

    /// The same mocks, each with the specification that `complete` makes of it.
    #[must_use]
    pub fn completed(&self, complete: impl Fn(&NamedMock) -> MockSpec) -> Self {
        let completed = self.0.iter().map(|mock| NamedMock {
            spec: complete(mock),
            ..mock.clone()
        });
        Self(completed.collect())
    }
}

impl NamedMock {
    /// The protocols that the client may ask it by, in the order of its endpoints.
    pub fn protocols(&self) -> &[Protocol] {
        self.protocol
            .as_ref()
            .map_or(&ASKED_BY, std::slice::from_ref)
    }
}

impl<'de> Deserialize<'de> for Mocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mocks = named(deserializer, "mocks", MOST)?.into_iter();
        let mocks = mocks.map(|(name, Entry { own, spec })| NamedMock {
            name,
            protocol: own.protocol,
            dies_after: own.dies_after,
            spec,
        });
        Ok(Self(mocks.collect()))
    }
}

/// What stands behind a name.
struct Entry {
    own: Own,
    spec: MockSpec,
}

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Block;
        impl<'de> Visitor<'de> for Block {
            type Value = Entry;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block of settings")
            }
            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Entry, A::Error> {
                let mut own = Own::default();
                let rest = WithoutOwn {
                    entries,
                    own: &mut own,
                };
                let spec = MockSpec::deserialize(MapAccessDeserializer::new(rest))?;
                Ok(Entry { own, spec })
            }
        }
        deserializer.deserialize_map(Block)
    }
}

/// What an entry says that is no part of the mock's own specification.
#[derive(Default)]
struct Own {
    protocol: Option<Protocol>,
    dies_after: Option<Period>,
}

/// A block as the mock's own specification should see it: what is [`Own`] is taken out on the way. serde's `flatten` would
/// do the same and lose the place of every error.
struct WithoutOwn<'a, A> {
    entries: A,
    own: &'a mut Own,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutOwn<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        while let Some(key) = self.entries.next_key::<String>()? {
            match key.as_str() {
                PROTOCOL => self.own.protocol = Some(self.entries.next_value()?),
                DIES_AFTER => {
                    self.own.dies_after = Some(self.entries.next_value_seed(WithinADay)?);
                }
                _ => return offered(key, seed).map(Some),
            }
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}

const PROTOCOL: &str = "protocol";
const DIES_AFTER: &str = "dies_after";

/// Offers a key to the mock's own specification, which knows only its own when it lists those that there are.
fn offered<'de, K: DeserializeSeed<'de>, E: serde::de::Error>(
    key: String,
    seed: K,
) -> Result<K::Value, E> {
    let key: StringDeserializer<Plain> = key.into_deserializer();
    seed.deserialize(key).map_err(|error| {
        let first = "expected one of `";
        let all = format!("{first}{PROTOCOL}`, `{DIES_AFTER}`, `");
        E::custom(error.to_string().replacen(first, &all, 1))
    })
}

struct WithinADay;

impl<'de> DeserializeSeed<'de> for WithinADay {
    type Value = Period;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Period, D::Error> {
        within_a_day(deserializer)
    }
}

impl Serialize for Mocks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut block = serializer.serialize_map(Some(self.0.len()))?;
        for mock in &self.0 {
            let written = entry(mock).map_err(S::Error::custom)?;
            block.serialize_entry(mock.name.as_str(), &written)?;
        }
        block.end()
    }
}

/// One mock as a file has it, its `protocol` first, without its secrets.
fn entry(mock: &NamedMock) -> serde_json::Result<Map<String, Value>> {
    let mut written = Map::new();
    if let Some(protocol) = mock.protocol {
        written.insert(PROTOCOL.to_owned(), serde_json::to_value(protocol)?);
    }
    if let Some(dies_after) = mock.dies_after {
        written.insert(DIES_AFTER.to_owned(), serde_json::to_value(dies_after)?);
    }
    if let Value::Object(spec) = mock.spec.shown() {
        written.extend(spec);
    }
    Ok(written)
}

impl JsonSchema for Mocks {
    fn schema_name() -> Cow<'static, str> {
        "Mocks".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut mock = MockSpec::json_schema(generator);
        let mut protocol = generator.subschema_for::<Protocol>();
        protocol.insert(
            "description".to_owned(),
            "The one protocol that the client may ask it by; all that it speaks when left out."
                .into(),
        );
        let mut dies_after = generator.subschema_for::<Period>();
        dies_after.insert(
            "description".to_owned(),
            "How long after its start its process is killed: connections break and further ones are refused. At most 24h; never when left out."
                .into(),
        );
        if let Some(Value::Object(settings)) = mock.get_mut("properties") {
            settings.insert(PROTOCOL.to_owned(), protocol.to_value());
            settings.insert(DIES_AFTER.to_owned(), dies_after.to_value());
        }
        schemars::json_schema!({
            "type": "object",
            "minProperties": 1,
            "maxProperties": MOST,
            "propertyNames": Name::json_schema(generator),
            "additionalProperties": mock
        })
    }
}
