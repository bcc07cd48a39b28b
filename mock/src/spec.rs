//! What a mock should be: its models, how long answers take, what goes wrong. Pure data; what happened stands in the
//! counters and in the answers.
//!
//! ```yaml
//! models: [ { name: tiny }, { name: large, loaded: false, load_time: 2s } ]
//! latency: { lognormal: { median: 20ms, sigma: 0.4 } }
//! per_output_token: { fixed: 5ms }
//! faults: [ { status: { share: 1%, http: 503 } } ]
//! ```

mod model;

pub use model::ModelSpec;

use crate::fault::Fault;
use crate::latency::Latency;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// The whole behaviour of one mock. Every field has a default, so `{}` is a working backend.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MockSpec {
    /// Decides latencies and faults, together with each request's id and the number of its earlier attempts. A
    /// scenario's own seed stands in when left out.
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

/// Why a specification describes no backend.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A value out of its range.
    #[error("expected {expected} in `{field}`, found `{found}`")]
    Unfit {
        /// Path of the field within the specification, such as `faults[0].status.http`.
        field: String,
        /// What would have been right.
        expected: &'static str,
        /// What stood there.
        found: String,
    },
    /// Two models of one name.
    #[error("expected each model once in `models`, found `{name}` twice")]
    RepeatedModel {
        /// The name.
        name: String,
    },
}

impl Error {
    /// A value out of its range.
    pub(crate) fn unfit(field: &str, expected: &'static str, found: impl Display) -> Self {
        Self::Unfit {
            field: field.to_owned(),
            expected,
            found: found.to_string(),
        }
    }

    /// The same error, seen from the parent of its field.
    fn within(self, parent: &str) -> Self {
        match self {
            Self::Unfit {
                field,
                expected,
                found,
            } => Self::Unfit {
                field: format!("{parent}.{field}"),
                expected,
                found,
            },
            Self::RepeatedModel { name } => Self::RepeatedModel { name },
        }
    }
}

impl MockSpec {
    /// Refuses values that describe no backend. [`Mock::start`](crate::Mock::start) does the same; call this to find
    /// mistakes in a file before anything runs.
    ///
    /// # Errors
    /// The first field that is out of range.
    pub fn validate(&self) -> Result<(), Error> {
        self.latency
            .check()
            .map_err(|error| error.within("latency"))?;
        self.per_output_token
            .check()
            .map_err(|error| error.within("per_output_token"))?;
        for (index, fault) in self.faults.iter().enumerate() {
            fault
                .check()
                .map_err(|error| error.within(&format!("faults[{index}]")))?;
        }
        for (index, model) in self.models.iter().enumerate() {
            model
                .check()
                .map_err(|error| error.within(&format!("models[{index}]")))?;
            if self
                .models
                .iter()
                .take(index)
                .any(|earlier| earlier.name == model.name)
            {
                return Err(Error::RepeatedModel {
                    name: model.name.clone(),
                });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        serde_json::from_str::<MockSpec>(json)
            .unwrap()
            .validate()
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn nothing_at_all_is_a_working_backend() {
        let spec: MockSpec = serde_json::from_str("{}").unwrap();

        assert_eq!(spec, MockSpec::default());
        assert_eq!(spec.validate(), Ok(()));
    }

    #[test]
    fn unknown_fields_are_refused() {
        let error = serde_json::from_str::<MockSpec>(r#"{"latencies":{}}"#).unwrap_err();

        assert!(
            error.to_string().starts_with("unknown field `latencies`"),
            "{error}"
        );
    }

    #[test]
    fn errors_name_the_whole_path_of_the_field() {
        assert_eq!(
            error(r#"{"per_output_token":{"lognormal":{"median":"1ms","sigma":9}}}"#),
            "expected 0 to 5 in `per_output_token.lognormal.sigma`, found `9`"
        );
        assert_eq!(
            error(r#"{"faults":[{"stall":{"share":"1%"}},{"status":{"share":"1%","http":99}}]}"#),
            "expected an error status, 400 to 599 in `faults[1].status.http`, found `99`"
        );
        assert_eq!(
            error(r#"{"models":[{"name":""}]}"#),
            "expected a name in `models[0].name`, found ``"
        );
        assert_eq!(
            error(r#"{"models":[{"name":"a","load_time":"25h"}]}"#),
            "expected at most 24h in `models[0].load_time`, found `1day 1h`"
        );
    }

    #[test]
    fn two_models_of_one_name_are_refused() {
        assert_eq!(
            error(r#"{"models":[{"name":"a"},{"name":"b"},{"name":"a"}]}"#),
            "expected each model once in `models`, found `a` twice"
        );
    }

    #[test]
    fn a_specification_survives_its_journey_as_json() {
        let spec: MockSpec = serde_json::from_str(
            r#"{"seed":7,"models":[{"name":"a","loaded":false,"load_time":"2s"}],"latency":{"uniform":{"min":"1ms",
            "max":"2ms"}},"per_output_token":{"fixed":"5ms"},"faults":[{"cut":{"share":"0.5%","after_tokens":8}}]}"#,
        )
        .unwrap();

        let line = serde_json::to_string(&spec).unwrap();

        assert_eq!(serde_json::from_str::<MockSpec>(&line).unwrap(), spec);
    }
}
