//! How endpoints are asked whether they are ready, besides requests: `health_check: { every: 5s, deadline: 1s }`.

use crate::client::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Checks of each endpoint, at times of their own. An endpoint that they find unwell gets no request until they find it
/// well.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HealthCheck {
    /// How often each endpoint is asked whether it is ready.
    pub every: Period,
    /// The longest that one check may take, a connection for it included.
    pub deadline: Period,
    /// So many failed checks in a row find an endpoint unwell, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub unhealthy_after: u32,
    /// So many successful checks in a row find it well, 1 to 1000.
    #[schemars(range(min = 1, max = 1000))]
    pub healthy_after: u32,
}

impl Default for HealthCheck {
    fn default() -> Self {
        Self {
            every: Period::from_secs(5),
            deadline: Period::from_secs(1),
            unhealthy_after: 2,
            healthy_after: 1,
        }
    }
}

/// How many checks in a row may be configured.
const IN_A_ROW: std::ops::RangeInclusive<u32> = 1..=1000;

impl HealthCheck {
    pub(in crate::client) fn check(&self) -> Result<(), Error> {
        for (field, period) in [
            ("health_check.every", self.every),
            ("health_check.deadline", self.deadline),
        ] {
            if period.is_zero() {
                return Err(Error::Config {
                    field,
                    expected: "more than 0s",
                    found: period.to_string(),
                });
            }
        }
        for (field, in_a_row) in [
            ("health_check.unhealthy_after", self.unhealthy_after),
            ("health_check.healthy_after", self.healthy_after),
        ] {
            if !IN_A_ROW.contains(&in_a_row) {
                return Err(Error::Config {
                    field,
                    expected: "1 to 1000",
                    found: in_a_row.to_string(),
                });
            }
        }
        Ok(())
    }
}
