//! The quantiles of a gamma distribution of scale 1, as a curve that is found once and then read off: the logarithm of
//! the quantile over the standard normal quantile of the same share, which for every shape is smooth and nearly
//! straight. Between knots it is the cubic that has the right value and slope at both (Hermite); with 32 knots to a unit
//! it is off by less than a millionth. For shape 1 and the share 50 % it gives 0.693, the logarithm of 2.

use crate::latency::grid::cell;
use crate::latency::standard_normal::normal_quantile;
use std::f64::consts::{PI, SQRT_2};
use std::fmt;
use std::sync::Arc;

/// The curve. Cheap to clone.
#[derive(Clone, PartialEq)]
pub(super) struct Curve(Arc<[Knot]>);

#[derive(Debug, Clone, Copy, PartialEq)]
struct Knot {
    /// The logarithm of the quantile.
    value: f64,
    /// How much it changes from one knot to the next, if it went on straight.
    slope: f64,
}

/// Knots to each standard deviation.
const DENSITY: f64 = 32.0;

/// Knots to each side of the middle: 8.5 standard deviations, while no draw of 53 bits is beyond 8.3.
const REACH: u32 = 272;

impl Curve {
    /// The curve for a shape between 0.04 and 10,000.
    pub(super) fn new(shape: f64) -> Self {
        let gamma = Gamma::new(shape);
        // Outwards from the middle, so that each knot can be guessed from the last.
        let middle = gamma.knot(0.0, gamma.below_median());
        let side = |step: f64| {
            let mut last = middle;
            (1..=REACH).map(move |number| {
                let guess = last.value + step * last.slope;
                last = gamma.knot(step * f64::from(number) / DENSITY, guess);
                last
            })
        };
        let mut below: Vec<_> = side(-1.0).collect();
        below.reverse();
        Self(below.into_iter().chain([middle]).chain(side(1.0)).collect())
    }

    /// The quantile, as a multiple of the scale.
    pub(super) fn quantile(&self, u: f64) -> f64 {
        let place = normal_quantile(u) * DENSITY + f64::from(REACH);
        let (index, t) = cell(place, self.0.len() - 1);
        match self.0.get(index..) {
            Some([from, to, ..]) => between(*from, *to, t).exp(),
            Some(_) | None => unreachable!("the last cell ends at the last knot"),
        }
    }
}

impl fmt::Debug for Curve {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Curve").finish_non_exhaustive()
    }
}

/// The cubic with the values and slopes of both ends, at the part `t` of the way.
fn between(from: Knot, to: Knot, t: f64) -> f64 {
    let rise = to.value - from.value;
    let bend = from.slope + to.slope - 2.0 * rise;
    from.value + t * (from.slope + t * (rise - from.slope - bend + t * bend))
}

/// The gamma distribution of one shape and scale 1, in logarithms throughout: for small shapes its quantiles are too
/// small for a float. Everything is a function of the logarithm `y` of the quantile.
#[derive(Debug, Clone, Copy)]
struct Gamma {
    shape: f64,
    /// The logarithm of the gamma function of the shape, and of the shape plus 1.
    ln_area: f64,
    ln_area_next: f64,
}

impl Gamma {
    fn new(shape: f64) -> Self {
        Self {
            shape,
            ln_area: libm::lgamma(shape),
            ln_area_next: libm::lgamma(shape + 1.0),
        }
    }

    /// The knot at the standard normal quantile `z`, by Newton's method from a guess. The logarithms of both tails of
    /// this distribution are concave in `y`, so that it converges from everywhere.
    fn knot(&self, z: f64, guess: f64) -> Knot {
        let tail = (0.5 * libm::erfc(z.abs() / SQRT_2)).ln();
        let mut y = guess;
        for _ in 0..100 {
            let (ln_tail, direction) = if z <= 0.0 {
                (self.ln_lower(y), 1.0)
            } else {
                (self.ln_upper(y), -1.0)
            };
            let step = direction * (tail - ln_tail) / (self.ln_density(y) - ln_tail).exp();
            // Where the tail is flat the tangent leads far out; a quantile is never far above a guess.
            y += step.min(2.0);
            if step.abs() < 1e-12 {
                break;
            }
        }
        let normal_density = -0.5 * (z * z + (2.0 * PI).ln());
        Knot {
            value: y,
            slope: (normal_density - self.ln_density(y)).exp() / DENSITY,
        }
    }

