//! A Poisson process: gaps are independent and exponentially distributed, as when many users act on their own.

use crate::seed::Seed;
use crate::units::{Offset, Rate, count};
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::Exp1;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Independent arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Poisson {
    /// Mean number of requests per unit of time.
    pub rate: Rate,
}

/// A Poisson process on its way.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    nanos_per_arrival: f64,
    /// Nanoseconds. Below 2^53 for the first 104 days, so that no gap is rounded by more than one of them.
    elapsed: f64,
    gaps: ChaCha8Rng,
}

impl Poisson {
    pub(super) fn arrivals(self, seed: Seed) -> Arrivals {
        Arrivals {
            nanos_per_arrival: 1e9 / self.rate.per_second(),
            elapsed: 0.0,
            gaps: seed.stream("arrivals"),
        }
    }
}

impl Arrivals {
    /// When the next request starts. The first one also waits for its gap: a process has no arrival at its origin.
    pub(super) fn next(&mut self) -> Offset {
        let gap: f64 = Exp1.sample(&mut self.gaps);
        self.elapsed += gap * self.nanos_per_arrival;
        Offset::from_nanos(count(self.elapsed))
    }
}
