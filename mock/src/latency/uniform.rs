//! Evenly spread between two bounds: `latency: { uniform: { min: 10ms, max: 30ms } }`.

use super::{Distribution, check_period};
use crate::spec::Error;
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Evenly spread between `min` and `max`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uniform {
    /// The shortest.
    pub min: Period,
    /// The longest; not below `min`.
    pub max: Period,
}

impl Distribution for Uniform {
    fn check(&self) -> Result<(), Error> {
        check_period("uniform.max", self.max)?;
        if self.min <= self.max {
            Ok(())
        } else {
            Err(Error::unfit(
                "uniform.min",
                "at most the `max` beside it",
                self.min,
            ))
        }
    }

    fn quantile(&self, u: f64) -> Duration {
        let width = self.max.duration().saturating_sub(self.min.duration());
        self.min.duration().saturating_add(width.mul_f64(u))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Latency;

    fn between(min: u64, max: u64) -> Latency {
        Latency::Uniform(Uniform {
            min: Period::from_millis(min),
            max: Period::from_millis(max),
        })
    }

    #[test]
    fn quantiles_divide_the_width_evenly() {
        let latency = between(10, 30);

        assert_eq!(latency.quantile(0.25), Duration::from_millis(15));
        assert_eq!(latency.quantile(0.5), Duration::from_millis(20));
        assert_eq!(latency.quantile(0.75), Duration::from_millis(25));
    }

    #[test]
    fn equal_bounds_are_a_distribution_and_crossed_ones_are_not() {
        assert!(between(10, 10).check().is_ok());
        assert_eq!(
            between(30, 10).check().unwrap_err().to_string(),
            "expected at most the `max` beside it in `uniform.min`, found `30ms`"
        );
    }
}
