//! A constant gap: request `n` starts at `n / rate`. Each start is computed from `n`, so nothing drifts.

use crate::seed::Seed;
use crate::units::{Offset, Rate, count, float};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Always the same gap.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Constant {
    /// Requests per unit of time.
    pub rate: Rate,
}

/// Constant gaps on their way.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    rate: Rate,
    next: u64,
}

impl Constant {
    pub(super) fn arrivals(self, _: Seed) -> Arrivals {
        Arrivals {
            rate: self.rate,
            next: 0,
        }
    }
}

impl Arrivals {
    /// When the next request starts, to the nearest nanosecond.
    pub(super) fn next(&mut self) -> Offset {
        let seconds = float(self.next) / self.rate.per_second();
        self.next += 1;
        Offset::from_nanos(count(seconds * 1e9))
    }
}
