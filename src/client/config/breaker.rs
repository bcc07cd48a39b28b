//! When an endpoint is left alone for a while: `breaker: { failures: 5, ejected_for: 1s, max_ejected_for: 30s }`.

use crate::client::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The circuit breaker of each endpoint. It admits requests until so many in a row fail, then ejects the endpoint: no
/// request goes there until one, and only one, is let through to probe it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BreakerConfig {
    /// So many answers in a row that show the endpoint unwell eject it, 1 to 1000: no answer, half an answer, HTTP 500,
    /// 502, 503 or 504, or the gRPC status of the like.
    #[schemars(range(min = 1, max = 1000))]
    pub failures: u32,
    /// So many failures to connect in a row eject it, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub connect_failures: u32,
    /// How long it is left alone at first; doubled each time that its probe fails.
    pub ejected_for: Period,
    /// The longest that it is left alone.
    pub max_ejected_for: Period,
    /// What answers are held against.
    #[serde(skip_serializing_if = "Scope::is_default")]
    pub scope: Scope,
}

/// What answers that show somebody unwell are held against. Failures to connect are held against the endpoint in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The endpoint.
    #[default]
    Endpoint,
    /// The model that was asked for, at this endpoint alone: the other models there go on. That a model is not found, HTTP
    /// 404 or the gRPC status of the like, counts too.
    Model,
}

impl Scope {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for BreakerConfig {
    fn default() -> Self {
        Self {
            failures: 5,
            connect_failures: 1,
            ejected_for: Period::from_secs(1),
            max_ejected_for: Period::from_secs(30),
            scope: Scope::default(),
        }
    }
}

/// How many failures may be configured.
const FAILURES: std::ops::RangeInclusive<u32> = 1..=1000;

impl BreakerConfig {
    pub(in crate::client) fn check(&self) -> Result<(), Error> {
        for (field, failures) in [
            ("breaker.failures", self.failures),
            ("breaker.connect_failures", self.connect_failures),
        ] {
            if !FAILURES.contains(&failures) {
                return Err(Error::Config {
                    field,
                    expected: "1 to 1000",
                    found: failures.to_string(),
                });
            }
        }
        if self.ejected_for.is_zero() {
            return Err(Error::Config {
                field: "breaker.ejected_for",
                expected: "more than 0s",
                found: self.ejected_for.to_string(),
            });
        }
        Ok(())
    }
}
