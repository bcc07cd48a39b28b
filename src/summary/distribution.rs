//! Durations and how often each came: what is kept of a histogram after recording. Only the buckets in use are held, a
//! few kilobytes, so that a run of many stages stays small.
//!
//! In a file it is `{ "n": 1000, "p50_ns": 5312511, .., "histogram": "<V2 DEFLATE, base64>" }`: quantiles for people,
//! the standard HDR encoding for everything else. Reading takes the encoding; merging adds counts, and loses nothing.

use super::reading::{Reading, Statistic};
use crate::units::{self, float};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest duration that is told apart: one hour in nanoseconds. Longer ones are counted as `saturated`.
pub(super) const LONGEST: u64 = 3_600_000_000_000;

/// An empty histogram: nanoseconds to one hour, resolved to 1 part in 1,024 (an error below 0.1 %).
pub(super) fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, LONGEST, 3)
        .unwrap_or_else(|_| unreachable!("1 to one hour at 3 digits is a valid range"))
}

/// Durations in nanoseconds and how often each came.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(into = "Stored", try_from = "Stored")]
#[schemars(with = "Stored")]
pub struct Distribution {
    pub(super) n: u64,
    pub(super) sum: u64,
    pub(super) min: u64,
    pub(super) max: u64,
    pub(super) saturated: u64,
    /// Highest duration of each bucket in use, and its count.
    pub(super) buckets: BTreeMap<u64, u64>,
}

/// One point of a percentile spectrum.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpectrumPoint {
    /// `1 / (1 - quantile)`: 1 at the minimum, 10 at p90, 100 at p99.
    pub rarity: f64,
    /// The duration at that quantile in nanoseconds.
    pub nanos: f64,
    /// Are there enough samples beyond this quantile to believe it?
    pub supported: bool,
}

impl Distribution {
    /// How many durations were recorded.
    pub const fn n(&self) -> u64 {
        self.n
    }

    /// How many were longer than an hour, and stand in the histogram as one hour.
    pub const fn saturated(&self) -> u64 {
        self.saturated
    }

    /// One statistic in nanoseconds, or how many samples it lacks.
    pub fn read(&self, statistic: Statistic) -> Reading {
        let needed = statistic.floor();
        if self.n == 0 {
            Reading::NotMeasured("no samples")
        } else if self.n < needed {
            Reading::Insufficient { n: self.n, needed }
        } else {
            Reading::Value(self.estimate(statistic))
        }
    }

    /// The statistic without regard to sample floors. Zero when empty.
    fn estimate(&self, statistic: Statistic) -> f64 {
        match (statistic, statistic.per_mille()) {
            (_, Some(per_mille)) => float(self.quantile(per_mille)),
            (Statistic::Mean, None) => units::ratio(self.sum, self.n).unwrap_or_default(),
            (Statistic::Min, None) => float(self.min),
            (_, None) => float(self.max),
        }
    }

    /// The smallest recorded duration that at least this many thousandths of all do not exceed.
    fn quantile(&self, per_mille: u64) -> u64 {
        let rank = (u128::from(self.n) * u128::from(per_mille)).div_ceil(1000);
        let mut passed = 0_u128;
        for (&highest, &count) in &self.buckets {
            passed += u128::from(count);
            if passed >= rank {
                return highest.clamp(self.min, self.max);
            }
        }
        self.max
    }

    /// The whole distribution as a curve, at most `points` of them, evenly spread over the decades of rarity.
    pub fn spectrum(&self, points: u64) -> Vec<SpectrumPoint> {
        let end = (2.0 * float(self.n)).ln();
        let mut curve = Vec::new();
        let mut passed = 0;
        let mut next = f64::MIN;
        for (&highest, &count) in &self.buckets {
            passed += count;
            let beyond = (float(self.n - passed) + 0.5) / float(self.n);
            let position = -beyond.ln();
            if position >= next || passed == self.n {
                next = position + end / float(points.max(1));
                curve.push(SpectrumPoint {
                    rarity: beyond.recip(),
                    nanos: float(highest.clamp(self.min, self.max)),
                    // Wilks' floors are 6.64 expected samples beyond the quantile, for every quantile near 1.
                    supported: beyond * float(self.n) >= 6.62,
                });
            }
        }
        curve
    }

