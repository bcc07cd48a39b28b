//! What a comparison and the process of an arm say to each other: a line of JSON each.
//!
//! ```text
//! arm:        {"ready":{"wire":1,"tool_version":"0.1.0","metrics_version":1,"fingerprint":"..","stages":["all"]}}
//! comparison: {"stage":0,"quad":3,"block_ns":300000000}
//! arm:        {"block":{ .. a run of one stage .. }}
//! ```
//!
//! The arm ends when its standard input does.

use crate::summary::RunSummary;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::time::Duration;

/// The version of these lines.
pub const WIRE: u32 = 1;

/// What an arm says first: what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ready {
    /// The version of the lines that it speaks.
    pub wire: u32,
    /// The version of the tool.
    pub tool_version: String,
    /// The version of its metrics' formulas.
    pub metrics_version: u32,
    /// The digest of its plan.
    pub fingerprint: String,
    /// The names of its stages.
    pub stages: Vec<String>,
    /// How much longer than usual it may take to bring its target up, or to take it down.
    #[serde(
        rename = "patience_ns",
        default,
        serialize_with = "nanos",
        deserialize_with = "duration"
    )]
    pub patience: Duration,
}

/// One block, as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Which stage of the plan.
    pub stage: usize,
    /// Which quad: blocks of one quad send the same requests.
    pub quad: usize,
    /// How long to send.
    #[serde(
        rename = "block_ns",
        serialize_with = "nanos",
        deserialize_with = "duration"
    )]
    pub block: Duration,
}

/// What an arm says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// That it is there.
    Ready(Ready),
    /// What a block measured.
    Block(Box<RunSummary>),
    /// Why it cannot go on.
    Failed(String),
}

fn nanos<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(crate::units::nanos(*duration))
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    u64::deserialize(deserializer).map(Duration::from_nanos)
}
