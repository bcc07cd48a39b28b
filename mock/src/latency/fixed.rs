//! Always the same duration: `latency: { fixed: 20ms }`.

use super::{Distribution, check_period};
use crate::spec::Error;
use inferometer_proto::quantity::Period;
use std::time::Duration;

impl Distribution for Period {
    fn check(&self) -> Result<(), Error> {
        check_period("fixed", *self)
    }

    fn quantile(&self, _u: f64) -> Duration {
        self.duration()
    }
}

#[cfg(test)]
mod tests {
    use crate::Latency;
    use inferometer_proto::quantity::Period;
    use std::time::Duration;

    #[test]
    fn every_quantile_is_the_same() {
        let latency = Latency::Fixed(Period::from_millis(20));

        assert_eq!(latency.quantile(0.001), Duration::from_millis(20));
        assert_eq!(latency.quantile(0.999), Duration::from_millis(20));
    }

    #[test]
    fn more_than_a_day_is_refused() {
        let error = Latency::Fixed(Period::from_secs(86_401))
            .check()
            .unwrap_err();

        assert_eq!(
            error.to_string(),
            "expected at most 24h in `fixed`, found `1day 1s`"
        );
    }
}
