//! The statistics of paired comparisons: pure functions of numbers, which know nothing of metrics, arms or verdicts.
//! Each gives what R gives for the same data (`wilcox.test`, `fisher.test`, `p.adjust`), which its tests hold it against.
//!
//! Example: of the differences `[0.12, 0.08, -0.01, 0.10, 0.11, 0.09]` the location is 0.095, with a 95 % interval of
//! -0.01 to 0.12.

mod adjust;
mod change_points;
mod fisher;
mod normal;
mod sign_flip;
mod signed_rank;
mod walsh;

pub use adjust::{false_discovery, holm};
pub use change_points::change_points;
pub use fisher::fisher_greater;
pub use normal::{normal_quantile, normal_tail, student_quantile};
pub use sign_flip::sign_flip_greater;
pub use signed_rank::{Rejection, SignedRanks};
pub use walsh::{Interval, Location};

/// The mean; zero of nothing.
pub fn mean(values: &[f64]) -> f64 {
    let n = crate::units::float(crate::units::wide(values.len()));
    if values.is_empty() {
        0.0
    } else {
        values.iter().sum::<f64>() / n
    }
}

/// The median: of an even number, the mean of the two in the middle. Zero of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match (sorted.get(middle.wrapping_sub(1)), sorted.get(middle)) {
        (_, None) => 0.0,
        (Some(below), Some(above)) if sorted.len().is_multiple_of(2) => {
            f64::midpoint(*below, *above)
        }
        (_, Some(middle)) => *middle,
    }
}

/// The standard deviation of a sample, with `n - 1` below the line; zero of fewer than two values.
pub fn deviation(values: &[f64]) -> f64 {
    if values.len() < 2 {
        return 0.0;
    }
    let centre = mean(values);
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let freedom = crate::units::float(crate::units::wide(values.len() - 1));
    (squares / freedom).sqrt()
}

#[cfg(test)]
mod tests;
