//! Probabilities adjusted for how many are looked at together.

use crate::units::{float, wide};

/// Adjusted so that all of them together reject a true hypothesis no more often than each by itself (S. Holm, "A Simple
/// Sequentially Rejective Multiple Test Procedure", 1979). In the order given.
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut adjusted = vec![1.0; probabilities.len()];
    let mut so_far = 0.0_f64;
    for (place, position) in ascending(probabilities).into_iter().enumerate() {
        let left = float(wide(probabilities.len() - place));
        let here = probabilities
            .get(position)
            .map_or(1.0, |p| (p * left).min(1.0));
        so_far = so_far.max(here);
        put(&mut adjusted, position, so_far);
    }
    adjusted
}

/// Adjusted so that of those which are rejected no greater share is expected to be true (Y. Benjamini and Y. Hochberg,
/// "Controlling the False Discovery Rate", 1995). In the order given.
pub fn false_discovery(probabilities: &[f64]) -> Vec<f64> {
    let n = float(wide(probabilities.len()));
    let mut adjusted = vec![1.0; probabilities.len()];
    let mut so_far = 1.0_f64;
    for (place, position) in ascending(probabilities).into_iter().enumerate().rev() {
        let here = probabilities
            .get(position)
            .map_or(1.0, |p| p * n / float(wide(place + 1)));
        so_far = so_far.min(here);
        put(&mut adjusted, position, so_far);
    }
    adjusted
}

/// The positions of the values from the least to the greatest.
fn ascending(values: &[f64]) -> Vec<usize> {
    let mut places: Vec<(usize, f64)> = values.iter().copied().enumerate().collect();
    places.sort_by(|(_, a), (_, b)| a.total_cmp(b));
    places.into_iter().map(|(position, _)| position).collect()
}

fn put(values: &mut [f64], position: usize, value: f64) {
    if let Some(place) = values.get_mut(position) {
        *place = value;
    }
}
