//! Skewed to the right by a coefficient of variation: `latency: { gamma: { mean: 20ms, cv: 0.5 } }`.

mod curve;

use super::{Distribution, LONGEST, check_period};
use crate::spec::Error;
use curve::Curve;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;
use std::time::Duration;

/// A gamma distribution, given as load generators give it: by its mean and its coefficient of variation, the standard
/// deviation as a multiple of the mean. Its shape is `1 / cv²` and its scale `mean * cv²`; `cv: 1` is the exponential
/// distribution. Quantiles are right to a millionth of themselves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Written", into = "Written")]
pub struct Gamma {
    mean: Period,
    cv: f64,
    /// Costly to find, so found once and shared by all clones.
    curve: Curve,
}

/// A gamma distribution by its mean and its coefficient of variation.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// The mean of all draws.
    mean: Period,
    /// Coefficient of variation: standard deviation divided by mean, 0.01 to 5. 1 is the exponential distribution, less
    /// is narrower.
    #[schemars(range(min = 0.01, max = 5.0))]
    cv: f64,
}

/// Where the curve is known to be right. Narrower ones are fixed for every practical purpose.
const RANGE: RangeInclusive<f64> = 0.01..=5.0;

impl Gamma {
    /// The gamma distribution of that mean and that coefficient of variation, from 0.01 to 5; any other is refused when
    /// the specification is checked.
    pub fn new(mean: Period, cv: f64) -> Self {
        // What will be refused still needs a curve; that of the exponential distribution does.
        let shape_of = if RANGE.contains(&cv) { cv } else { 1.0 };
        Self {
            mean,
            cv,
            curve: Curve::new((shape_of * shape_of).recip()),
        }
    }
}

impl From<Written> for Gamma {
    fn from(Written { mean, cv }: Written) -> Self {
        Self::new(mean, cv)
    }
}

impl From<Gamma> for Written {
    fn from(Gamma { mean, cv, .. }: Gamma) -> Self {
        Self { mean, cv }
    }
}

impl Distribution for Gamma {
    fn check(&self) -> Result<(), Error> {
        check_period("gamma.mean", self.mean)?;
        if RANGE.contains(&self.cv) {
            Ok(())
        } else {
            Err(Error::unfit("gamma.cv", "0.01 to 5", self.cv))
        }
    }

    fn quantile(&self, u: f64) -> Duration {
        let scale = self.mean.duration().as_secs_f64() * self.cv * self.cv;
        Duration::try_from_secs_f64(scale * self.curve.quantile(u)).unwrap_or(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::latency::Latency;
    use crate::latency::tests::{assert_rises, mean};
    use proptest::prelude::*;

    fn gamma(mean: u64, cv: f64) -> Latency {
        Latency::Gamma(Gamma::new(Period::from_millis(mean), cv))
    }

    #[test]
    fn a_cv_of_one_is_the_exponential_distribution() {
        // 1 s * -ln(1 - u)
        assert_eq!(gamma(1000, 1.0).quantile(0.5).as_micros(), 693_147);
        assert_eq!(gamma(1000, 1.0).quantile(0.99).as_micros(), 4_605_170);
    }

    #[test]
    fn draws_have_the_mean_and_the_spread_that_were_asked_for() {
        for cv in [0.01, 0.2, 0.5, 1.0, 2.0] {
            let latency = gamma(20, cv);
            let squares =
                crate::latency::tests::draws().map(|u| latency.quantile(u).as_secs_f64().powi(2));
            let mean = mean(&latency);
            let spread = (squares.sum::<f64>() / 1e5 - mean * mean).sqrt() / mean;
            assert!((mean / 0.02 - 1.0).abs() < 1e-3, "{cv}: {mean}");
            assert!((spread / cv - 1.0).abs() < 1e-2, "{cv}: {spread}");
        }
    }

    #[test]
    fn a_spread_out_of_range_is_refused() {
        for cv in [0.0, 0.009, 5.1, f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(
                gamma(20, cv).check().unwrap_err().to_string(),
                format!("expected 0.01 to 5 in `gamma.cv`, found `{cv}`")
            );
        }
    }

    #[test]
    fn it_is_written_as_it_was_read() {
        let written = r#"{"gamma":{"mean":"20ms","cv":0.5}}"#;

        let latency: Latency = serde_json::from_str(written).unwrap();

        assert_eq!(latency, gamma(20, 0.5));
        assert_eq!(serde_json::to_string(&latency).unwrap(), written);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn quantiles_rise(cv in RANGE, a in 1e-15..1.0_f64, b in 1e-15..1.0_f64) {
            assert_rises(&gamma(100, cv), a, b);
        }
    }
}
