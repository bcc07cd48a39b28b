//! The closed loop: `{ in_flight: 10, think: 0s }`.

use super::within_a_day;
use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A fixed number of workers, each with one request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Closed {
    /// How many workers, 1 to 100000.
    #[serde(deserialize_with = "in_flight")]
    #[schemars(range(min = 1, max = 100_000))]
    pub in_flight: u32,
    /// How long a worker pauses between an answer and its next request. At most 24h.
    #[serde(default, deserialize_with = "within_a_day")]
    pub think: Period,
}

/// A number of requests in flight.
pub(super) fn in_flight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = u32::deserialize(deserializer)?;
    if (1..=100_000).contains(&number) {
        Ok(number)
    } else {
        Err(D::Error::custom(format_args!(
            "expected 1 to 100000 requests in flight, found `{number}`"
        )))
    }
}
