//! A rate that changes over time: `{ ramp: { from: 10/s, to: 200/s, over: 60s, shape: linear } }`. After `over` it stays
//! at `to`.
//!
//! With the expected number of arrivals `L(t)`, the integral of the rate, request `n` starts where `L` reaches `n`, or,
//! with `gaps: poisson`, where it reaches the `n`th arrival of a Poisson process of rate 1 (time rescaling: Çinlar,
//! "Introduction to Stochastic Processes", 1975, 4.7). Each start is computed from `n`, so nothing drifts and nothing is
//! approximated in steps.

use super::within_a_day;
use crate::seed::Seed;
use crate::units::{Offset, Period, Rate, count, float};
use rand::distr::Distribution;
use rand_chacha::ChaCha8Rng;
use rand_distr::Exp1;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// A rate that changes over time, and then stays.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// Requests per unit of time at the start.
    pub from: Rate,
    /// Requests per unit of time in the end.
    pub to: Rate,
    /// How long the way takes, warm-up included; above 0s, at most 24h.
    #[serde(deserialize_with = "some_time")]
    pub over: Period,
    /// How the rate gets there.
    #[serde(default)]
    pub shape: Shape,
    /// What lies between one request and the next.
    #[serde(default)]
    pub gaps: Gaps,
}

/// How a rate gets from one value to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// By the same amount in each second.
    #[default]
    Linear,
    /// By the same factor in each second.
    Exponential,
    /// In so many equal steps of the same length, 2 to 1000; the first has the first rate, the last one the last.
    Steps(
        #[serde(deserialize_with = "steps")]
        #[schemars(schema_with = "steps_schema")]
        u32,
    ),
}

/// What lies between one request and the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gaps {
    /// As even as the rate allows.
    #[default]
    Constant,
    /// Independent arrivals.
    Poisson,
}

/// A ramp on its way.
#[derive(Debug, Clone)]
pub(super) struct Arrivals {
    ramp: Ramp,
    /// Requests so far, or what a Poisson process of rate 1 has come to.
    expected: f64,
    gaps: Option<ChaCha8Rng>,
    /// Of constant gaps.
    next: u64,
}

impl Ramp {
    pub(super) fn arrivals(self, seed: Seed) -> Arrivals {
        Arrivals {
            ramp: self,
            expected: 0.0,
            gaps: (self.gaps == Gaps::Poisson).then(|| seed.stream("arrivals")),
            next: 0,
        }
    }

    /// The rate at the start, that in the end, and the seconds between them.
    fn parts(&self) -> (f64, f64, f64) {
        let over = self.over.duration().as_secs_f64();
        (self.from.per_second(), self.to.per_second(), over)
    }

    /// How many arrivals are expected within the ramp.
    fn whole(&self) -> f64 {
        let (from, to, over) = self.parts();
        match self.shape {
            // A staircase of equal steps has the mean of its ends.
            Shape::Linear | Shape::Steps(_) => f64::midpoint(from, to) * over,
            Shape::Exponential => exponential_whole(from, to, over),
        }
    }

    /// The seconds after which so many arrivals are expected.
    fn reaches(&self, expected: f64) -> f64 {
        let (from, to, over) = self.parts();
        let whole = self.whole();
        if expected >= whole {
            return over + (expected - whole) / to;
        }
        match self.shape {
            Shape::Linear => {
                // The root of `from t + (to - from) t^2 / (2 over) = expected`, in the form that loses no digits.
                let slope = (to - from) / over;
                let root = (from * from + 2.0 * slope * expected).max(0.0).sqrt();
                2.0 * expected / (from + root)
            }
            Shape::Exponential => {
                let growth = (to / from).ln() / over;
                // `from / growth (e^(growth t) - 1) = expected`; a rate that stays grows by nothing.
                let share = growth * expected / from;
                if share.abs() < 1e-12 {
                    expected / from
                } else {
                    share.ln_1p() / growth
                }
            }
            Shape::Steps(steps) => staircase(from, to, over, steps, expected),
        }
    }
}

/// The integral of an exponentially changing rate.
fn exponential_whole(from: f64, to: f64, over: f64) -> f64 {
    let log = (to / from).ln();
    if log.abs() < 1e-9 {
        f64::midpoint(from, to) * over
    } else {
        (to - from) / log * over
    }
}

/// The seconds after which a staircase of rates has come to so many arrivals.
fn staircase(from: f64, to: f64, over: f64, steps: u32, expected: f64) -> f64 {
    let length = over / f64::from(steps);
    let rise = (to - from) / f64::from(steps.saturating_sub(1).max(1));
    let mut left = expected;
    for step in 0..steps {
        let rate = from + rise * f64::from(step);
        if left <= rate * length {
            return f64::from(step) * length + left / rate;
        }
        left -= rate * length;
    }
    over
}

impl Arrivals {
    /// When the next request starts, to the nearest nanosecond.
    pub(super) fn next(&mut self) -> Offset {
        let expected = match &mut self.gaps {
            None => float(self.next),
            Some(gaps) => {
                let gap: f64 = Exp1.sample(gaps);
                self.expected += gap;
                self.expected
            }
        };
        self.next += 1;
        Offset::from_nanos(count(self.ramp.reaches(expected) * 1e9))
    }
}

