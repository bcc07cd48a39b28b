//! The standard normal distribution.

use statrs::distribution::{ContinuousCDF, Normal};

fn standard() -> Normal {
    Normal::new(0.0, 1.0).unwrap_or_else(|_| unreachable!("a deviation of 1 is one"))
}

/// The probability of a value of at least `z`.
pub fn normal_tail(z: f64) -> f64 {
    standard().sf(z)
}

/// The value that a share `below` of all values does not exceed, for shares between 0 and 1.
pub fn normal_quantile(below: f64) -> f64 {
    standard().inverse_cdf(below)
}
