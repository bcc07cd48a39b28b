//! How failed attempts are repeated: `retry: { attempts: 3, backoff: 50ms, max_backoff: 2s, budget: { share: 20% } }`.

use crate::client::Error;
use inferometer_proto::quantity::{Period, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many attempts may be configured.
const ATTEMPTS: std::ops::RangeInclusive<u32> = 1..=10;

/// How often and how soon a failed attempt is repeated. An answer that has begun is never asked for again.
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
    /// The longest that any pause may become, unless the server asks for a longer one.
    pub max_backoff: Period,
    /// Which failures may be repeated.
    #[serde(skip_serializing_if = "Repeats::is_default")]
    #[schemars(extend("default" = "unexecuted"))]
    pub repeats: Repeats,
    /// Bounds repeated attempts as a share of all requests; no bound when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<RetryBudget>,
}

/// Which failed attempts may be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Repeats {
    /// Those that cannot have been executed: there was no connection, or the server refused the request as overloaded or
    /// unavailable.
    #[default]
    Unexecuted,
    /// Also those that may have been executed: the connection was lost before the answer began, or the server failed
    /// with HTTP 500, 502 or 504, or the gRPC status of the like. For requests that may be executed twice.
    Idempotent,
}

impl Repeats {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A bound on repeated attempts that keeps a client from making an overload worse: each request adds `share` of an attempt
/// to a reserve that is full at first and never more than full, each repeated attempt takes one from it (as Finagle's
/// `RetryBudget`, <https://twitter.github.io/finagle/guide/Clients.html#retries>).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RetryBudget {
    /// Repeated attempts for each request, in the long run.
    pub share: Share,
    /// The most that can be repeated at once, 0 to 1000000.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub reserve: u32,
}

impl Default for RetryBudget {
    fn default() -> Self {
        Self {
            share: Share::try_from_ratio(0.2).unwrap_or_default(),
            reserve: 10,
        }
    }
}

/// The most that a reserve may be.
pub(super) const MOST_RESERVE: u32 = 1_000_000;

impl Retry {
    pub(in crate::client) fn check(&self) -> Result<(), Error> {
        if !ATTEMPTS.contains(&self.attempts) {
            return Err(Error::Config {
                field: "retry.attempts",
                expected: "1 to 10, the first included",
                found: self.attempts.to_string(),
            });
        }
        if let Some(budget) = &self.budget
            && budget.reserve > MOST_RESERVE
        {
            return Err(Error::Config {
                field: "retry.budget.reserve",
                expected: "0 to 1000000",
                found: budget.reserve.to_string(),
            });
        }
        Ok(())
    }
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            backoff: Period::from_millis(50),
            max_backoff: Period::from_secs(2),
            repeats: Repeats::default(),
            budget: None,
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
