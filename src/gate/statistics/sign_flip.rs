//! The sign-flip test: how often a choice of signs for the means gives a sum as great as theirs (R. A. Fisher, "The Design
//! of Experiments", 1935, chapter 3). It asks nothing of their distribution but symmetry, and of few means it is exact.

/// The most means whose signs are all tried out.
const MOST: u32 = 20;

/// How likely a sum as great as that of `means`, or greater, is when their location is `location` and their distribution
/// symmetric. Of more than 20 means, the first 20 are taken.
pub fn sign_flip_greater(location: f64, means: &[f64]) -> f64 {
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let moved: Vec<f64> = means
        .iter()
        .take(most)
        .map(|mean| mean - location)
        .collect();
    let sum: f64 = moved.iter().sum();
    let size: f64 = moved.iter().map(|mean| mean.abs()).sum();
    // Sums that are equal but for rounding are equal.
    let least = sum - 1e-12 * size;
    let choices = 1_u32 << u32::try_from(moved.len()).unwrap_or(MOST);
    let as_great = (0..choices)
        .filter(|choice| {
            let flipped = moved.iter().enumerate().map(|(position, mean)| {
                if choice >> position & 1 == 1 {
                    -mean
                } else {
                    *mean
                }
            });
            flipped.sum::<f64>() >= least
        })
        .count();
    crate::units::float(crate::units::wide(as_great)) / f64::from(choices)
}
