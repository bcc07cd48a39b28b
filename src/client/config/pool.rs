//! Which connections are kept, and how many: `pool: off` or `pool: { max_connections: 100, idle_for: 5m }`.

use crate::client::Error;
use inferometer_proto::quantity::Period;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Whether a client keeps its connections.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pool {
    /// It keeps none: each request goes over a connection made for it, which is closed after it.
    Off,
    /// It keeps them, as far as these say.
    On(PoolConfig),
}

impl Default for Pool {
    fn default() -> Self {
        Self::On(PoolConfig::default())
    }
}

/// The connections that a client keeps to each endpoint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct PoolConfig {
    /// The most connections over HTTP/1.1, in use and idle, 1 to 100000; a request that finds all in use waits for its
    /// turn. Without limit when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max_connections: Option<u32>,
    /// So many connections are made before the first request, up to 100000; over gRPC no more than `grpc_connections`.
    #[schemars(range(max = 100_000))]
    pub warm_up: u32,
    /// A connection over HTTP/1.1 that was idle for longer is closed at the next use of the pool.
    pub idle_for: Period,
    /// A connection over HTTP/1.1 that is older gets no further request; any age will do when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age: Option<Period>,
    /// A connection over HTTP/1.1 that was idle for longer is asked for a sign of life before it gets a request; one over
    /// gRPC or HTTP/2 is sent a PING each time that it was silent for so long. Never when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<Period>,
    /// So many connections share the calls over gRPC, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub grpc_connections: u32,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            max_connections: None,
            warm_up: 0,
            idle_for: Period::from_secs(90),
            max_age: None,
            health_check: None,
            grpc_connections: 1,
        }
    }
}

/// How many connections may be configured.
const CONNECTIONS: u32 = 100_000;
/// How many connections over gRPC may be configured.
const GRPC_CONNECTIONS: std::ops::RangeInclusive<u32> = 1..=1000;

impl Pool {
    /// Is this what a configuration has that says nothing of it?
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// The most connections there may be; `None` when there is no such limit.
    pub fn max_connections(&self) -> Option<usize> {
        usize::try_from(self.kept()?.max_connections?).ok()
    }

    /// The part of one of several clients that keep to these limits together: `part` says how much of a number is its own.
    /// Each has one connection at least.
    #[must_use]
    pub fn part(&self, part: impl Fn(u32) -> usize) -> Self {
        let part = |total| u32::try_from(part(total)).unwrap_or(u32::MAX);
        match self {
            Self::Off => Self::Off,
            Self::On(config) => Self::On(PoolConfig {
                max_connections: config.max_connections.map(|most| part(most).max(1)),
                warm_up: part(config.warm_up),
                grpc_connections: part(config.grpc_connections).max(1),
                ..config.clone()
            }),
        }
    }

    /// What is kept; `None` when nothing is.
    pub(in crate::client) fn kept(&self) -> Option<&PoolConfig> {
        match self {
            Self::Off => None,
            Self::On(config) => Some(config),
        }
    }

    /// Checks the ranges, and that nothing is asked for that does not exist: over HTTP/2 and through a proxy
    /// (`is_borrowed`) the pool of the library beneath knows no such limits.
    pub(in crate::client) fn check(&self, is_borrowed: bool) -> Result<(), Error> {
        let Self::On(config) = self else {
            return Ok(());
        };
        config.check_ranges()?;
        let limit = |is_set: bool, field| (is_set && is_borrowed).then_some(field);
        let unknown = limit(config.max_connections.is_some(), "pool.max_connections")
            .or(limit(config.max_age.is_some(), "pool.max_age"));
        match unknown {
            None => Ok(()),
            Some(field) => Err(Error::Config {
                field,
                expected: "`http_version: 1` and no `proxy`, or this field left out",
                found: "both".to_owned(),
            }),
        }
    }
}

