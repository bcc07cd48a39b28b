//! What ends a sweep or a search before its end: `{ error_share: 20%, after: 10m }`.

use super::phases::some_time;
use crate::units::{Period, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};

/// When no further stage begins.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Stop {
    /// After a stage of whose requests a larger share was not answered right.
    #[serde(deserialize_with = "some")]
    pub error_share: Option<Share>,
    /// When the next stage would not have ended so long after the start of the run. Above 0s, at most 24h.
    #[serde(deserialize_with = "time")]
    pub after: Option<Period>,
}

fn some<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Share>, D::Error> {
    Share::deserialize(deserializer).map(Some)
}

fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    some_time(deserializer).map(Some)
}
