//! Spread evenly to both sides of its mean: `latency: { normal: { mean: 20ms, sd: 4ms } }`.

use super::standard_normal::normal_quantile;
use super::{Distribution, LONGEST, check_period};
use crate::spec::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A normal distribution, `mean + sd * z` with standard normal `z`, in which every draw below zero is zero. The draws
/// that are moved there raise the mean: by 0.04 % of it at `sd` = `mean` / 3, by 8 % at `sd` = `mean`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Normal {
    /// The middle, and the mean of all draws as long as hardly any falls below zero.
    pub mean: Period,
    /// Standard deviation: two thirds of all draws are within it around the mean.
    pub sd: Period,
}

impl Distribution for Normal {
    fn check(&self) -> Result<(), Error> {
        check_period("normal.mean", self.mean)?;
        check_period("normal.sd", self.sd)
    }

    fn quantile(&self, u: f64) -> Duration {
        let seconds = self
            .sd
            .duration()
            .as_secs_f64()
            .mul_add(normal_quantile(u), self.mean.duration().as_secs_f64());
        Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latency;
    use crate::latency::tests::{assert_rises, mean};
    use proptest::prelude::*;

    fn normal(mean: u64, sd: u64) -> Latency {
        Latency::Normal(Normal {
            mean: Period::from_millis(mean),
            sd: Period::from_millis(sd),
        })
    }

    #[test]
    fn the_middle_is_the_mean_and_p99_is_where_the_formula_puts_it() {
        assert_eq!(normal(20, 4).quantile(0.5), Duration::from_millis(20));
        // 20 ms + 4 ms * 2.326347874
        assert_eq!(
            normal(20, 4).quantile(0.99),
            Duration::from_nanos(29_305_391)
        );
    }

    #[test]
    fn what_would_be_below_zero_is_zero() {
        // z of 15.8655 % is -1.
        assert_eq!(normal(4, 4).quantile(0.15), Duration::ZERO);
        assert!(normal(4, 4).quantile(0.17) > Duration::ZERO);
    }

    #[test]
    fn draws_have_the_mean_that_is_promised() {
        // The mean of max(0, Z + m) is m * cdf(m) + density(m): 1.083315 for m = 1.
        for (latency, expected) in [(normal(20, 4), 20.0), (normal(20, 20), 20.0 * 1.083_315)] {
            let millis = mean(&latency) * 1e3;
            assert!((millis / expected - 1.0).abs() < 1e-3, "{millis}");
        }
    }

    #[test]
    fn more_than_a_day_is_refused() {
        assert_eq!(
            normal(20, 90_000_000).check().unwrap_err().to_string(),
            "expected at most 24h in `normal.sd`, found `1day 1h`"
        );
    }

    proptest! {
        #[test]
        fn quantiles_rise(mean in 0..1000_u64, sd in 0..1000_u64, a in 1e-9..1.0_f64, b in 1e-9..1.0_f64) {
            assert_rises(&normal(mean, sd), a, b);
        }
    }
}
