//! One kind of duration while it is recorded: a histogram, with its sum and extremes kept exactly beside it.

use crate::summary::distribution::{Distribution, LONGEST, buckets, histogram};
use crate::units::nanos;
use hdrhistogram::Histogram;
use std::time::Duration;

/// A histogram, with its sum and extremes kept exactly beside it.
#[derive(Debug)]
pub(in crate::summary) struct Timing {
    histogram: Histogram<u64>,
    sum: u64,
    min: u64,
    max: u64,
    saturated: u64,
}

impl Timing {
    pub(in crate::summary) fn new() -> Self {
        Self {
            histogram: histogram(),
            sum: 0,
            min: u64::MAX,
            max: 0,
            saturated: 0,
        }
    }

    pub(in crate::summary) fn record(&mut self, duration: Duration) {
        self.record_nanos(nanos(duration), 1);
    }

    pub(super) fn record_nanos(&mut self, nanos: u64, weight: u64) {
        self.histogram.saturating_record_n(nanos, weight);
        self.sum = self.sum.saturating_add(nanos.saturating_mul(weight));
        self.min = self.min.min(nanos);
        self.max = self.max.max(nanos);
        if nanos > LONGEST {
            self.saturated += weight;
        }
    }

    pub(in crate::summary) fn merge(&mut self, other: &Self) {
        if self.histogram.add(&other.histogram).is_err() {
            unreachable!("all histograms have the same range");
        }
        self.sum = self.sum.saturating_add(other.sum);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.saturated += other.saturated;
    }

    pub(in crate::summary) fn kept(&self) -> Distribution {
        let n = self.histogram.len();
        Distribution {
            n,
            sum: self.sum,
            min: if n == 0 { 0 } else { self.min },
            max: self.max,
            saturated: self.saturated,
            buckets: buckets(&self.histogram),
        }
    }
}
