//! When the target serves as it should, for the time that it takes to recover from a fault:
//! `{ latency: 100ms, success_rate: 99.9%, held_for: 2s }`.

use crate::units::{Period, Share};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

/// What must be met again after a fault whose time is limited, before the target counts as recovered.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Objective {
    /// The longest latency of a right answer that is good enough.
    #[serde(deserialize_with = "some_time")]
    pub latency: Period,
    /// The share of requests that must have such an answer.
    pub success_rate: Share,
    /// For how long that must be so.
    #[serde(deserialize_with = "some_time")]
    pub held_for: Period,
}

impl Default for Objective {
    fn default() -> Self {
        Self {
            latency: Period::from_secs(1),
            success_rate: "99%"
                .parse()
                .unwrap_or_else(|_| unreachable!("a share as files have it")),
            held_for: Period::from_secs(1),
        }
    }
}

fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    super::phases::some_time(deserializer).map_err(D::Error::custom)
}
