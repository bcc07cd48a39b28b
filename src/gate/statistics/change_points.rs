//! Where a series changes its level: Pettitt's test of a single change (A. N. Pettitt, "A Non-Parametric Approach to the
//! Change-Point Problem", 1979), repeated within the parts. It asks nothing of the distribution, and one outlier is no change.

use crate::units::{float, wide};

/// A change is told when chance alone makes one so great less often than this.
const UNLIKELY: f64 = 0.01;
/// A level has at least so many values: fewer are outliers.
const SHORTEST: usize = 4;

/// The positions at which a new level begins, in order.
pub fn change_points(values: &[f64]) -> Vec<usize> {
    let mut found = Vec::new();
    split(values, 0, &mut found);
    found.sort_unstable();
    settled(values, found)
}

/// Holds each change against the levels next to it alone: of two steps up, the first cut is between them, where nothing changes.
/// Moves each to where it is most likely then, and takes away what is none.
fn settled(values: &[f64], mut found: Vec<usize>) -> Vec<usize> {
    const ROUNDS: usize = 10;
    for _ in 0..ROUNDS {
        let ends = found.iter().skip(1).copied().chain([values.len()]);
        let mut kept: Vec<usize> = Vec::new();
        for end in ends.collect::<Vec<_>>() {
            let start = kept.last().copied().unwrap_or_default();
            let part = values.get(start..end).unwrap_or_default();
            kept.extend(change(part).map(|at| start + at));
        }
        if kept == found {
            break;
        }
        found = kept;
    }
    found
}

fn split(values: &[f64], offset: usize, found: &mut Vec<usize>) {
    let Some(at) = change(values) else {
        return;
    };
    found.push(offset + at);
    let (before, after) = values.split_at(at);
    split(before, offset, found);
    split(after, offset + at, found);
}

/// Where the one most likely change is, if there is one.
fn change(values: &[f64]) -> Option<usize> {
    let n = values.len();
    if n < 2 * SHORTEST {
        return None;
    }
    // How often a value before the change is less than one after it, less how often it is greater.
    let mut statistic = 0.0;
    let mut greatest = (0.0_f64, 0);
    for (position, value) in values.iter().enumerate() {
        let (less, greater) = values.iter().fold((0.0, 0.0), |(less, greater), other| {
            (
                less + f64::from(u8::from(other < value)),
                greater + f64::from(u8::from(other > value)),
            )
        });
        statistic += greater - less;
        let at = position + 1;
        if (SHORTEST..=n - SHORTEST).contains(&at) && statistic.abs() > greatest.0 {
            greatest = (statistic.abs(), at);
        }
    }
    let (statistic, at) = greatest;
    let n = float(wide(n));
    let probability = 2.0 * (-6.0 * statistic.powi(2) / (n.powi(3) + n.powi(2))).exp();
    (probability < UNLIKELY).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;
    use rand_distr::{Distribution, Normal};

    fn noise(n: usize, seed: u64) -> Vec<f64> {
        let mut stream = Seed::new(seed).stream("noise");
        let law = Normal::new(100.0, 3.0).unwrap();
        (0..n).map(|_| law.sample(&mut stream)).collect()
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let mut values = noise(30, 1);
        values.iter_mut().skip(18).for_each(|value| *value *= 1.15);

        let found = change_points(&values);
        assert!(matches!(found[..], [16..=20]), "{found:?}");
    }

    #[test]
    fn two_steps_are_two() {
        let mut values = noise(45, 2);
        values.iter_mut().skip(15).for_each(|value| *value *= 1.2);
        values.iter_mut().skip(30).for_each(|value| *value *= 1.2);

        let found = change_points(&values);
        assert!(matches!(found[..], [13..=17, 28..=32]), "{found:?}");
    }

    #[test]
    fn an_outlier_is_no_change_and_seven_values_have_none() {
        let mut values = noise(30, 3);
        values[12] = 400.0;

        assert_eq!(change_points(&values), [0_usize; 0]);
        assert_eq!(
            change_points(&[1.0, 1.0, 1.0, 9.0, 9.0, 9.0, 9.0]),
            [0_usize; 0]
        );
    }

    #[test]
    fn the_statistic_is_that_of_the_definition() {
        // U(t) = sum over i <= t < j of sgn(x(j) - x(i)); of a step between equal halves it is t (n - t) at the step.
        let values = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0];

        // 2 exp(-6 * 36^2 / (12^3 + 12^2)) = 0.0314: not yet unlikely enough.
        assert_eq!(change_points(&values), [0_usize; 0]);
        let longer: Vec<f64> = [[1.0; 9], [2.0; 9]].concat();
        // 2 exp(-6 * 81^2 / (18^3 + 18^2)) = 0.0033.
        assert_eq!(change_points(&longer), [9]);
    }

    #[test]
    fn unchanged_series_are_hardly_ever_called_changed() {
        let called = (0..1000)
            .filter(|seed| !change_points(&noise(30, *seed)).is_empty())
            .count();

        assert!(called <= 10, "{called} of 1000");
    }
}
