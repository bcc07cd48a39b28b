//! The location of a symmetric distribution: the median of all means of two (J. L. Hodges and E. L. Lehmann, "Estimates of
//! Location Based on Rank Tests", 1963), and the interval of all locations that the signed-rank test does not reject.

use super::signed_rank::lower_quantile;

/// Where differences lie, and how surely.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Location {
    /// The estimate of Hodges and Lehmann.
    pub estimate: f64,
    /// The interval; `None` where there are too few differences for its confidence.
    pub interval: Option<Interval>,
}

/// An interval and the confidence that it really has, at least the one that was asked for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Its lower end.
    pub lower: f64,
    /// Its upper end.
    pub upper: f64,
    /// Between 0 and 1.
    pub confidence: f64,
}

impl Location {
    /// The location of `differences`, with an interval of at least `confidence`; `None` of no differences.
    pub fn of(differences: &[f64], confidence: f64) -> Option<Self> {
        let means = walsh_averages(differences);
        let estimate = (!means.is_empty()).then(|| super::median(&means))?;
        Some(Self {
            estimate,
            interval: interval(&means, differences.len(), confidence),
        })
    }
}

/// The mean of each difference with itself and with each later one, from the least to the greatest.
fn walsh_averages(differences: &[f64]) -> Vec<f64> {
    let mut means = Vec::with_capacity(differences.len() * (differences.len() + 1) / 2);
    for (position, one) in differences.iter().enumerate() {
        let others = differences.iter().skip(position);
        means.extend(others.map(|other| f64::midpoint(*one, *other)));
    }
    means.sort_by(f64::total_cmp);
    means
}

/// The interval between the order statistics of the means that the signed-rank test puts there.
fn interval(means: &[f64], n: usize, confidence: f64) -> Option<Interval> {
    let (k, below) = lower_quantile((1.0 - confidence) / 2.0, n);
    let reached = 1.0 - 2.0 * below;
    // Of too few differences, the widest interval there is has less confidence than was asked for.
    if reached < confidence {
        return None;
    }
    Some(Interval {
        lower: *means.get(k - 1)?,
        upper: *means.get(means.len().checked_sub(k)?)?,
        confidence: reached,
    })
}
