//! What the repository as a whole can hold and do: `{ memory: 16GiB, load_bandwidth: 1GiB/s, concurrent_loads: 1 }`.

use super::{Error, ModelSpec};
use crate::latency::LONGEST;
use inferometer_proto::quantity::{Bandwidth, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The limits that all models of a mock share. What is left out is without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepositorySpec {
    /// Memory for models. It is taken from the start of loading to the end of unloading; a load that finds too little
    /// left fails.
    pub memory: Option<Size>,
    /// How fast each model is read: its `size` takes so long, on top of its `load_time`.
    pub load_bandwidth: Option<Bandwidth>,
    /// How many models load at once, at least 1; further ones wait in the order in which they were asked for.
    #[schemars(range(min = 1))]
    pub concurrent_loads: Option<u32>,
}

impl RepositorySpec {
    /// How long it takes to load a model of this repository.
    pub(crate) fn load_time(&self, model: &ModelSpec) -> Duration {
        let reading = self
            .load_bandwidth
            .map(|bandwidth| bandwidth.time_for(model.size))
            .unwrap_or_default();
        model.load_time.duration().saturating_add(reading)
    }

    /// Refuses limits that no repository can have, and those that its models do not fit into.
    pub(super) fn check(&self, models: &[ModelSpec]) -> Result<(), Error> {
        if self.concurrent_loads == Some(0) {
            return Err(Error::unfit("repository.concurrent_loads", "at least 1", 0));
        }
        if let Some(index) = models
            .iter()
            .position(|model| self.load_time(model) > LONGEST)
        {
            return Err(Error::unfit(
                &format!("models[{index}].size"),
                "at most what `repository.load_bandwidth` reads in 24h",
                models
                    .get(index)
                    .map(|model| model.size)
                    .unwrap_or_default(),
            ));
        }
        let loaded = models.iter().filter(|model| model.loaded);
        let taken = loaded.fold(0_u64, |sum, model| sum.saturating_add(model.size.bytes()));
        match self.memory {
            Some(memory) if taken > memory.bytes() => Err(Error::unfit(
                "repository.memory",
                "at least the sizes of the models that are loaded from the start",
                memory,
            )),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::MockSpec;

    fn error(json: &str) -> String {
        serde_json::from_str::<MockSpec>(json)
            .unwrap()
            .validate()
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn models_loaded_from_the_start_have_to_fit_in() {
        assert_eq!(
            error(
                r#"{"repository":{"memory":"4GiB"},"models":[{"name":"a","size":"3GiB"},{"name":"b","size":"2GiB"}]}"#
            ),
            "expected at least the sizes of the models that are loaded from the start in `repository.memory`, found \
             `4GiB`"
        );
        let fitting = r#"{"repository":{"memory":"4GiB"},"models":[{"name":"a","size":"4GiB"},
            {"name":"b","size":"8GiB","loaded":false}]}"#;
        assert_eq!(
            serde_json::from_str::<MockSpec>(fitting)
                .unwrap()
                .validate(),
            Ok(())
        );
    }

    #[test]
    fn loading_that_would_never_begin_or_never_end_is_refused() {
        assert_eq!(
            error(r#"{"repository":{"concurrent_loads":0}}"#),
            "expected at least 1 in `repository.concurrent_loads`, found `0`"
        );
        assert_eq!(
            error(
                r#"{"repository":{"load_bandwidth":"1KiB/s"},"models":[{"name":"a"},{"name":"b","size":"1GiB"}]}"#
            ),
            "expected at most what `repository.load_bandwidth` reads in 24h in `models[1].size`, found `1GiB`"
        );
    }
}
