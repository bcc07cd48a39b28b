//! How long a stage takes: `{ warmup: 1s, measure: 10s, drain: 5s }`.

use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::time::Duration;

/// The longest that one phase may take.
const LONGEST: Duration = Duration::from_hours(24);

/// The three phases of every stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Phases {
    /// Load that is sent and not counted, so that connections are open and caches are warm. At most 24h.
    #[serde(default = "one_second", deserialize_with = "within_a_day")]
    pub warmup: Period,
    /// Load that is counted. Above 0s, at most 24h.
    #[serde(deserialize_with = "some_time")]
    pub measure: Period,
    /// How long to wait for answers after the last request was sent. At most 24h.
    #[serde(default = "five_seconds", deserialize_with = "within_a_day")]
    pub drain: Period,
}

fn one_second() -> Period {
    Period::from_secs(1)
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

fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = within_a_day(deserializer)?;
    if period.is_zero() {
        return Err(D::Error::custom("expected a duration above 0s, found `0s`"));
    }
    Ok(period)
}
