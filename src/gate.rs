//! Facts held against rules: [`Finding`]s, and one [`Verdict`] over all of them. Nothing passes that was not measured, and
//! the measurement is judged before the system is.
//!
//! Example: `latency_p99 in stage in_flight=10: failed, 132 ms is above the limit of 100 ms`.

pub mod compare;
mod distrust;
mod implied;
mod judge;
pub mod rule;
mod script;
pub mod spec;
pub mod statistics;
pub mod stored;

pub(crate) use distrust::reason as distrust;
pub use distrust::told;
pub(crate) use implied::TARGET;
pub use judge::{judge, verdict};

pub use crate::summary::{Strictness, Validity};

use crate::metric::Unit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One metric of one stage, held against one limit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// The metric's name.
    pub metric: String,
    /// The unit of `measured`, `bound` and `baseline`.
    pub unit: Unit,
    /// The stage's name; `None` when it is about the run as a whole.
    pub stage: Option<String>,
    /// Who asked for it.
    pub origin: Origin,
    /// What was measured, if it was.
    pub measured: Option<f64>,
    /// The limit, in the same unit.
    pub limit: Bound,
    /// The value in the baseline, if there is one.
    pub baseline: Option<f64>,
    /// How it came out.
    pub verdict: Verdict,
    /// Why, as a sentence without a full stop.
    pub reason: String,
    /// What does not fit a sentence, line by line: the places in which a request differs from what was expected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub details: Vec<String>,
}

/// Who asked for a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// A rule of the scenario.
    Scenario,
    /// Nobody: it goes without saying.
    Implied,
}

/// A limit in the unit of its metric.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// The value may not be above this.
    AtMost(f64),
    /// The value may not be below this.
    AtLeast(f64),
    /// The value must be this: a count that was planned.
    Exactly(f64),
}

impl Bound {
    /// Does a value keep it?
    pub fn holds(self, value: f64) -> bool {
        match self {
            Self::AtMost(limit) => value <= limit,
            Self::AtLeast(limit) => value >= limit,
            Self::Exactly(limit) => value.total_cmp(&limit).is_eq(),
        }
    }

    /// The limit itself.
    pub const fn value(self) -> f64 {
        match self {
            Self::AtMost(limit) | Self::AtLeast(limit) | Self::Exactly(limit) => limit,
        }
    }

    /// What a value that does not keep it is: above, below or not the limit.
    pub const fn missed(self) -> &'static str {
        match self {
            Self::AtMost(_) => "above",
            Self::AtLeast(_) => "below",
            Self::Exactly(_) => "not",
        }
    }

    /// The limit with its direction: `at most 100 ms`.
    pub fn print(self, unit: Unit) -> String {
        match self {
            Self::AtMost(limit) => format!("at most {}", unit.print_round(limit)),
            Self::AtLeast(limit) => format!("at least {}", unit.print_round(limit)),
            Self::Exactly(limit) => format!("exactly {}", unit.print_round(limit)),
        }
    }
}

/// How a finding or a run came out, from best to worst.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Measured, and within every limit.
    Passed,
    /// Measured, and not enough to say.
    Inconclusive,
    /// Outside a limit.
    Failed,
    /// The measurement itself is not valid.
    Refused,
}

impl Verdict {
    /// The word in reports and files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Inconclusive => "inconclusive",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

#[cfg(test)]
mod tests;
