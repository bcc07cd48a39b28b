//! A client in any language in place of the embedded one: `adapter: { command: [python3, client.py], ready_within: 10s }`.

use super::phases::within_a_day;
use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A program that sends the requests, asked line by line over its standard input; `docs/adapter.md` describes the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Adapter {
    /// The program and its arguments, started once for each lane. A program without a path is looked for in `PATH`.
    #[serde(deserialize_with = "command")]
    #[schemars(length(min = 1))]
    pub command: Vec<String>,
    /// How long to wait until it says that it is ready; at most 24h.
    #[serde(default = "ten_seconds", deserialize_with = "within_a_day")]
    pub ready_within: Period,
}

fn ten_seconds() -> Period {
    Period::from_secs(10)
}

pub(super) fn command<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let command = Vec::<String>::deserialize(deserializer)?;
    match command.first() {
        Some(program) if !program.is_empty() => Ok(command),
        _ => Err(D::Error::custom(
            "expected a program and its arguments, such as `[python3, program.py]`",
        )),
    }
}
