//! Wilcoxon's signed-rank statistic with its exact distribution, ties included (F. Wilcoxon, "Individual Comparisons by
//! Ranking Methods", 1945; the shift algorithm: B. Streitberg and J. Röhmel, "Exact Distributions for Permutation and Rank
//! Tests", 1986).

use super::normal::normal_tail;
use crate::units::{float, wide};

/// Up to so many differences the distribution is exact; beyond, it is the normal one with the variance of the ranks.
const EXACT: usize = 100;

/// The other side of a null hypothesis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rejection {
    /// The location is greater.
    Greater,
    /// The location is less.
    Less,
}

/// The ranks of differences by their size, zeros left out, equal sizes sharing the mean of their ranks.
#[derive(Debug, Clone, PartialEq)]
pub struct SignedRanks {
    /// Each rank doubled, so that it is whole.
    doubled: Vec<usize>,
    /// The sum of the doubled ranks of the positive differences.
    positive: usize,
}

impl SignedRanks {
    /// Ranks `values` about `location`.
    pub fn about(location: f64, values: &[f64]) -> Self {
        let mut differences: Vec<f64> = values
            .iter()
            .map(|value| value - location)
            .filter(|difference| difference.abs() > 0.0)
            .collect();
        differences.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
        let mut ranks = Self {
            doubled: Vec::with_capacity(differences.len()),
            positive: 0,
        };
        for equal in differences.chunk_by(|a, b| a.abs().total_cmp(&b.abs()).is_eq()) {
            let before = ranks.doubled.len();
            // Ranks before + 1 to before + k, whose mean doubled is this.
            let doubled = 2 * before + equal.len() + 1;
            let positive = equal.iter().filter(|difference| **difference > 0.0).count();
            ranks.positive += positive * doubled;
            ranks
                .doubled
                .extend(std::iter::repeat_n(doubled, equal.len()));
        }
        ranks
    }

    /// The sum of the ranks of the positive differences, R's `V`.
    pub fn statistic(&self) -> f64 {
        float(wide(self.positive)) / 2.0
    }

    /// How likely it is that the differences lie as far to that side, or farther, when their location is that which they
    /// were ranked about and their distribution symmetric; 1 when there are none.
    pub fn probability(&self, rejection: Rejection) -> f64 {
        let total: usize = self.doubled.iter().sum();
        let beyond = match rejection {
            Rejection::Greater => self.positive,
            // By symmetry: sums of at most this are as likely as sums of at least the rest.
            Rejection::Less => total - self.positive,
        };
        if self.doubled.len() <= EXACT {
            self.exact(beyond, total)
        } else {
            self.normal(beyond, total)
        }
    }

    /// The share of all choices of signs whose positive ranks sum to at least `least`.
    fn exact(&self, least: usize, total: usize) -> f64 {
        self.ways(total).iter().skip(least).sum::<f64>().min(1.0)
    }

    /// The share of all choices of signs for each sum of the positive doubled ranks.
    fn ways(&self, total: usize) -> Vec<f64> {
        let mut ways = vec![0.0_f64; total + 1];
        if let Some(none) = ways.first_mut() {
            *none = 1.0;
        }
        let mut reached = 0;
        for &rank in &self.doubled {
            reached += rank;
            for sum in (0..=reached).rev() {
                let with = sum
                    .checked_sub(rank)
                    .and_then(|rest| ways.get(rest).copied());
                if let Some(here) = ways.get_mut(sum) {
                    // Halved each time: a probability instead of a count, which would not fit.
                    *here = f64::midpoint(*here, with.unwrap_or_default());
                }
            }
        }
        ways
    }

    /// The normal distribution with the mean and variance of the sum, corrected for its steps.
    fn normal(&self, least: usize, total: usize) -> f64 {
        let squares: f64 = self
            .doubled
            .iter()
            .map(|&rank| float(wide(rank)).powi(2))
            .sum();
        let mean = float(wide(total)) / 2.0;
        let above = float(wide(least)) - mean - 1.0;
        normal_tail(above / (squares / 4.0).sqrt())
    }
}

/// Where the interval of all locations that are not rejected begins among the means of two, counted from 1: R's
/// `qsignrank(tail, n)`, and at least 1. With it, how likely a sum of the ranks of `n` differences without ties is that is less.
pub(super) fn lower_quantile(tail: f64, n: usize) -> (usize, f64) {
    let ranks = SignedRanks {
        doubled: (1..=n).map(|rank| 2 * rank).collect(),
        positive: 0,
    };
    let total: usize = ranks.doubled.iter().sum();
    let ways = (n <= EXACT).then(|| ranks.ways(total));
    let mut below = 0.0;
    for sum in 0..=total / 2 {
        let reached = match &ways {
            Some(ways) => below + ways.get(2 * sum).copied().unwrap_or_default(),
            // As likely as a sum of at least the rest.
            None => ranks.normal(total - 2 * sum, total),
        };
        if reached >= tail && sum > 0 {
            return (sum, below);
        }
        below = reached;
    }
    (total / 2, below)
}
