//! How long a stage takes: `{ warmup: 1s, measure: 10s, drain: 5s }`, or how many requests: `{ requests: 3, measure: 10s }`.

use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::num::NonZero;
use std::time::Duration;

/// The longest that one phase may take.
const LONGEST: Duration = Duration::from_hours(24);

/// The three phases of every stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File")]
pub struct Phases {
    /// Load that is sent and not counted, so that connections are open and caches are warm. At most 24h.
    pub warmup: Period,
    /// Load that is counted. Above 0s, at most 24h.
    pub measure: Period,
    /// How long to wait for answers after the last request was sent. At most 24h.
    pub drain: Period,
    /// How many requests a stage sends at most; it is over when they have ended. There is no warmup then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests: Option<NonZero<u64>>,
}

/// The three phases of every stage.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// Load that is sent and not counted, so that connections are open and caches are warm. At most 24h; 1s when left out,
    /// and none beside `requests`.
    #[serde(default, deserialize_with = "warmup")]
    warmup: Option<Period>,
    /// Load that is counted. Above 0s, at most 24h.
    #[serde(deserialize_with = "some_time")]
    measure: Period,
    /// How long to wait for answers after the last request was sent. At most 24h.
    #[serde(default = "five_seconds", deserialize_with = "within_a_day")]
    drain: Period,
    /// How many requests a stage sends at most; it is over when they have ended, before `measure` is.
    #[serde(default, deserialize_with = "requests")]
    #[schemars(range(min = 1))]
    requests: Option<NonZero<u64>>,
}

impl TryFrom<File> for Phases {
    type Error = &'static str;

    fn try_from(file: File) -> Result<Self, Self::Error> {
        let left_out = match file.requests {
            Some(_) => Period::default(),
            None => Period::from_secs(1),
        };
        let warmup = file.warmup.unwrap_or(left_out);
        if file.requests.is_some() && !warmup.is_zero() {
            return Err("expected no `warmup` beside `requests`, which are counted from the first");
        }
        Ok(Self {
            warmup,
            measure: file.measure,
            drain: file.drain,
            requests: file.requests,
        })
    }
}

fn warmup<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    within_a_day(deserializer).map(Some)
}

fn requests<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<NonZero<u64>>, D::Error> {
    let number = u64::deserialize(deserializer)?;
    NonZero::new(number)
        .map(Some)
        .ok_or_else(|| D::Error::custom("expected at least 1 request, found `0`"))
}

fn five_seconds() -> Period {
    Period::from_secs(5)
}

pub(super) fn within_a_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = Period::deserialize(deserializer)?;
    if period.duration() > LONGEST {
        return Err(D::Error::custom(format_args!(
            "expected at most 24h, found `{period}`"
        )));
    }
    Ok(period)
}

pub(super) fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = within_a_day(deserializer)?;
    if period.is_zero() {
        return Err(D::Error::custom("expected a duration above 0s, found `0s`"));
    }
    Ok(period)
}
