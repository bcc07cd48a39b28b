//! The standard normal distribution, and Student's.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

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

/// The value that a share `below` of Student's distribution with so many degrees of freedom does not exceed, for shares between
/// 0 and 1 and at least one degree.
pub fn student_quantile(below: f64, freedom: f64) -> f64 {
    StudentsT::new(0.0, 1.0, freedom).map_or(f64::INFINITY, |law| law.inverse_cdf(below))
}
