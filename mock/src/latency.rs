//! How long something takes, drawn for one request. A distribution is given by its quantile function: the draw `u` is
//! made once for a request, so two mocks that differ in their latency alone make the same requests fast and slow.

mod empirical;
mod fixed;
mod gamma;
mod grid;
mod lognormal;
mod normal;
mod standard_normal;
mod uniform;

pub use empirical::{Empirical, Quantiles, Samples};
pub use gamma::Gamma;
pub use lognormal::Lognormal;
pub use normal::Normal;
pub use uniform::Uniform;

use crate::spec::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A distribution of durations. A clone shares what was costly to find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Latency {
    /// Always the same.
    Fixed(Period),
    /// Evenly spread between two bounds.
    Uniform(Uniform),
    /// Spread evenly to both sides of its mean, and never below zero.
    Normal(Normal),
    /// Skewed to the right, as real latencies are.
    Lognormal(Lognormal),
    /// Skewed to the right by a coefficient of variation.
    Gamma(Gamma),
    /// As it was measured.
    Empirical(Empirical),
}

/// The longest duration that a distribution may be given, or draw: more is a mistake, and would overflow sums.
pub(crate) const LONGEST: Duration = Duration::from_hours(24);

/// What each kind of latency, one file each, can do.
trait Distribution {
    /// Refuses parameters that describe no distribution.
    fn check(&self) -> Result<(), Error>;

    /// The duration below which the share `u` of all draws lies, `0 < u < 1`.
    fn quantile(&self, u: f64) -> Duration;
}

impl Latency {
    /// The duration below which the share `u` of all draws lies; `u` strictly between 0 and 1. Never above 24 hours.
    pub fn quantile(&self, u: f64) -> Duration {
        self.distribution().quantile(u).min(LONGEST)
    }

    /// Refuses parameters that describe no distribution.
    ///
    /// # Errors
    /// [`Error::Unfit`], naming the field.
    pub fn check(&self) -> Result<(), Error> {
        self.distribution().check()
    }

    fn distribution(&self) -> &dyn Distribution {
        match self {
            Self::Fixed(period) => period,
            Self::Uniform(uniform) => uniform,
            Self::Normal(normal) => normal,
            Self::Lognormal(lognormal) => lognormal,
            Self::Gamma(gamma) => gamma,
            Self::Empirical(empirical) => empirical,
        }
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self::Fixed(Period::default())
    }
}

/// Refuses a period above the longest that is allowed.
fn check_period(field: &'static str, period: Period) -> Result<(), Error> {
    if period.duration() <= LONGEST {
        Ok(())
    } else {
        Err(Error::unfit(field, "at most 24h", period))
    }
}

#[cfg(test)]
mod tests {
    use super::Latency;

    /// A hundred thousand evenly spread draws.
    pub(super) fn draws() -> impl Iterator<Item = f64> {
        (0..100_000).map(|number| (f64::from(number) + 0.5) / 1e5)
    }

    /// The mean of many draws, in seconds.
    pub(super) fn mean(latency: &Latency) -> f64 {
        let sum: f64 = draws().map(|u| latency.quantile(u).as_secs_f64()).sum();
        sum / 1e5
    }

    pub(super) fn assert_rises(latency: &Latency, a: f64, b: f64) {
        let (low, high) = (a.min(b), a.max(b));
        assert!(
            latency.quantile(low) <= latency.quantile(high),
            "{low} {high}"
        );
    }
}
