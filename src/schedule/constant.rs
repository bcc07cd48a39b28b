//! A constant gap: request `n` starts at `n / rate`. Each start is computed from `n`, so nothing drifts.

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

/// When request `seq` starts, to the nearest nanosecond.
pub(super) fn at(law: Constant, seq: u64) -> Offset {
    Offset::from_nanos(count(float(seq) / law.rate.per_second() * 1e9))
}
