//! Skewed to the right: `latency: { lognormal: { median: 20ms, sigma: 0.4 } }`.

use super::standard_normal::normal_quantile;
use super::{Distribution, LONGEST, check_period};
use crate::spec::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A lognormal distribution: `median * exp(sigma * z)` with standard normal `z`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lognormal {
    /// Half of all draws are below.
    pub median: Period,
    /// Standard deviation of the logarithm, 0 to 5.
    #[schemars(range(min = 0.0, max = 5.0))]
    pub sigma: f64,
}

impl Distribution for Lognormal {
    fn check(&self) -> Result<(), Error> {
        check_period("lognormal.median", self.median)?;
        if (0.0..=5.0).contains(&self.sigma) {
            Ok(())
        } else {
            Err(Error::unfit("lognormal.sigma", "0 to 5", self.sigma))
        }
    }

    fn quantile(&self, u: f64) -> Duration {
        let seconds =
            self.median.duration().as_secs_f64() * (self.sigma * normal_quantile(u)).exp();
        Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Latency;

    fn lognormal(median: u64, sigma: f64) -> Latency {
        Latency::Lognormal(Lognormal {
            median: Period::from_millis(median),
            sigma,
        })
    }

    #[test]
    fn the_median_is_the_median_and_p99_is_where_the_formula_puts_it() {
        let latency = lognormal(20, 0.4);

        assert_eq!(latency.quantile(0.5), Duration::from_millis(20));
        // 20 ms * exp(0.4 * 2.326347874)
        assert_eq!(latency.quantile(0.99), Duration::from_nanos(50_717_521));
    }

    #[test]
    fn no_spread_gives_the_median_and_no_draw_exceeds_a_day() {
        assert_eq!(lognormal(20, 0.0).quantile(0.9), Duration::from_millis(20));
        assert_eq!(lognormal(86_400_000, 5.0).quantile(0.999), LONGEST);
    }

    #[test]
    fn a_spread_out_of_range_is_refused() {
        for sigma in [-0.1, 5.1, f64::NAN, f64::INFINITY] {
            assert_eq!(
                lognormal(20, sigma).check().unwrap_err().to_string(),
                format!("expected 0 to 5 in `lognormal.sigma`, found `{sigma}`")
            );
        }
    }
}
