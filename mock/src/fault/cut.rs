//! The connection breaks in the middle of an answer: `cut: { share: 0.5%, after_tokens: 8 }`.

use super::{Misbehave, Strike};
use inferometer_proto::quantity::Share;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Break off after some tokens, without the end of the answer: HTTP/1.1 closes the connection inside the body, HTTP/2
/// and gRPC reset the stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cut {
    /// Share of requests that it strikes.
    pub share: Share,
    /// Output tokens that are still sent.
    #[serde(default)]
    pub after_tokens: u32,
}

impl Misbehave for Cut {
    fn share(&self) -> Share {
        self.share
    }

    fn strike(&self) -> Strike {
        Strike::BreakOff {
            after_tokens: self.after_tokens,
        }
    }
}
