//! Independent gaps that follow a gamma distribution: `{ gamma: { rate: 200/s, burstiness: 0.25 } }`. The coefficient of
//! variation of the gaps is `1 / sqrt(burstiness)`: below 1 arrivals come in clusters with pauses between them, 1 is a
//! Poisson process, and above 1 they are the more even the higher it is. The name and its meaning are those of vLLM's
//! `--burstiness`.

use crate::seed::Seed;
use crate::units::{Offset, Rate, count};
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// Gamma-distributed gaps.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Gamma {
    /// Mean number of requests per unit of time.
    pub rate: Rate,
    /// Shape of the distribution, 0.01 to 1000: below 1 arrivals cluster, 1 is a Poisson process, above 1 they are more even.
    #[serde(deserialize_with = "burstiness")]
    #[schemars(range(min = 0.01, max = 1000.0))]
    pub burstiness: f64,
}

/// Gamma-distributed gaps on their way.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    gap_nanos: rand_distr::Gamma<f64>,
    /// Nanoseconds. Below 2^53 for the first 104 days, so that no gap is rounded by more than one of them.
    elapsed: f64,
    draws: ChaCha8Rng,
}

impl Gamma {
    pub(super) fn arrivals(self, seed: Seed) -> Arrivals {
        let mean_nanos = 1e9 / self.rate.per_second();
        let gap_nanos = rand_distr::Gamma::new(self.burstiness, mean_nanos / self.burstiness)
            .unwrap_or_else(|_| unreachable!("a shape and a scale above zero make a distribution"));
        Arrivals {
            gap_nanos,
            elapsed: 0.0,
            draws: seed.stream("arrivals"),
        }
    }
}

impl Arrivals {
    /// When the next request starts. The first one also waits for its gap, as with `poisson`.
    pub(super) fn next(&mut self) -> Offset {
        self.elapsed += self.gap_nanos.sample(&mut self.draws);
        Offset::from_nanos(count(self.elapsed))
    }
}

fn burstiness<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let shape = f64::deserialize(deserializer)?;
    if (0.01..=1000.0).contains(&shape) {
        Ok(shape)
    } else {
        Err(D::Error::custom(format_args!(
            "expected a burstiness from 0.01 to 1000, found `{shape}`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::float;

    fn gaps(burstiness: f64, count: u32) -> Vec<f64> {
        let law = Gamma {
            rate: Rate::try_per_second(1000.0).unwrap(),
            burstiness,
        };
        let mut arrivals = law.arrivals(Seed::new(7));
        let mut before = 0;
        let mut gap = || {
            let at = arrivals.next().nanos();
            let gap = at - before;
            before = at;
            float(gap) / 1e6
        };
        (0..count).map(|_| gap()).collect()
    }

    #[test]
    fn the_variation_of_the_gaps_is_what_the_burstiness_says() {
        for (burstiness, expected) in [(0.25, 2.0), (1.0, 1.0), (4.0, 0.5), (100.0, 0.1)] {
            let gaps = gaps(burstiness, 40_000);
            let mean = gaps.iter().sum::<f64>() / 40_000.0;
            let variance = gaps.iter().map(|gap| (gap - mean).powi(2)).sum::<f64>() / 40_000.0;

            assert!((mean - 1.0).abs() < 0.04, "{burstiness}: mean {mean}");
            let variation = variance.sqrt() / mean;
            assert!(
                (variation / expected - 1.0).abs() < 0.05,
                "{burstiness}: variation {variation}"
            );
        }
    }

    #[test]
    fn it_starts_at_the_same_moments_for_ever() {
        let law = Gamma {
            rate: Rate::try_per_second(200.0).unwrap(),
            burstiness: 0.25,
        };
        let mut arrivals = law.arrivals(Seed::new(7));

        let starts: Vec<u64> = (0..4).map(|_| arrivals.next().nanos()).collect();

        assert_eq!(starts, [55, 152_765, 156_985, 2_334_933]);
    }
}
