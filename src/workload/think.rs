//! How long somebody thinks before the next thing is asked: `2s`, or a distribution as latencies have it,
//! `{ lognormal: { median: 2s, sigma: 0.5 } }`.

use super::draw::Draw;
use crate::seed::Seed;
use crate::units::{Period, float};
use inferometer_mock::Latency;
use rand::RngCore;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

/// A pause, or what to draw it from for each request. At most 24 hours.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Think(Latency);

impl Think {
    /// One pause.
    pub(super) fn draw(&self, draw: &mut Draw) -> Duration {
        // The 53 bits of a float, in the middle of their steps: never 0 and never 1.
        let steps = float(1 << 53);
        self.0
            .quantile((float(draw.next_u64() >> 11) + 0.5) / steps)
    }

    /// The pause before a slot, where something pauses between them.
    pub fn before(&self, seed: Seed, slot: u64) -> Duration {
        self.draw(&mut Draw::of("pause", seed, slot))
    }

    /// Is there none?
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl<'de> Deserialize<'de> for Think {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PauseOrSpread;
        impl<'de> Visitor<'de> for PauseOrSpread {
            type Value = Latency;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as `2s`, or a distribution such as `lognormal`")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Latency, E> {
                Period::deserialize(StrDeserializer::new(text)).map(Latency::Fixed)
            }
            fn visit_map<A: MapAccess<'de>>(self, block: A) -> Result<Latency, A::Error> {
                Latency::deserialize(MapAccessDeserializer::new(block))
            }
        }
        let latency = deserializer.deserialize_any(PauseOrSpread)?;
        latency.check().map_err(D::Error::custom)?;
        Ok(Self(latency))
    }
}

impl Serialize for Think {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Latency::Fixed(period) => period.serialize(serializer),
            spread @ (Latency::Uniform(_)
            | Latency::Normal(_)
            | Latency::Lognormal(_)
            | Latency::Gamma(_)
            | Latency::Empirical(_)) => spread.serialize(serializer),
        }
    }
}

impl JsonSchema for Think {
    fn schema_name() -> Cow<'static, str> {
        "Think".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let period = generator.subschema_for::<Period>();
        let spread = generator.subschema_for::<Latency>();
        json_schema!({
            "description": "A pause, or a distribution to draw it from for each request.",
            "anyOf": [period, spread],
        })
    }
}
