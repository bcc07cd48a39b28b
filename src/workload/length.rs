//! How many tokens: a number, a distribution to draw from, or what a trace says, `64`, `{ uniform: { min: 32, max: 96 } }`,
//! `{ normal: { mean: 64, sd: 16 } }` or `from_trace`.

use super::draw::Draw;
use super::traced::Traced;
use crate::units::{count, float};
use rand::distr::Distribution;
use rand_distr::StandardNormal;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error as _, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// The largest number of tokens of one text.
pub(super) const MOST: u32 = 100_000;

/// The word that files have for what the trace says.
const FROM_TRACE: &str = "from_trace";

/// A number of tokens, 1 to 100000.
#[derive(Debug, Clone, PartialEq)]
pub enum Length {
    /// Always this many.
    Fixed(u32),
    /// Every number from `min` to `max` equally often.
    Uniform(Uniform),
    /// Normally distributed, rounded, and kept within 1 to 100000.
    Normal(Normal),
    /// As many as the trace has that the load replays.
    FromTrace(Traced),
}

/// Every number from `min` to `max` equally often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The fewest.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(min = 1, max = 100_000))]
    pub min: u32,
    /// The most.
    #[serde(deserialize_with = "tokens")]
    #[schemars(range(min = 1, max = 100_000))]
    pub max: u32,
}

/// Normally distributed.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// The mean.
    #[serde(deserialize_with = "mean")]
    #[schemars(range(min = 1.0, max = 100_000.0))]
    pub mean: f64,
    /// The standard deviation.
    #[serde(deserialize_with = "deviation")]
    #[schemars(range(min = 0.0, max = 100_000.0))]
    pub sd: f64,
}

impl Length {
    /// The length of a text of request `seq`.
    pub(super) fn draw(&self, draw: &mut Draw, seq: u64) -> u32 {
        match *self {
            Self::Fixed(tokens) => tokens,
            Self::FromTrace(ref traced) => traced.tokens(seq),
            Self::Uniform(Uniform { min, max }) => {
                let above = draw.below(u64::from(max - min) + 1);
                min + u32::try_from(above).unwrap_or(0)
            }
            Self::Normal(Normal { mean, sd }) => {
                let z: f64 = StandardNormal.sample(draw);
                let tokens = (mean + sd * z).clamp(1.0, float(MOST.into()));
                u32::try_from(count(tokens)).unwrap_or(MOST)
            }
        }
    }
}

/// The distributions, as a file names them.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Spread {
    /// Every number from `min` to `max` equally often.
    Uniform(Uniform),
    /// Normally distributed, rounded, and kept within 1 to 100000.
    Normal(Normal),
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NumberOrSpread;
        impl<'de> Visitor<'de> for NumberOrSpread {
            type Value = Length;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "a number of tokens from 1 to {MOST}, `uniform`, `normal` or `{FROM_TRACE}`"
                )
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Length, E> {
                match word {
                    FROM_TRACE => Ok(Length::FromTrace(Traced::default())),
                    _ => Err(E::invalid_value(Unexpected::Str(word), &self)),
                }
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Length, E> {
                in_range(number).map(Length::Fixed)
            }
            fn visit_map<A: MapAccess<'de>>(self, block: A) -> Result<Length, A::Error> {
                match Spread::deserialize(MapAccessDeserializer::new(block))? {
                    Spread::Uniform(Uniform { min, max }) if min > max => Err(A::Error::custom(
                        format_args!("expected `min` not above `max`, found {min} above {max}"),
                    )),
                    Spread::Uniform(uniform) => Ok(Length::Uniform(uniform)),
                    Spread::Normal(normal) => Ok(Length::Normal(normal)),
                }
            }
        }
        deserializer.deserialize_any(NumberOrSpread)
    }
}

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Self::Fixed(tokens) => tokens.serialize(serializer),
            Self::Uniform(uniform) => Spread::Uniform(uniform).serialize(serializer),
            Self::Normal(normal) => Spread::Normal(normal).serialize(serializer),
            Self::FromTrace(_) => FROM_TRACE.serialize(serializer),
        }
    }
}

impl JsonSchema for Length {
    fn schema_name() -> Cow<'static, str> {
        "Length".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let spread = generator.subschema_for::<Spread>();
        json_schema!({
            "description": "A number of tokens, a distribution to draw it from for each request, or what the trace says that the load replays.",
            "anyOf": [{ "type": "integer", "minimum": 1, "maximum": MOST }, { "const": FROM_TRACE }, spread],
        })
    }
}

fn tokens<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    in_range(u64::deserialize(deserializer)?)
}

fn in_range<E: serde::de::Error>(number: u64) -> Result<u32, E> {
    match u32::try_from(number) {
        Ok(tokens @ 1..=MOST) => Ok(tokens),
        Ok(_) | Err(_) => Err(E::custom(format_args!(
            "expected 1 to {MOST} tokens, found `{number}`"
        ))),
    }
}

fn mean<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(f64::deserialize(deserializer)?, 1.0)
}

fn deviation<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    within(f64::deserialize(deserializer)?, 0.0)
}

fn within<E: serde::de::Error>(number: f64, least: f64) -> Result<f64, E> {
    if (least..=float(MOST.into())).contains(&number) {
        Ok(number)
    } else {
        Err(E::custom(format_args!(
            "expected {least} to {MOST} tokens, found `{number}`"
        )))
    }
}
