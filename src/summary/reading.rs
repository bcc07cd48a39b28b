//! What a metric says about a stage: a value, too few samples for one, or nothing at all. The three never blur, so that
//! no limit can pass on a number that nobody measured.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A metric read from one stage. Durations are in nanoseconds, shares in `0.0..=1.0`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Reading {
    /// Measured.
    Value(f64),
    /// Measured, but with fewer samples than the statistic needs.
    Insufficient {
        /// Samples there are.
        n: u64,
        /// Samples it takes.
        needed: u64,
    },
    /// Not measured, and why.
    NotMeasured(&'static str),
}

impl Reading {
    /// The value, if there is one.
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Value(value) => Some(value),
            Self::Insufficient { .. } | Self::NotMeasured(_) => None,
        }
    }

    /// A value that may be missing for one known reason.
    pub fn or_not_measured(value: Option<f64>, reason: &'static str) -> Self {
        value.map_or(Self::NotMeasured(reason), Self::Value)
    }
}

/// One number out of a distribution.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Arithmetic mean, exact.
    Mean,
    /// Smallest value, exact.
    Min,
    /// Median.
    P50,
    /// 90th percentile.
    P90,
    /// 95th percentile.
    P95,
    /// 99th percentile.
    P99,
    /// 99.9th percentile.
    #[serde(rename = "p99_9")]
    P999,
    /// Largest value, exact.
    Max,
}

impl Statistic {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 8] = [
        Self::Mean,
        Self::Min,
        Self::P50,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::P999,
        Self::Max,
    ];

    /// The suffix in metric names: `p99` in `latency_p99`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mean => "mean",
            Self::Min => "min",
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p99_9",
            Self::Max => "max",
        }
    }

    /// Samples below which this statistic is not reported.
    ///
    /// For a percentile q it is the smallest n at which, with 99 % confidence, at least two samples lie above the true
    /// q: `1 - q^n - n (1-q) q^(n-1) >= 0.99`, Wilks' formula of the second order (S. S. Wilks, "Determination of
    /// sample sizes for setting tolerance limits", 1941). Below it the estimate is the maximum under another name.
    pub const fn floor(self) -> u64 {
        match self {
            Self::Mean | Self::Min | Self::P50 | Self::Max => 1,
            Self::P90 => 64,
            Self::P95 => 130,
            Self::P99 => 662,
            Self::P999 => 6636,
        }
    }

    /// The quantile in thousandths, for the statistics that are one.
    pub(super) const fn per_mille(self) -> Option<u64> {
        match self {
            Self::P50 => Some(500),
            Self::P90 => Some(900),
            Self::P95 => Some(950),
            Self::P99 => Some(990),
            Self::P999 => Some(999),
            Self::Mean | Self::Min | Self::Max => None,
        }
    }
}
