//! What a mock should be: its models, how long answers take, what goes wrong. Pure data; what happened stands in the
//! counters and in the answers.

use crate::fault::Fault;
use crate::latency::Latency;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The whole behaviour of one mock. Every field has a default, so `{}` is a working backend.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MockSpec {
    /// Decides latencies and faults, together with each request's id. A scenario's own seed stands in when left out.
    pub seed: Option<u64>,
    /// The models in the repository. When empty, one model `tiny`, loaded.
    pub models: Vec<ModelSpec>,
    /// Time from the arrival of a request to its answer; for a stream, to its first token.
    pub latency: Latency,
    /// Time added for each output token after the first.
    pub per_output_token: Latency,
    /// What goes wrong, first match first.
    pub faults: Vec<Fault>,
}

/// One model in the mock's repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// The name that requests use.
    pub name: String,
    /// Is it loaded from the start?
    #[serde(default = "yes")]
    pub loaded: bool,
    /// How long loading it takes.
    #[serde(default)]
    pub load_time: Period,
}

fn yes() -> bool {
    true
}
