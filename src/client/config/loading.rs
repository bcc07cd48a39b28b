//! How models are loaded: `loading: { concurrent: 3, deadline: 30s, preload: 2, on_demand: true }`.

use crate::client::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How loads of models wait for each other, and which models are loaded before anybody asks for them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LoadingConfig {
    /// The most models that are loaded at a time, 1 to 100; further ones wait for their turn.
    #[schemars(range(min = 1, max = 100))]
    pub concurrent: u32,
    /// The longest that one load may take once its turn has come, over all its attempts; above 0s.
    pub deadline: Period,
    /// The most models that are loaded ahead, because they are often asked for, and that nobody has asked for yet, 0 to 100.
    /// The server needs the memory for so many more.
    #[schemars(range(min = 0, max = 100))]
    pub preload: u32,
    /// Does inference by a model that is not known to be loaded load it first?
    pub on_demand: bool,
}

impl Default for LoadingConfig {
    fn default() -> Self {
        Self {
            concurrent: 3,
            deadline: Period::from_secs(30),
            preload: 0,
            on_demand: false,
        }
    }
}

/// The most models at a time, by request or ahead.
const MOST: u32 = 100;

impl LoadingConfig {
    pub(in crate::client) fn check(&self, model_list_ttl: Period) -> Result<(), Error> {
        let refused = |field, expected, found| {
            Err(Error::Config {
                field,
                expected,
                found,
            })
        };
        if !(1..=MOST).contains(&self.concurrent) {
            let found = self.concurrent.to_string();
            return refused("loading.concurrent", "1 to 100", found);
        }
        if self.deadline.is_zero() {
            let found = self.deadline.to_string();
            return refused("loading.deadline", "more than 0s", found);
        }
        if self.preload > MOST {
            return refused("loading.preload", "0 to 100", self.preload.to_string());
        }
        if self.preload > 0 && model_list_ttl.is_zero() {
            let expected = "0 beside `model_list_ttl: 0s`, by which nothing is known of a model that was loaded before";
            return refused("loading.preload", expected, self.preload.to_string());
        }
        Ok(())
    }
}
