//! What goes wrong on purpose.

use inferometer_proto::quantity::{Period, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One kind of misbehaviour and when it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Answer with an error status.
    Status(Status),
    /// Never answer.
    Stall(Stall),
    /// Break the connection off in the middle of the answer.
    Cut(Cut),
}

/// Answer with an error status instead of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Share of requests that it strikes.
    pub share: Share,
    /// The HTTP status, 400 to 599; gRPC clients get the code that corresponds.
    pub http: u16,
    /// How long the client is asked to wait before it tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Period>,
}

/// Take the request and never answer it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Share of requests that it strikes.
    pub share: Share,
}

/// Break off after some tokens, without the end of the answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Share of requests that it strikes.
    pub share: Share,
    /// Output tokens that are still sent.
    #[serde(default)]
    pub after_tokens: u32,
}
