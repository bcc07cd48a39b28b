//! Durations that were measured one by one, each as likely as the others: `[ 5ms, 7ms, 30ms ]`.

use crate::latency::grid::cell;
use crate::latency::{LONGEST, check_period};
use crate::spec::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;

/// Durations, in rising order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(from = "Vec<Period>", into = "Vec<Period>")]
pub struct Samples(Arc<[Period]>);

/// The most samples, so that a specification stays within about a megabyte.
pub(super) const MOST: usize = 100_000;

const FIELD: &str = "empirical.samples";

impl Samples {
    pub(super) fn check(&self) -> Result<(), Error> {
        let found = self.0.len();
        if !(1..=MOST).contains(&found) {
            return Err(Error::unfit(FIELD, "1 to 100000 of them", found));
        }
        let longest = self.0.last().copied().unwrap_or_default();
        check_period(FIELD, longest)
    }

    /// The sample below which the share `u` of all samples lies.
    pub(super) fn quantile(&self, u: f64) -> Duration {
        // No specification has 2^32 samples; should one, only the first would be drawn.
        let count = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let (index, _) = cell(u * f64::from(count), self.0.len());
        self.0
            .get(index)
            .map_or(LONGEST, |sample| sample.duration())
    }
}

impl From<Vec<Period>> for Samples {
    fn from(mut samples: Vec<Period>) -> Self {
        samples.sort_unstable();
        Self(samples.into())
    }
}

impl From<Samples> for Vec<Period> {
    fn from(samples: Samples) -> Self {
        samples.0.to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Latency;
    use crate::latency::tests::{assert_rises, mean};
    use proptest::prelude::*;

    fn samples(samples: &str) -> Latency {
        serde_json::from_str(&format!(r#"{{"empirical":{{"samples":{samples}}}}}"#)).unwrap()
    }

    #[test]
    fn every_sample_is_drawn_as_often_as_it_stands_there() {
        let latency = samples(r#"["30ms","5ms","7ms","7ms"]"#);

        let drawn = [0.01, 0.24, 0.26, 0.74, 0.76, 0.99].map(|u| latency.quantile(u).as_millis());

        assert_eq!(drawn, [5, 5, 7, 7, 30, 30]);
        assert!((mean(&latency) / 0.012_25 - 1.0).abs() < 1e-3);
    }

    #[test]
    fn none_is_refused_and_so_is_more_than_a_day() {
        assert_eq!(
            samples("[]").check().unwrap_err().to_string(),
            "expected 1 to 100000 of them in `empirical.samples`, found `0`"
        );
        assert_eq!(
            samples(r#"["1ms","25h"]"#).check().unwrap_err().to_string(),
            "expected at most 24h in `empirical.samples`, found `1day 1h`"
        );
    }

    proptest! {
        #[test]
        fn quantiles_rise(millis: Vec<u16>, a in 0.0..1.0_f64, b in 0.0..1.0_f64) {
            let periods: Vec<_> = millis.iter().map(|millis| Period::from_millis(u64::from(*millis))).collect();
            assert_rises(&Latency::Empirical(crate::Empirical::Samples(periods.into())), a, b);
        }
    }
}
