//! Whether requests wait for each other to be sent together: `batch: { window: 5ms, max_size: 32, adaptive: true }`.

use crate::client::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How requests that may share one request over the wire are gathered. A batch is sent when it is full or when its oldest
/// request has waited for the window, whichever comes first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchConfig {
    /// The longest that a request waits for others, above 0s and shorter than the deadline.
    pub window: Period,
    /// The most requests in a batch, 1 to 1024; 1 sends each by itself.
    #[schemars(range(min = 1, max = 1024))]
    pub max_size: u32,
    /// Gather only while another batch of the same kind is under way, so that a request does not wait for nothing?
    pub adaptive: bool,
}

impl Default for BatchConfig {
    fn default() -> Self {
        Self {
            window: Period::from_millis(5),
            max_size: 32,
            adaptive: true,
        }
    }
}

/// How many requests a batch may be configured to hold.
const SIZES: std::ops::RangeInclusive<u32> = 1..=1024;

impl BatchConfig {
    pub(in crate::client) fn check(&self, deadline: Period) -> Result<(), Error> {
        if !SIZES.contains(&self.max_size) {
            return Err(Error::Config {
                field: "batch.max_size",
                expected: "1 to 1024",
                found: self.max_size.to_string(),
            });
        }
        if self.window.is_zero() || self.window.duration() >= deadline.duration() {
            return Err(Error::Config {
                field: "batch.window",
                expected: "more than 0s and less than the deadline",
                found: self.window.to_string(),
            });
        }
        Ok(())
    }
}
