//! One model in the mock's repository: `{ name: large, loaded: false, load_time: 2s }`.

use super::Error;
use crate::latency::LONGEST;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

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

impl ModelSpec {
    /// A model of that name with every other field left out: loaded from the start.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            loaded: true,
            load_time: Period::default(),
        }
    }

    /// Refuses values that describe no model, naming the field.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.name.is_empty() {
            return Err(Error::unfit("name", "a name", ""));
        }
        if self.load_time.duration() > LONGEST {
            return Err(Error::unfit("load_time", "at most 24h", self.load_time));
        }
        Ok(())
    }
}
