//! How long something takes, drawn for one request.

use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A distribution of durations.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// Always the same.
    Fixed(Period),
    /// Evenly spread between two bounds.
    Uniform(Uniform),
    /// Skewed to the right, as real latencies are.
    Lognormal(Lognormal),
}

impl Default for Latency {
    fn default() -> Self {
        Self::Fixed(Period::default())
    }
}

/// Evenly spread between `min` and `max`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The shortest.
    pub min: Period,
    /// The longest.
    pub max: Period,
}

/// A lognormal distribution: `median * exp(sigma * z)` with standard normal `z`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// Half of all draws are below.
    pub median: Period,
    /// Standard deviation of the logarithm, 0 to 5.
    pub sigma: f64,
}