    /// The logarithm of a quantile below the median: the first term of the series alone is too large.
    fn below_median(&self) -> f64 {
        (0.5_f64.ln() + self.ln_area_next) / self.shape
    }

    /// The logarithm of the density of `y`.
    fn ln_density(&self, y: f64) -> f64 {
        self.shape * y - y.exp() - self.ln_area
    }

    /// The logarithm of the share below: the series 8.7.1 of the NIST Digital Library of Mathematical Functions.
    fn ln_lower(&self, y: f64) -> f64 {
        let x = y.exp();
        let (mut term, mut sum, mut over) = (1.0, 1.0, self.shape);
        while term > sum * 1e-17 {
            over += 1.0;
            term *= x / over;
            sum += term;
        }
        self.shape * y - x - self.ln_area_next + f64::ln(sum)
    }

    /// The logarithm of the share above: the continued fraction 8.9.2 of the same, in its even part and evaluated by
    /// Lentz's method, where that converges fast, and what the share below leaves elsewhere.
    fn ln_upper(&self, y: f64) -> f64 {
        let x = y.exp();
        if x < self.shape + 1.0 {
            return (-self.ln_lower(y).exp()).ln_1p();
        }
        let mut below = x + 1.0 - self.shape;
        let mut c = f64::INFINITY;
        let mut d = below.recip();
        let mut fraction = d;
        for number in 1..100_000_u32 {
            let number = f64::from(number);
            let above = -number * (number - self.shape);
            below += 2.0;
            d = (above * d + below).recip();
            c = below + above / c;
            fraction *= c * d;
            if (c * d - 1.0).abs() < 1e-15 {
                break;
            }
        }
        self.ln_density(y) + fraction.ln()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Shape, share, quantile, found with 50 digits of precision.
    const TABLE: [(f64, f64, f64); 16] = [
        (0.04, 0.01, 5.798_758_340_858e-51),
        (0.04, 0.5, 1.728_164_683_943e-8),
        (0.04, 0.9, 0.043_384_135_329_11),
        (0.04, 0.999_999, 8.469_266_814_674),
        (0.25, 0.5, 0.043_673_802_352_87),
        (0.25, 0.99, 2.433_885_422_197),
        (1.0, 0.01, 0.010_050_335_853_5),
        (1.0, 0.99, 4.605_170_185_988),
        (4.0, 0.0001, 0.231_796_895_172_8),
        (4.0, 0.5, 3.672_060_748_851),
        (4.0, 0.99, 10.045_117_514_83),
        (44.4, 0.01, 30.381_482_875_11),
        (44.4, 0.999_999, 83.538_506_323_05),
        (10_000.0, 0.01, 9_768.836_856_697),
        (10_000.0, 0.5, 9_999.666_668_642),
        (10_000.0, 0.99, 10_234.104_379_16),
    ];

    #[test]
    fn quantiles_are_right_to_a_millionth() {
        for (shape, share, expected) in TABLE {
            let found = Curve::new(shape).quantile(share);
            assert!(
                (found / expected - 1.0).abs() < 1e-6,
                "{shape} {share}: {found}, not {expected}"
            );
        }
    }

    #[test]
    fn between_knots_it_is_as_right_as_newtons_method_is() {
        for shape in [0.04, 0.1, 0.5, 1.0, 4.0, 100.0, 10_000.0] {
            let (curve, gamma) = (Curve::new(shape), Gamma::new(shape));
            for number in 0..160 {
                let z = f64::from(number) / 10.0 - 7.99;
                let share = 0.5 * libm::erfc(-z / SQRT_2);
                let found = curve.quantile(share);

                let exact = gamma.knot(normal_quantile(share), found.ln());

                let off = (found.ln() - exact.value).abs();
                // Below that a float has no six digits.
                assert!(found < 1e-300 || off < 1e-6, "{shape} {z}: off by {off:e}");
            }
        }
    }
}
