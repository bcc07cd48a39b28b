//! No answer at all: `stall: { share: 1% }`.

use super::{Misbehave, Strike};
use inferometer_proto::quantity::Share;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Take the request and never answer it; only the client can end it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stall {
    /// Share of requests that it strikes.
    pub share: Share,
}

impl Misbehave for Stall {
    fn share(&self) -> Share {
        self.share
    }

    fn strike(&self) -> Strike {
        Strike::Silence
    }
}