impl PoolConfig {
    fn check_ranges(&self) -> Result<(), Error> {
        let refused = |field, expected, found: String| {
            Err(Error::Config {
                field,
                expected,
                found,
            })
        };
        if let Some(found) = self
            .max_connections
            .filter(|most| !(1..=CONNECTIONS).contains(most))
        {
            return refused("pool.max_connections", "1 to 100000", found.to_string());
        }
        if self.warm_up > self.max_connections.unwrap_or(CONNECTIONS) {
            let expected = "no more than `pool.max_connections`, and at most 100000";
            return refused("pool.warm_up", expected, self.warm_up.to_string());
        }
        if !GRPC_CONNECTIONS.contains(&self.grpc_connections) {
            let found = self.grpc_connections.to_string();
            return refused("pool.grpc_connections", "1 to 1000", found);
        }
        if let Some(found) = self.health_check.filter(|period| period.is_zero()) {
            return refused("pool.health_check", "more than 0s", found.to_string());
        }
        Ok(())
    }
}

/// What stands in a file for a pool that keeps nothing.
const OFF: &str = "off";

impl Serialize for Pool {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Off => serializer.serialize_str(OFF),
            Self::On(config) => config.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Pool {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OffOrBlock;
        impl<'de> Visitor<'de> for OffOrBlock {
            type Value = Pool;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`off` or a block such as `{ max_connections: 100 }`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Pool, E> {
                if text == OFF {
                    Ok(Pool::Off)
                } else {
                    Err(E::invalid_value(de::Unexpected::Str(text), &self))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Pool, A::Error> {
                PoolConfig::deserialize(MapAccessDeserializer::new(map)).map(Pool::On)
            }
        }
        deserializer.deserialize_any(OffOrBlock)
    }
}

impl JsonSchema for Pool {
    fn schema_name() -> Cow<'static, str> {
        "Pool".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let block = generator.subschema_for::<PoolConfig>();
        json_schema!({
            "description": "Whether a client keeps its connections: `off` for none, so that each request goes over a \
                connection of its own, or what it keeps.",
            "anyOf": [{ "const": OFF }, block],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Result<Pool, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pool_is_off_or_a_block_and_survives_its_journey() {
        let limited = Pool::On(PoolConfig {
            max_connections: Some(100),
            warm_up: 10,
            ..PoolConfig::default()
        });
        for (json, pool) in [
            (r#""off""#, Pool::Off),
            ("{}", Pool::default()),
            (r#"{"max_connections":100,"warm_up":10}"#, limited),
        ] {
            assert_eq!(read(json), Ok(pool.clone()));
            assert_eq!(read(&serde_json::to_string(&pool).unwrap()), Ok(pool));
        }
        let told = read(r#""on""#).unwrap_err();
        assert!(
            told.starts_with(
                "invalid value: string \"on\", expected `off` or a block such as `{ max_connections: 100 }`"
            ),
            "{told}"
        );
    }

    #[test]
    fn limits_that_could_not_be_kept_are_refused() {
        let told = |change: fn(&mut PoolConfig), is_borrowed| {
            let mut config = PoolConfig::default();
            change(&mut config);
            let refused = Pool::On(config).check(is_borrowed);
            refused.map_or_else(|error| error.to_string(), |()| String::new())
        };

        assert_eq!(told(|config| config.max_connections = Some(1), false), "");
        assert_eq!(
            told(|config| config.max_connections = Some(0), false),
            "pool.max_connections: expected 1 to 100000, found `0`"
        );
        assert_eq!(
            told(
                |config| (config.warm_up, config.max_connections) = (3, Some(2)),
                false
            ),
            "pool.warm_up: expected no more than `pool.max_connections`, and at most 100000, found `3`"
        );
        assert_eq!(
            told(|config| config.grpc_connections = 0, false),
            "pool.grpc_connections: expected 1 to 1000, found `0`"
        );
        assert_eq!(
            told(|config| config.max_age = Some(Period::from_secs(1)), true),
            "pool.max_age: expected `http_version: 1` and no `proxy`, or this field left out, found `both`"
        );
    }
}
