//! What a mock should be: its models, how long answers take, what goes wrong. Pure data; what happened stands in the
//! counters and in the answers.
//!
//! ```yaml
//! models: [ { name: tiny }, { name: large, loaded: false, load_time: 2s } ]
//! latency: { lognormal: { median: 20ms, sigma: 0.4 } }
//! per_output_token: { fixed: 5ms }
//! faults: [ { status: { share: 1%, http: 503 } } ]
//! ```

mod admin;
mod limits;
mod model;
mod repository;
mod shown;
mod tensor;
mod tls;

pub use admin::{AdminSpec, Token};
pub use limits::Limits;
pub use model::{FailLoads, ModelSpec};
pub use repository::RepositorySpec;
pub(crate) use tensor::MOST_ELEMENTS;
pub use tensor::{TensorAnswer, TensorSpec};
pub use tls::{Tls, TlsFiles};

use crate::backend::MOST_TOKENS;
use crate::batching::BatchingSpec;
use crate::burden::BurdenSpec;
use crate::capacity::CapacitySpec;
use crate::fault::Fault;
use crate::journal::JournalSpec;
use crate::latency::{LONGEST, Latency};
use crate::profile::Profile;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;

/// The whole behaviour of one mock. Every field has a default, so `{}` is a working backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MockSpec {
    /// Decides latencies and faults, together with each request's id and the number of its earlier attempts. A
    /// scenario's own seed stands in when left out.
    pub seed: Option<u64>,
    /// A known backend that says what is left out here: latencies or batching, sizes and loading of models. A field with
    /// its default counts as left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<Profile>,
    /// The models in the repository. When empty, one model `tiny`, loaded.
    pub models: Vec<ModelSpec>,
    /// What they share: memory, the bandwidth and the number of loads.
    #[serde(skip_serializing_if = "is_default")]
    pub repository: RepositorySpec,
    /// Time from the arrival of a request to its answer; for a stream, to its first token.
    pub latency: Latency,
    /// Time added to the first token for each token of the prompt.
    #[serde(skip_serializing_if = "is_default")]
    pub per_prompt_token: Period,
    /// Time added for each output token after the first.
    pub per_output_token: Latency,
    /// Time by which each piece of a stream comes later than its tokens are due; it moves no later piece.
    #[serde(skip_serializing_if = "is_default")]
    pub jitter: Latency,
    /// Output tokens in each piece of a stream after the first, which holds one. As servers do that decode several
    /// tokens in a step, or send only every n-th step.
    #[schemars(range(min = 1, max = 131_072))]
    #[serde(skip_serializing_if = "is_one")]
    pub tokens_per_chunk: u32,
    /// How long a piece of a stream waits for further tokens to go out with it.
    #[serde(skip_serializing_if = "is_default")]
    pub coalesce: Period,
    /// A batch whose steps say when tokens come, in place of the latencies above.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batching: Option<BatchingSpec>,
    /// How many requests are worked on at once, and how many wait; without limit when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacitySpec>,
    /// Work that each request costs beyond its answer.
    #[serde(skip_serializing_if = "is_default")]
    pub burden: BurdenSpec,
    /// What goes wrong, first match first.
    pub faults: Vec<Fault>,
    /// How much is remembered of what happened.
    #[serde(skip_serializing_if = "is_default")]
    pub journal: JournalSpec,
    /// Who may use the admin API.
    #[serde(skip_serializing_if = "is_default")]
    pub admin: AdminSpec,
    /// TLS on the REST port and the gRPC port; plain HTTP when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The keys of which clients must send one, as `Authorization: Bearer KEY`. When empty, nobody needs one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub api_keys: Vec<Token>,
    /// How long slow clients are waited for, and for how many at once.
    #[serde(skip_serializing_if = "is_default")]
    pub limits: Limits,
}

impl Default for MockSpec {
    fn default() -> Self {
        Self {
            seed: None,
            profile: None,
            models: Vec::new(),
            repository: RepositorySpec::default(),
            latency: Latency::default(),
            per_prompt_token: Period::default(),
            per_output_token: Latency::default(),
            jitter: Latency::default(),
            tokens_per_chunk: 1,
            coalesce: Period::default(),
            batching: None,
            capacity: None,
            burden: BurdenSpec::default(),
            faults: Vec::new(),
            journal: JournalSpec::default(),
            admin: AdminSpec::default(),
            tls: None,
            api_keys: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// What is left as it is by default is not written out, so that a new field changes no fingerprint of an old scenario.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_one(value: &u32) -> bool {
    *value == 1
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

    /// Path of the field that is wrong, where it is one.
    pub(crate) fn field(&self) -> Option<&str> {
        match self {
            Self::Unfit { field, .. } => Some(field),
            Self::RepeatedModel { .. } => None,
        }
    }

    /// The same error, seen from the parent of its field.
    pub(crate) fn within(self, parent: &str) -> Self {
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
        self.clone().resolved().check()
    }

    /// The same for a specification without a profile, or one that is resolved.
    fn check(&self) -> Result<(), Error> {
        self.check_pace()?;
        if let Some(capacity) = &self.capacity {
            capacity
                .check(self.batching.is_some())
                .map_err(|error| error.within("capacity"))?;
        }
        self.check_batching()?;
        self.burden
            .check()
            .map_err(|error| error.within("burden"))?;
        self.limits.check()?;
        self.journal
            .check()
            .map_err(|error| error.within("journal"))?;
        self.admin.check().map_err(|error| error.within("admin"))?;
        for (index, key) in self.api_keys.iter().enumerate() {
            key.check(1, &format!("api_keys[{index}]"))?;
        }
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
        self.repository.check(&self.models)
    }

    /// Of two ways to say when tokens come, only one can be meant.
    fn check_batching(&self) -> Result<(), Error> {
        let Some(batching) = self.batching else {
            return Ok(());
        };
        batching.check().map_err(|error| error.within("batching"))?;
        let expected = "no latency beside `batching`, whose steps say when tokens come";
        for (field, latency) in [
            ("latency", &self.latency),
            ("per_output_token", &self.per_output_token),
            ("jitter", &self.jitter),
        ] {
            if !is_default(latency) {
                // Nothing in a latency can fail to be written.
                let found = serde_json::to_string(latency).unwrap_or_default();
                return Err(Error::unfit(field, expected, found));
            }
        }
        for (field, period) in [
            ("per_prompt_token", self.per_prompt_token),
            ("coalesce", self.coalesce),
        ] {
            if !is_default(&period) {
                return Err(Error::unfit(field, expected, period));
            }
        }
        if self.tokens_per_chunk != 1 {
            let expected = "1 beside `batching`, whose steps make one token";
            return Err(Error::unfit(
                "tokens_per_chunk",
                expected,
                self.tokens_per_chunk,
            ));
        }
        Ok(())
    }

    fn check_pace(&self) -> Result<(), Error> {
        for (field, latency) in [
            ("latency", &self.latency),
            ("per_output_token", &self.per_output_token),
            ("jitter", &self.jitter),
        ] {
            latency.check().map_err(|error| error.within(field))?;
        }
        for (field, period) in [
            ("per_prompt_token", self.per_prompt_token),
            ("coalesce", self.coalesce),
        ] {
            if period.duration() > LONGEST {
                return Err(Error::unfit(field, "at most 24h", period));
            }
        }
        if !(1..=MOST_TOKENS).contains(&self.tokens_per_chunk) {
            let found = self.tokens_per_chunk;
            return Err(Error::unfit("tokens_per_chunk", "1 to 131072", found));
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
