//! Several mocks by name: `{ primary: { protocol: oip_grpc, latency: { fixed: 20ms } }, secondary: { protocol: openai } }`.
//! What stands beside `protocol` is the mock's own specification, read as it is read under `mock`.

use crate::client::Protocol;
use crate::scenario::Name;
use inferometer_mock::MockSpec;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::value::{Error as Plain, MapAccessDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Error as _, IntoDeserializer, MapAccess, Visitor};
use serde::ser::{Error as _, SerializeMap};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::fmt;

/// Each is a process of its own: enough for every order of failover, too few to hurt a machine by a slip of the finger.
const MOST: usize = 16;

/// What every mock speaks, of what the client speaks.
const SPOKEN: [Protocol; 2] = [Protocol::Openai, Protocol::OipGrpc];

/// Mocks in the order of the file, which is the order in which the client prefers them.
#[derive(Debug, Clone, PartialEq)]
pub struct Mocks(Vec<NamedMock>);

/// One of several mocks.
#[derive(Debug, Clone, PartialEq)]
pub struct NamedMock {
    /// What reports and errors call it.
    pub name: Name,
    /// The one protocol that the client may ask it by; all that it speaks when left out.
    pub protocol: Option<Protocol>,
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
        self.protocol.as_ref().map_or(&SPOKEN, std::slice::from_ref)
    }
}

impl<'de> Deserialize<'de> for Mocks {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Block;
        impl<'de> Visitor<'de> for Block {
            type Value = Mocks;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a block of mocks, each behind its name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut block: A) -> Result<Mocks, A::Error> {
                let mut mocks = Vec::new();
                while let Some(name) = block.next_key()? {
                    mocks.push(block.next_value_seed(Entry(name))?);
                }
                if (1..=MOST).contains(&mocks.len()) {
                    return Ok(Mocks(mocks));
                }
                let found = mocks.len();
                Err(A::Error::custom(format_args!(
                    "expected 1 to {MOST} mocks, found {found}"
                )))
            }
        }
        deserializer.deserialize_map(Block)
    }
}

/// Reads one mock whose name is known. The name is judged here and not with its key, so that an error stands at it.
struct Entry(String);

impl<'de> DeserializeSeed<'de> for Entry {
    type Value = NamedMock;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<NamedMock, D::Error> {
        let name = Name::try_from(self.0).map_err(D::Error::custom)?;
        deserializer.deserialize_map(EntryOf(name))
    }
}

struct EntryOf(Name);

impl<'de> Visitor<'de> for EntryOf {
    type Value = NamedMock;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a block of settings")
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<NamedMock, A::Error> {
        let mut protocol = None;
        let rest = WithoutProtocol {
            entries,
            protocol: &mut protocol,
        };
        let spec = MockSpec::deserialize(MapAccessDeserializer::new(rest))?;
        Ok(NamedMock {
            name: self.0,
            protocol,
            spec,
        })
    }
}

/// A block as the mock's own specification should see it: its `protocol` is taken out on the way. serde's `flatten` would
/// do the same and lose the place of every error.
struct WithoutProtocol<'a, A> {
    entries: A,
    protocol: &'a mut Option<Protocol>,
}

impl<'de, A: MapAccess<'de>> MapAccess<'de> for WithoutProtocol<'_, A> {
    type Error = A::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, A::Error> {
        let mut key: Option<String> = self.entries.next_key()?;
        if key.as_deref() == Some(PROTOCOL) {
            *self.protocol = Some(self.entries.next_value()?);
            key = self.entries.next_key()?;
        }
        let Some(key) = key else { return Ok(None) };
        let key: StringDeserializer<Plain> = key.into_deserializer();
        seed.deserialize(key).map(Some).map_err(|error| {
            // The specification knows only its own fields.
            let first = "expected one of `";
            let told = error
                .to_string()
                .replacen(first, &format!("{first}{PROTOCOL}`, `"), 1);
            A::Error::custom(told)
        })
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, A::Error> {
        self.entries.next_value_seed(seed)
    }
}

const PROTOCOL: &str = "protocol";

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

/// One mock as a file has it, its `protocol` first.
fn entry(mock: &NamedMock) -> serde_json::Result<Map<String, Value>> {
    let mut written = Map::new();
    if let Some(protocol) = mock.protocol {
        written.insert(PROTOCOL.to_owned(), serde_json::to_value(protocol)?);
    }
    if let Value::Object(spec) = serde_json::to_value(&mock.spec)? {
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
        if let Some(Value::Object(settings)) = mock.get_mut("properties") {
            settings.insert(PROTOCOL.to_owned(), protocol.to_value());
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
