//! The open loop: an arrival law and a cap, `{ poisson: { rate: 200/s }, max_in_flight: 1000 }`. A further law is one
//! file beside this one and one line in each of the three lists here.

use super::closed::in_flight;
use super::{Constant, Poisson, Slots, constant, poisson};
use crate::seed::Seed;
use crate::units::Offset;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};

/// Requests that start when the schedule says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Open {
    /// How the arrivals are spread.
    pub law: Law,
    /// Most requests in flight at once. One more that is due is not sent, and counts as a failure.
    pub max_in_flight: u32,
}

/// How arrivals are spread over time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// Always the same gap.
    Constant(Constant),
    /// Independent arrivals: exponential gaps.
    Poisson(Poisson),
}

/// The state of a law in one stage.
#[derive(Debug, Clone)]
pub(super) enum Arrivals {
    Constant(Constant),
    Poisson(Box<poisson::Arrivals>),
}

impl Open {
    /// The schedule of a stage: the same for the same seed, on every machine.
    pub fn slots(&self, seed: Seed) -> Slots {
        let arrivals = match self.law {
            Law::Constant(law) => Arrivals::Constant(law),
            Law::Poisson(law) => Arrivals::Poisson(Box::new(law.arrivals(seed))),
        };
        Slots { next: 0, arrivals }
    }
}

impl Arrivals {
    /// When request `seq` starts; asked for in order, each once.
    pub(super) fn at(&mut self, seq: u64) -> Offset {
        match self {
            Self::Constant(law) => constant::at(*law, seq),
            Self::Poisson(arrivals) => arrivals.next(),
        }
    }
}

/// Requests that start when the schedule says so: exactly one arrival law, and a cap.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["constant"] }, { "required": ["poisson"] }]))]
struct File {
    /// Always the same gap.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    constant: Option<Constant>,
    /// Independent arrivals: exponential gaps.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    poisson: Option<Poisson>,
    /// Most requests in flight at once, 1 to 100000. One more that is due is not sent, and counts as a failure.
    #[serde(default = "ten_thousand", deserialize_with = "in_flight")]
    #[schemars(range(min = 1, max = 100_000))]
    max_in_flight: u32,
}

fn ten_thousand() -> u32 {
    10_000
}

fn some<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

impl TryFrom<File> for Open {
    type Error = &'static str;

    fn try_from(file: File) -> Result<Self, Self::Error> {
        let law = match (file.constant, file.poisson) {
            (Some(law), None) => Law::Constant(law),
            (None, Some(law)) => Law::Poisson(law),
            (Some(_), Some(_)) => {
                return Err("expected exactly one of `constant` and `poisson`, found both");
            }
            (None, None) => {
                return Err("expected exactly one of `constant` and `poisson`, found neither");
            }
        };
        Ok(Self {
            law,
            max_in_flight: file.max_in_flight,
        })
    }
}

impl From<Open> for File {
    fn from(open: Open) -> Self {
        let (constant, poisson) = match open.law {
            Law::Constant(law) => (Some(law), None),
            Law::Poisson(law) => (None, Some(law)),
        };
        Self {
            constant,
            poisson,
            max_in_flight: open.max_in_flight,
        }
    }
}
