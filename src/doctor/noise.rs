//! How much two measurements of the same thing differ here, and so how small a change could be told from that.
//!
//! Blocks of the same load on the same mock stand in quads, as those of a comparison do: A, B, B, A. Nothing tells A from B, so
//! what a quad says is noise: `d = (ln B1 + ln B2 - ln A1 - ln A2) / 2`, in which a linear drift cancels. Of `n` quads whose
//! differences have the standard deviation `s`, a two-sided test at 5 % finds a change of `(z(0.975) + z(0.9)) s / sqrt(n)` on
//! the scale of logarithms nine times in ten (NIST/SEMATECH, "e-Handbook of Statistical Methods", 7.2.2.2).

use crate::gate::statistics::{deviation, normal_quantile};
use crate::metric::Metric;
use crate::summary::{RunSummary, StageSummary};
use crate::trial::difference;
use crate::units::{nanos, wide};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// The metrics that are looked at.
pub(super) const METRICS: [&str; 4] = ["cpu_per_request", "rps_ok", "latency_p50", "latency_p95"];

/// Blocks of a quad.
const QUAD: usize = 4;

/// Fewer quads than this say little about their spread.
const FEWEST: usize = 6;

/// More need not be measured here.
const MOST: usize = 60;

/// A block with its start and its end, as far as can be known before.
const BLOCK: Duration = Duration::from_millis(125);

/// A change is told by a two-sided test at 5 %, and found in so many comparisons.
const BELOW: f64 = 0.975;
const POWER: f64 = 0.9;

/// How long comparisons may take.
const MINUTES: [u32; 3] = [1, 5, 15];

/// The noise of one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Noise {
    /// Its name.
    pub metric: String,
    /// Quads that were measured.
    pub quads: u64,
    /// Time that each of them took, in nanoseconds.
    pub quad_ns: u64,
    /// Standard deviation of their differences, on the scale of natural logarithms.
    pub deviation: f64,
    /// The smallest change that could be told from that, by the time that a comparison takes.
    pub detectable: Vec<Detectable>,
}

/// The smallest change that could be told from noise.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Detectable {
    /// Time that the comparison takes.
    pub minutes: u32,
    /// The change as a share of the value.
    pub change: f64,
}

/// How many blocks of whole quads there is time for.
pub(super) fn blocks_within(period: Duration) -> usize {
    let quads = nanos(period) / nanos(BLOCK) / wide(QUAD);
    let quads = usize::try_from(quads).unwrap_or(MOST);
    quads.clamp(FEWEST, MOST) * QUAD
}

/// The noise of a run whose stages are blocks that differ in nothing, and that took so long. A metric that was not measured in
/// each block has none.
pub(super) fn of(run: &RunSummary, took: Duration) -> Vec<Noise> {
    let blocks = run.stages.len().max(1);
    let each = took / u32::try_from(blocks).unwrap_or(u32::MAX);
    let quad = each * 4;
    let noise = |name: &&str| {
        let metric = Metric::named(name)?;
        let read = |stage: &StageSummary| metric.read(run, stage).value();
        let values: Option<Vec<f64>> = run.stages.iter().map(read).collect();
        noise(name, &values?, quad)
    };
    METRICS.iter().filter_map(noise).collect()
}

/// The noise of blocks with these values, a quad of which takes so long.
fn noise(metric: &str, values: &[f64], quad: Duration) -> Option<Noise> {
    let differences: Vec<f64> = values
        .chunks_exact(QUAD)
        .filter_map(|quad| match quad {
            [a1, b1, b2, a2] => Some(difference([a1.ln(), a2.ln()], [b1.ln(), b2.ln()])),
            _ => None,
        })
        .filter(|difference| difference.is_finite())
        .collect();
    let count = differences.len();
    if count < FEWEST || quad.is_zero() {
        return None;
    }
    let deviation = deviation(&differences);
    let detectable = MINUTES.map(|minutes| Detectable {
        minutes,
        change: detectable(deviation, Duration::from_mins(1) * minutes, quad),
    });
    Some(Noise {
        metric: metric.to_owned(),
        quads: wide(count),
        quad_ns: nanos(quad),
        deviation,
        detectable: detectable.to_vec(),
    })
}

/// The smallest change, as a share, that can be told in this time from quads that differ so much and take so long.
fn detectable(deviation: f64, within: Duration, quad: Duration) -> f64 {
    let quads = (within.as_secs_f64() / quad.as_secs_f64()).max(1.0);
    let reach = normal_quantile(BELOW) + normal_quantile(POWER);
    (reach * deviation / quads.sqrt()).exp_m1()
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUAD_TIME: Duration = Duration::from_millis(600);

    #[test]
    fn a_drift_is_no_noise() {
        let drifting: Vec<f64> = (0..24).map(|block| 1.01_f64.powi(block)).collect();

        let noise = noise("rps_ok", &drifting, QUAD_TIME).unwrap();

        assert_eq!(noise.quads, 6);
        assert!(noise.deviation < 1e-12, "{noise:?}");
        assert!(noise.detectable.iter().all(|found| found.change < 1e-12));
    }

    #[test]
    fn the_smallest_change_shrinks_with_the_root_of_the_time() {
        // Differences of +0.02 and -0.02 in turns.
        let values: Vec<f64> = (0..8)
            .flat_map(|quad| {
                let b = f64::exp(if quad % 2 == 0 { 0.02 } else { -0.02 });
                [1.0, b, b, 1.0]
            })
            .collect();

        let noise = noise("latency_p50", &values, QUAD_TIME).unwrap();

        let deviation = 0.02 * (8.0_f64 / 7.0).sqrt();
        assert!((noise.deviation - deviation).abs() < 1e-12, "{noise:?}");
        let changes: Vec<_> = noise.detectable.iter().map(|found| found.change).collect();
        // A minute has a hundred quads: 3.241516 * 0.021381 / 10.
        assert!(
            (changes[0].ln_1p() - 0.006_930_65).abs() < 1e-6,
            "{changes:?}"
        );
        assert!((changes[0].ln_1p() / changes[2].ln_1p() - 15_f64.sqrt()).abs() < 1e-9);
    }

    #[test]
    fn too_few_quads_say_nothing() {
        assert_eq!(noise("rps_ok", &[1.0; 23], QUAD_TIME), None);
    }

    #[test]
    fn there_are_as_many_whole_quads_as_there_is_time_for() {
        assert_eq!(blocks_within(Duration::from_secs(5)), 40);
        assert_eq!(blocks_within(Duration::ZERO), 24);
        assert_eq!(blocks_within(Duration::from_hours(1)), 240);
    }
}