fn some_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Period, D::Error> {
    let period = within_a_day(deserializer)?;
    if period.is_zero() {
        return Err(D::Error::custom("expected a duration above 0s, found `0s`"));
    }
    Ok(period)
}

/// What the number of steps looks like to an editor.
fn steps_schema(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "description": "How many steps, 2 to 1000.",
        "type": "integer",
        "minimum": 2,
        "maximum": 1000,
    })
}

fn steps<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let steps = u32::deserialize(deserializer)?;
    if (2..=1000).contains(&steps) {
        Ok(steps)
    } else {
        Err(D::Error::custom(format_args!(
            "expected 2 to 1000 steps, found `{steps}`"
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rate(per_second: f64) -> Rate {
        Rate::try_per_second(per_second).unwrap()
    }

    fn ramp(from: f64, to: f64, seconds: u64, shape: Shape) -> Ramp {
        Ramp {
            from: rate(from),
            to: rate(to),
            over: Period::from_secs(seconds),
            shape,
            gaps: Gaps::Constant,
        }
    }

    /// How many requests start in each of the first seconds.
    fn by_second(ramp: Ramp, seconds: usize) -> Vec<u64> {
        let mut counts = vec![0; seconds];
        let mut arrivals = ramp.arrivals(Seed::new(7));
        loop {
            let second = usize::try_from(arrivals.next().nanos() / 1_000_000_000).unwrap();
            match counts.get_mut(second) {
                Some(count) => *count += 1,
                None => return counts,
            }
        }
    }

    #[test]
    fn a_linear_ramp_gains_the_same_in_each_second_and_then_stays() {
        let counts = by_second(ramp(100.0, 500.0, 4, Shape::Linear), 6);

        assert_eq!(counts, [150, 250, 350, 450, 500, 500]);
    }

    #[test]
    fn a_ramp_may_go_down() {
        let counts = by_second(ramp(400.0, 200.0, 2, Shape::Linear), 3);

        assert_eq!(counts, [350, 250, 200]);
    }

    #[test]
    fn an_exponential_ramp_gains_the_same_factor_in_each_second() {
        let counts = by_second(ramp(100.0, 1600.0, 4, Shape::Exponential), 5);

        // So many start before second s: one more than 100 (2^s - 1) / ln 2, rounded down.
        assert_eq!(counts, [145, 288, 577, 1155, 1600]);
        assert_eq!(
            by_second(ramp(200.0, 200.0, 2, Shape::Exponential), 3),
            [200; 3]
        );
    }

    #[test]
    fn steps_are_equally_long_and_equally_high() {
        let counts = by_second(ramp(100.0, 300.0, 6, Shape::Steps(3)), 7);

        assert_eq!(counts, [100, 100, 200, 200, 300, 300, 300]);
    }

    #[test]
    fn poisson_gaps_follow_the_same_rate() {
        let ramp = Ramp {
            gaps: Gaps::Poisson,
            ..ramp(1000.0, 5000.0, 4, Shape::Linear)
        };

        for (count, expected) in by_second(ramp, 5)
            .into_iter()
            .zip([1500_u64, 2500, 3500, 4500, 5000])
        {
            // Four standard deviations.
            let most = 4.0 * float(expected).sqrt();
            assert!(
                float(count.abs_diff(expected)) < most,
                "{count} against {expected}"
            );
        }
    }

    proptest! {
        #[test]
        fn what_is_expected_at_a_time_is_reached_at_it(
            from in 0.1_f64..1e5, to in 0.1_f64..1e5, seconds in 1_u64..1000, share in 0.0_f64..1.5,
        ) {
            for shape in [Shape::Linear, Shape::Exponential, Shape::Steps(7)] {
                let ramp = ramp(from, to, seconds, shape);
                let (_, _, over) = ramp.parts();

                let at = ramp.reaches(share * ramp.whole());
                let again = expected_at(&ramp, at);

                prop_assert!((again - share * ramp.whole()).abs() <= 1e-6 * ramp.whole(), "{shape:?} {at} {again}");
                prop_assert!((share >= 1.0) == (at >= over - 1e-9 * over));
            }
        }
    }

    /// The integral of the rate, by an independent way: the midpoint rule within each seventh of the ramp.
    fn expected_at(ramp: &Ramp, at: f64) -> f64 {
        let (from, to, over) = ramp.parts();
        let rate = |t: f64| match ramp.shape {
            Shape::Linear => from + (to - from) * t / over,
            Shape::Exponential => from * (to / from).powf(t / over),
            Shape::Steps(steps) => {
                let step = (t / over * f64::from(steps)).floor();
                from + (to - from) * step / f64::from(steps - 1)
            }
        };
        let pieces = 7_000;
        let inside = at.min(over);
        // Pieces that end where a step does.
        let width = over / f64::from(pieces);
        let mut sum = 0.0;
        for piece in 0..pieces {
            let start = f64::from(piece) * width;
            let length = (inside - start).clamp(0.0, width);
            sum += rate(start + length / 2.0) * length;
        }
        sum + (at - inside) * to
    }
}