    /// Adds what `other` counted.
    pub fn merge(&mut self, other: &Self) {
        if other.n == 0 {
            return;
        }
        self.min = if self.n == 0 {
            other.min
        } else {
            self.min.min(other.min)
        };
        self.max = self.max.max(other.max);
        self.n += other.n;
        self.sum = self.sum.saturating_add(other.sum);
        self.saturated += other.saturated;
        for (&highest, &count) in &other.buckets {
            *self.buckets.entry(highest).or_default() += count;
        }
    }

    /// The same counts as an HDR histogram.
    fn dense(&self) -> Histogram<u64> {
        let mut dense = histogram();
        for (&highest, &count) in &self.buckets {
            dense.saturating_record_n(highest, count);
        }
        dense
    }
}

/// The counts of a histogram by the highest duration of each bucket.
pub(super) fn buckets(histogram: &Histogram<u64>) -> BTreeMap<u64, u64> {
    histogram
        .iter_recorded()
        .map(|step| (step.value_iterated_to(), step.count_at_value()))
        .collect()
}

/// A distribution in a file.
#[derive(Clone, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Distribution")]
struct Stored {
    /// How many durations were recorded.
    n: u64,
    /// How many were longer than an hour, and stand in the histogram as one hour.
    saturated: u64,
    /// Sum of all, exact.
    sum_ns: u64,
    /// Smallest, exact.
    min_ns: u64,
    /// Largest, exact.
    max_ns: u64,
    /// Mean, rounded.
    mean_ns: Option<u64>,
    /// Median.
    p50_ns: Option<u64>,
    /// 90th percentile; null below its sample floor, like those that follow.
    p90_ns: Option<u64>,
    /// 95th percentile.
    p95_ns: Option<u64>,
    /// 99th percentile.
    p99_ns: Option<u64>,
    /// 99.9th percentile.
    p99_9_ns: Option<u64>,
    /// All counts: an HDR histogram of nanoseconds, V2 DEFLATE encoding, base64.
    histogram: String,
}

impl From<Distribution> for Stored {
    fn from(kept: Distribution) -> Self {
        let read = |statistic| kept.read(statistic).value().map(units::count);
        let mut encoded = Vec::new();
        if V2DeflateSerializer::new()
            .serialize(&kept.dense(), &mut encoded)
            .is_err()
        {
            unreachable!(
                "a histogram below one hour always fits the encoding, and memory takes every write"
            );
        }
        Self {
            n: kept.n,
            saturated: kept.saturated,
            sum_ns: kept.sum,
            min_ns: kept.min,
            max_ns: kept.max,
            mean_ns: read(Statistic::Mean),
            p50_ns: read(Statistic::P50),
            p90_ns: read(Statistic::P90),
            p95_ns: read(Statistic::P95),
            p99_ns: read(Statistic::P99),
            p99_9_ns: read(Statistic::P999),
            histogram: STANDARD.encode(encoded),
        }
    }
}

impl TryFrom<Stored> for Distribution {
    type Error = Undecodable;

    fn try_from(stored: Stored) -> Result<Self, Undecodable> {
        let encoded = STANDARD
            .decode(&stored.histogram)
            .map_err(|_| Undecodable::Base64)?;
        let dense: Histogram<u64> = Deserializer::new()
            .deserialize(&mut encoded.as_slice())
            .map_err(|_| Undecodable::Histogram)?;
        if dense.len() != stored.n {
            return Err(Undecodable::Count {
                stated: stored.n,
                held: dense.len(),
            });
        }
        if stored.min_ns > stored.max_ns {
            return Err(Undecodable::Extremes {
                min: stored.min_ns,
                max: stored.max_ns,
            });
        }
        Ok(Self {
            n: stored.n,
            sum: stored.sum_ns,
            min: stored.min_ns,
            max: stored.max_ns,
            saturated: stored.saturated,
            buckets: buckets(&dense),
        })
    }
}

/// Why a stored distribution cannot be used.
#[derive(Debug, thiserror::Error)]
enum Undecodable {
    #[error("expected base64 in `histogram`: the report was damaged or edited, measure again")]
    Base64,
    #[error(
        "expected a V2 DEFLATE histogram in `histogram`: the report was damaged or edited, measure again"
    )]
    Histogram,
    #[error(
        "expected {stated} samples in `histogram` as `n` says, found {held}: the report was damaged or edited, measure again"
    )]
    Count { stated: u64, held: u64 },
    #[error(
        "expected `min_ns` of at most `max_ns`, found {min} and {max}: the report was damaged or edited, measure again"
    )]
    Extremes { min: u64, max: u64 },
}
