//! What one more request in flight takes in memory: the slope of the client's live bytes on the level of concurrency, never
//! the bytes divided by the level, which would share out what the client takes anyway.
//!
//! The slope is that of Theil and Sen, the median of the slopes between any two levels: one level at which something else
//! took memory moves it little. Its interval is the one that goes with Kendall's rank correlation, exact for any noise: with
//! `M` slopes in order and `D` the number of discordant pairs of levels, `[k]` up to `[M - 1 - k]` covers the true slope with
//! `1 - 2 P(D <= k)` (Sen, 1968).

use crate::units::{count, float, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// With fewer levels the interval says next to nothing.
const LEAST_LEVELS: usize = 4;
/// What the interval should cover at least, where there are levels enough for it: five or more.
const CONFIDENCE: f64 = 0.95;

/// Bytes for one more request in flight.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MemorySlope {
    /// The slope.
    pub bytes: f64,
    /// The lower end of its interval.
    pub low: f64,
    /// The upper end of its interval.
    pub high: f64,
    /// How probably the interval covers the true slope: at least 0.95 with five levels or more, 0.917 with four.
    pub confidence: f64,
    /// How many levels it is taken from.
    pub levels: usize,
}

/// The slope through points of a level and the bytes at it. `None` with fewer than four levels.
pub(super) fn slope(points: &[(f64, u64)]) -> Option<MemorySlope> {
    let mut slopes = Vec::new();
    for (at, &(level, bytes)) in points.iter().enumerate() {
        for &(other, other_bytes) in points.iter().skip(at + 1) {
            let step = other - level;
            if step != 0.0 {
                slopes.push((float(other_bytes) - float(bytes)) / step);
            }
        }
    }
    slopes.sort_by(f64::total_cmp);
    let levels = points.len();
    // Two points at the same level leave out a slope: then the interval would not be exact.
    if levels < LEAST_LEVELS || slopes.len() != levels * (levels - 1) / 2 {
        return None;
    }
    let (outside, confidence) = interval(levels);
    Some(MemorySlope {
        bytes: median(&slopes)?,
        low: *slopes.get(outside)?,
        high: *slopes.get(slopes.len() - 1 - outside)?,
        confidence,
        levels,
    })
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.get(sorted.len() / 2)?;
    if sorted.len() % 2 == 1 {
        return Some(*middle);
    }
    Some(f64::midpoint(*sorted.get(sorted.len() / 2 - 1)?, *middle))
}

/// How many slopes to leave out at each end, and what the rest covers: the fewest slopes that cover enough, or all.
fn interval(levels: usize) -> (usize, f64) {
    let mut best = (0, 0.0);
    let mut below = 0.0;
    for (outside, probability) in discordances(levels).into_iter().enumerate() {
        below += probability;
        let confidence = 1.0 - 2.0 * below;
        if outside > 0 && confidence < CONFIDENCE {
            break;
        }
        best = (outside, confidence);
    }
    best
}

/// The probabilities of 0, 1, 2, .. discordant pairs among so many points in random order: each new point stands in as many
/// discordant pairs, from none to all, with equal chance.
fn discordances(points: usize) -> Vec<f64> {
    let mut chances = vec![1.0];
    for before in 1..points {
        let mut next = vec![0.0; chances.len() + before];
        let share = 1.0 / float(wide(before + 1));
        for (pairs, chance) in chances.iter().enumerate() {
            for cell in next.iter_mut().skip(pairs).take(before + 1) {
                *cell += chance * share;
            }
        }
        chances = next;
    }
    chances
}

impl MemorySlope {
    /// The confidence in whole percent.
    pub fn percent(&self) -> u64 {
        count(self.confidence * 100.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(levels: &[u32]) -> Vec<(f64, u64)> {
        let bytes = |&level: &u32| (f64::from(level), 5_000_000 + 10_000 * u64::from(level));
        levels.iter().map(bytes).collect()
    }

    #[test]
    fn a_straight_line_has_its_slope_and_what_is_there_anyway_is_not_shared_out() {
        let memory = slope(&line(&[100, 200, 400, 800])).unwrap();

        assert_eq!(
            [memory.bytes, memory.low, memory.high].map(count),
            [10_000; 3]
        );
        assert_eq!((memory.levels, memory.percent()), (4, 92));
    }

    #[test]
    fn one_level_that_is_far_off_does_not_move_the_slope() {
        let mut points = line(&[100, 200, 300, 400, 500, 600, 700]);
        points[3].1 *= 3;

        let memory = slope(&points).unwrap();

        assert_eq!(
            [memory.bytes, memory.low, memory.high].map(count),
            [10_000; 3]
        );
        assert_eq!(memory.percent(), 97);
    }

    #[test]
    fn fewer_than_four_levels_or_the_same_twice_have_no_slope() {
        assert_eq!(slope(&line(&[100, 200, 400])), None);
        assert_eq!(slope(&line(&[100, 200, 400, 400])), None);
    }

    /// Of 4 points, 1 of 24 orders has no discordant pair, 3 have one; of 5 points 1 of 120; of 10 the table of Kendall's tau
    /// leaves out 11 slopes at each end.
    #[test]
    fn intervals_are_those_of_the_tables() {
        assert_eq!(interval(4).0, 0);
        assert!((interval(4).1 - (1.0 - 2.0 / 24.0)).abs() < 1e-12);
        assert_eq!(interval(5).0, 0);
        assert!((interval(5).1 - (1.0 - 2.0 / 120.0)).abs() < 1e-12);
        assert_eq!(interval(10).0, 11);
        assert!(interval(10).1 >= CONFIDENCE);
    }
}
