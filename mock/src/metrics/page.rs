//! How metrics are made and written. Their names, labels and bounds stand in this program, so that what the library
//! refuses of them cannot happen.

use prometheus::core::Collector;
use prometheus::{
    Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
    Registry, TextEncoder,
};

/// The text format that every Prometheus reads.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Counters of one name.
pub(super) fn counters(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
) -> IntCounterVec {
    sound(IntCounterVec::new(Opts::new(name, help), labels).map(|made| on(registry, made)))
}

/// Gauges of one name.
pub(super) fn gauges(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
    sound(IntGaugeVec::new(Opts::new(name, help), labels).map(|made| on(registry, made)))
}

/// Histograms of one name, with these upper bounds.
pub(super) fn histograms(
    registry: &Registry,
    name: &str,
    help: &str,
    labels: &[&str],
    bounds: &[f64],
) -> HistogramVec {
    let options = HistogramOpts::new(name, help).buckets(bounds.to_vec());
    sound(HistogramVec::new(options, labels).map(|made| on(registry, made)))
}

/// The counter with these labels.
pub(super) fn one(counters: &IntCounterVec, labels: &[&str]) -> IntCounter {
    sound(counters.get_metric_with_label_values(labels))
}

/// The gauge with these labels.
pub(super) fn one_gauge(gauges: &IntGaugeVec, labels: &[&str]) -> IntGauge {
    sound(gauges.get_metric_with_label_values(labels))
}

/// The histogram with these labels.
pub(super) fn one_histogram(histograms: &HistogramVec, labels: &[&str]) -> Histogram {
    sound(histograms.get_metric_with_label_values(labels))
}

/// Everything that was made on `registry`, by name.
pub(super) fn text(registry: &Registry) -> String {
    sound(TextEncoder::new().encode_to_string(&registry.gather()))
}

fn on<C: Collector + Clone + 'static>(registry: &Registry, made: C) -> C {
    sound(registry.register(Box::new(made.clone())));
    made
}

fn sound<T>(made: prometheus::Result<T>) -> T {
    made.unwrap_or_else(|error| unreachable!("metrics are named once and in one place: {error}"))
}
