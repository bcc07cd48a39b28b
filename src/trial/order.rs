//! Whose turn it is: the order of the four blocks of a quad.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One side of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Arm {
    /// What is held to be known; `A`.
    Baseline,
    /// What is in question; `B`.
    Candidate,
}

impl Arm {
    /// Both, the baseline first.
    pub const BOTH: [Self; 2] = [Self::Baseline, Self::Candidate];
}

/// The order of a quad. In either, the mean time of both arms is the same, so that what drifts evenly cancels.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum Order {
    /// Baseline, candidate, candidate, baseline.
    Abba,
    /// Candidate, baseline, baseline, candidate.
    Baab,
}

impl Order {
    /// Whose turn is when.
    pub const fn arms(self) -> [Arm; 4] {
        let (outer, inner) = match self {
            Self::Abba => (Arm::Baseline, Arm::Candidate),
            Self::Baab => (Arm::Candidate, Arm::Baseline),
        };
        [outer, inner, inner, outer]
    }

    /// As people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Abba => "ABBA",
            Self::Baab => "BAAB",
        }
    }
}
