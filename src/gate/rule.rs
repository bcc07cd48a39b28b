//! One line of `expect:` in a scenario: a metric and the limit that it must keep.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A limit on one metric, in one stage or in all. Exactly one of `at_most` and `at_least` is given, written in the
/// metric's own unit: `100ms`, `99.5%`, `200/s`, `64KiB`, `3`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The metric's name, such as `latency_p99` or `success_rate`.
    pub metric: String,
    /// The value may not be above this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Limit>,
    /// The value may not be below this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_least: Option<Limit>,
    /// Only stages with these swept values, for example `{ load.closed.in_flight: 10 }`. All stages when left out.
    #[serde(
        default,
        skip_serializing_if = "serde_json::Map::is_empty",
        rename = "where"
    )]
    #[schemars(with = "std::collections::BTreeMap<String, serde_json::Value>")]
    pub only: serde_json::Map<String, serde_json::Value>,
}

/// A limit as written: text with a unit, or a plain number for counts and ratios.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Limit(#[schemars(with = "LimitSchema")] pub serde_json::Value);

/// What a limit looks like to an editor.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum LimitSchema {
    Text(String),
    Number(f64),
}
