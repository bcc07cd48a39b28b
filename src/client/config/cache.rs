//! How long answers are kept, and how many: `cache: { ttl: 5m, max_bytes: 64MiB, single_flight: true }`.

use crate::client::Error;
use inferometer_proto::quantity::{Period, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The response cache. A request that asks for the same as an earlier one gets the same answer again, without any endpoint
/// being asked; at a temperature above 0 too, where an answer is a draw: the first draw is repeated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CacheConfig {
    /// How long an answer is kept, however often it is used.
    pub ttl: Period,
    /// The most memory that kept answers and what was asked for them may take; those used longest ago go first.
    pub max_bytes: Size,
    /// Do requests that ask for the same at the same time wait for the one under way, to share its answer?
    pub single_flight: bool,
}

impl Default for CacheConfig {
    fn default() -> Self {
        Self {
            ttl: Period::from_secs(300),
            max_bytes: Size::from_bytes(64 * 1024 * 1024),
            single_flight: true,
        }
    }
}

impl CacheConfig {
    pub(in crate::client) fn check(&self) -> Result<(), Error> {
        let refused = |field, expected, found| {
            Err(Error::Config {
                field,
                expected,
                found,
            })
        };
        if self.ttl.is_zero() {
            return refused("cache.ttl", "more than 0s", self.ttl.to_string());
        }
        if self.max_bytes.bytes() == 0 {
            let found = self.max_bytes.to_string();
            return refused("cache.max_bytes", "more than 0B", found);
        }
        Ok(())
    }
}
