//! What a scenario file says, before anything is decided about it: `name`, `target`, `client`, `workload`, `load`,
//! `phases`, `sweep`, `expect`. Each element's type lives with its owner; this module reads the file, lays overrides over
//! it and tells what is wrong with it. It plans nothing and sends nothing.
//!
//! ```yaml
//! name: my-first
//! workload: { chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true } }
//! load: { closed: { in_flight: 10 } }
//! phases: { measure: 10s }
//! ```

mod adapter;
mod document;
mod error;
mod message;
mod name;
mod named;
mod objective;
mod overrides;
mod phases;
mod secret;
mod setting;
mod stop;
mod streams;
mod target;
mod variant;

pub use adapter::Adapter;
pub use document::{Contents, Document, Origin, Part, Path, Step};
pub use error::{Error, Place};
pub use name::Name;
pub use objective::Objective;
pub use overrides::{Open, Overrides};
pub use phases::Phases;
pub use stop::Stop;
pub use streams::{StreamSpec, Streams};
pub use target::{
    ASKED_BY, ExpectedBody, Launch, Mocks, NamedMock, Placeholder, Stub, StubBody, StubOrder,
    StubRequest, StubResponse, Target, Times, Variable, filled,
};
pub(crate) use variant::{laid as variant, names as variants};

use crate::client::ClientConfig;
use crate::gate::Validity;
use crate::gate::rule::Rule;
use crate::gate::spec::GateSpec;
use crate::schedule::Load;
use crate::workload::Workload;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value, json};

/// A scenario of Inferometer: what to send, how often, to whom, for how long, and what to expect.
#[derive(Debug, Clone, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["workload", "load"] }, { "required": ["streams"] }]))]
pub struct Scenario {
    /// Its name in reports and on disk.
    pub name: Name,
    /// What it is meant to show, in a sentence.
    #[serde(default)]
    pub purpose: Option<String>,
    /// Where all chance comes from: the same seed gives the same requests at the same times.
    #[serde(default)]
    pub seed: u64,
    /// Who answers. An embedded mock when left out.
    #[serde(default)]
    pub target: Target,
    /// The embedded client's settings.
    #[serde(default)]
    pub client: ClientConfig,
    /// The path of a client's file, relative to this one: its settings are those of `client` that are left out there, its
    /// endpoints the target when that is left out.
    #[serde(default, deserialize_with = "given")]
    pub client_file: Option<String>,
    /// A client in any language that sends the requests in place of the embedded one.
    #[serde(default)]
    pub adapter: Option<Adapter>,
    /// The path of a model's `tokenizer.json`, relative to this file: it counts the tokens of answers whose server does not, and
    /// those of prompts. Without one the pieces of such answers are counted.
    #[serde(default, deserialize_with = "given")]
    pub tokenizer: Option<String>,
    /// What each request asks for.
    #[serde(default, deserialize_with = "given")]
    pub workload: Option<Workload>,
    /// When requests start.
    #[serde(default, deserialize_with = "given")]
    pub load: Option<Load>,
    /// Load streams side by side, by their names, each with a `workload` and a `load` of its own, in place of those here.
    #[serde(default, deserialize_with = "given")]
    pub streams: Option<Streams>,
    /// How long each part of a stage takes.
    pub phases: Phases,
    /// Settings to vary, by path: `{ load.closed.in_flight: [1, 10, 50] }` or `{ load.closed.in_flight: { from: 1, to: 64, factor: 2 } }`. Every
    /// combination is one stage. `order: random` runs them in an order drawn from the seed.
    #[serde(default)]
    #[schemars(extend("properties" = sweep_order(), "additionalProperties" = swept_values()))]
    pub sweep: Map<String, Value>,
    /// Named sets of settings, by path: `{ unpooled: { client.pool: off } }`. At most one of them is laid over the scenario; two
    /// are what `inferometer ab` compares.
    #[serde(default)]
    #[schemars(extend("additionalProperties" = { "type": "object", "minProperties": 1 }))]
    pub variants: Map<String, Value>,
    /// How two variants are compared.
    #[serde(default)]
    pub gate: GateSpec,
    /// A setting whose highest value is searched at which every rule of `expect` holds, by path:
    /// `{ load.open.poisson.rate: { from: 50/s, to: 2000/s, resolution: 5% } }`. Every value that is tried is one stage.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 1, "additionalProperties" = searched_values()))]
    pub search: Map<String, Value>,
    /// What ends a sweep or a search before its end.
    #[serde(default)]
    pub stop: Stop,
    /// What must be met again after a fault before the target counts as recovered.
    #[serde(default)]
    pub objective: Objective,
    /// When the numbers are worth anything at all: limits beyond which they are refused.
    #[serde(default)]
    pub validity: Validity,
    /// What must hold for the run to pass.
    #[serde(default)]
    pub expect: Vec<Rule>,
}

/// A key with nothing behind it, as `client_file:`, says nothing.
fn given<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// The schema of the one key of a sweep that is no setting.
fn sweep_order() -> Value {
    json!({ "order": { "enum": ["file", "random"], "description": "The order in which stages run." } })
}

/// The schema of the values of a swept setting.
fn swept_values() -> Value {
    let end = json!({ "type": ["number", "string"] });
    json!({
        "anyOf": [
            { "type": "array", "minItems": 1 },
            {
                "type": "object",
                "properties": { "from": end, "to": end, "factor": { "type": "number" }, "step": end },
                "required": ["from", "to"],
                "oneOf": [{ "required": ["factor"] }, { "required": ["step"] }],
                "additionalProperties": false,
            },
        ],
    })
}

/// The schema of the range of a searched setting.
fn searched_values() -> Value {
    let end = json!({ "type": ["number", "string"] });
    json!({
        "type": "object",
        "properties": { "from": end, "to": end, "resolution": { "type": "string" } },
        "required": ["from", "to"],
        "additionalProperties": false,
    })
}
