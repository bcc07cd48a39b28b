//! What can be set on a client, by a scenario's `client:` block or by a program: the same type, the same notation.

use super::{Error, Protocol};
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The client's configuration. Every field has a default, so `{}` is a complete configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// Which protocols the client may use, and which first.
    pub mode: Mode,
    /// The longest that one request may take, over all its attempts, from call to last byte.
    pub deadline: Period,
    /// The longest that making one connection may take.
    pub connect_deadline: Period,
    /// Whether and how a failed attempt is repeated.
    pub retry: Retry,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            deadline: Period::from_secs(30),
            connect_deadline: Period::from_secs(1),
            retry: Retry::default(),
        }
    }
}

impl ClientConfig {
    /// Checks what types and a file's notation cannot: a program may have set any value.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.deadline.is_zero() || self.connect_deadline.is_zero() {
            let found = format!("{} and {}", self.deadline, self.connect_deadline);
            return Err(Error::Config {
                field: "deadline and connect_deadline",
                expected: "more than 0s each",
                found,
            });
        }
        if !ATTEMPTS.contains(&self.retry.attempts) {
            return Err(Error::Config {
                field: "retry.attempts",
                expected: "1 to 10, the first included",
                found: self.retry.attempts.to_string(),
            });
        }
        Ok(())
    }
}

/// How many attempts may be configured.
const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=10;

/// Which protocols the client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// REST endpoints only.
    #[default]
    Rest,
    /// gRPC endpoints only.
    Grpc,
    /// gRPC endpoints first, REST endpoints when no gRPC connection can be made.
    Hybrid,
    /// REST endpoints first, gRPC endpoints when no REST connection can be made.
    HybridRestFirst,
}

impl Mode {
    /// The protocols of this mode, preferred first.
    pub const fn protocols(self) -> &'static [Protocol] {
        match self {
            Self::Rest => &[Protocol::Openai],
            Self::Grpc => &[Protocol::OipGrpc],
            Self::Hybrid => &[Protocol::OipGrpc, Protocol::Openai],
            Self::HybridRestFirst => &[Protocol::Openai, Protocol::OipGrpc],
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rest => "rest",
            Self::Grpc => "grpc",
            Self::Hybrid => "hybrid",
            Self::HybridRestFirst => "hybrid_rest_first",
        })
    }
}

/// How often and how soon a failed attempt is repeated. Only attempts that cannot have been executed (no connection),
/// or that the server refused as overloaded or unavailable, are repeated; a stream that has begun never is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Attempts in all, the first included: 1 means no retry.
    #[serde(deserialize_with = "attempts")]
    #[schemars(range(min = 1, max = 10))]
    pub attempts: u32,
    /// The longest pause before the second attempt; doubled for each further one. The pause itself is drawn evenly
    /// from zero up to it (full jitter).
    pub backoff: Period,
    /// The longest that any pause may become.
    pub max_backoff: Period,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            backoff: Period::from_millis(50),
            max_backoff: Period::from_secs(2),
        }
    }
}

fn attempts<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let attempts = u32::deserialize(deserializer)?;
    if ATTEMPTS.contains(&attempts) {
        Ok(attempts)
    } else {
        Err(serde::de::Error::custom(format_args!(
            "expected 1 to 10 attempts, the first included, found `{attempts}`"
        )))
    }
}
