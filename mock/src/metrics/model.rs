//! What vLLM tells of a model: `vllm:num_requests_running{engine="0",model_name="tiny"} 3`. Names, help and bounds are
//! those of `vllm/v1/metrics/loggers.py`.

use super::Finished;
use super::page::{counters, gauges, histograms, one, one_gauge, one_histogram};
use crate::journal::{End, Entry};
use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Registry,
};
use std::time::Duration;

/// What vLLM calls the one engine of a server that has one.
const ENGINE: &str = "0";
const LABELS: &[&str] = &["engine", "model_name"];
const FIRST_TOKEN_BOUNDS: &[f64] = &[
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
    20.0, 40.0, 80.0, 160.0, 640.0, 2560.0,
];
const BETWEEN_TOKENS_BOUNDS: &[f64] = &[
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0, 20.0,
    40.0, 80.0,
];
const LATENCY_BOUNDS: &[f64] = &[
    0.3, 0.5, 0.8, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0, 15.0, 20.0, 30.0, 40.0, 50.0, 60.0, 120.0, 240.0,
    480.0, 960.0, 1920.0, 7680.0,
];

/// The metrics that every model has.
pub(super) struct Families {
    running: IntGaugeVec,
    waiting: IntGaugeVec,
    prompt_tokens: IntCounterVec,
    generation_tokens: IntCounterVec,
    success: IntCounterVec,
    first_token: HistogramVec,
    between_tokens: HistogramVec,
    latency: HistogramVec,
    queue: HistogramVec,
}

/// The metrics of one model.
#[derive(Debug)]
pub(super) struct ModelMetrics {
    pub(super) running: IntGauge,
    pub(super) waiting: IntGauge,
    prompt_tokens: IntCounter,
    generation_tokens: IntCounter,
    stopped: IntCounter,
    full: IntCounter,
    aborted: IntCounter,
    failed: IntCounter,
    first_token: Histogram,
    between_tokens: Histogram,
    latency: Histogram,
    queue: Histogram,
}

impl Families {
    pub(super) fn new(registry: &Registry) -> Self {
        let gauges = |name, help| gauges(registry, name, help, LABELS);
        let counters = |name, help, labels: &[&str]| counters(registry, name, help, labels);
        let histograms = |name, help, bounds| histograms(registry, name, help, LABELS, bounds);
        Self {
            running: gauges("vllm:num_requests_running", "Requests being worked on."),
            waiting: gauges(
                "vllm:num_requests_waiting",
                "Requests waiting to be worked on.",
            ),
            prompt_tokens: counters(
                "vllm:prompt_tokens_total",
                "Prompt tokens of the requests that were worked on and have ended.",
                LABELS,
            ),
            generation_tokens: counters(
                "vllm:generation_tokens_total",
                "Output tokens that were sent by the requests that have ended.",
                LABELS,
            ),
            success: counters(
                "vllm:request_success_total",
                "Requests that were worked on and have ended; `stop` and `length` are those answered to their end.",
                &["engine", "finished_reason", "model_name"],
            ),
            first_token: histograms(
                "vllm:time_to_first_token_seconds",
                "From the arrival of a request to its first token, for answers in pieces.",
                FIRST_TOKEN_BOUNDS,
            ),
            between_tokens: histograms(
                "vllm:inter_token_latency_seconds",
                "From each piece of an answer to the next.",
                BETWEEN_TOKENS_BOUNDS,
            ),
            latency: histograms(
                "vllm:e2e_request_latency_seconds",
                "From the arrival of a request to the end of its answer.",
                LATENCY_BOUNDS,
            ),
            queue: histograms(
                "vllm:request_queue_time_seconds",
                "From the arrival of a request until it is worked on.",
                LATENCY_BOUNDS,
            ),
        }
    }

    pub(super) fn model(&self, name: &str) -> ModelMetrics {
        let labels = [ENGINE, name];
        let ended = |reason| one(&self.success, &[ENGINE, reason, name]);
        ModelMetrics {
            running: one_gauge(&self.running, &labels),
            waiting: one_gauge(&self.waiting, &labels),
            prompt_tokens: one(&self.prompt_tokens, &labels),
            generation_tokens: one(&self.generation_tokens, &labels),
            stopped: ended("stop"),
            full: ended("length"),
            aborted: ended("abort"),
            failed: ended("error"),
            first_token: one_histogram(&self.first_token, &labels),
            between_tokens: one_histogram(&self.between_tokens, &labels),
            latency: one_histogram(&self.latency, &labels),
            queue: one_histogram(&self.queue, &labels),
        }
    }
}

impl ModelMetrics {
    /// Learns from a request that has ended.
    pub(super) fn end(&self, finished: Finished, entry: &Entry) {
        let Some(admitted_ns) = entry.admitted_ns else {
            return;
        };
        self.queue.observe(seconds(entry.arrived_ns, admitted_ns));
        self.prompt_tokens.inc_by(entry.prompt_tokens);
        match entry.end {
            End::Answered => {
                match finished {
                    Finished::Stop => self.stopped.inc(),
                    Finished::Length => self.full.inc(),
                }
                self.latency
                    .observe(seconds(entry.arrived_ns, entry.ended_ns));
            }
            End::Abandoned => self.aborted.inc(),
            End::Failed => self.failed.inc(),
            // Neither was worked on.
            End::Refused | End::Rejected => {}
        }
        self.tokens(entry);
    }

    fn tokens(&self, entry: &Entry) {
        let sent = entry.writes.iter().map(|write| u64::from(write.tokens));
        self.generation_tokens.inc_by(sent.sum());
        // An answer in one piece does not say when its first token was there, unless it has no other.
        if let Some(first) = entry.writes.first()
            && (entry.writes.len() > 1 || first.tokens == 1)
        {
            self.first_token
                .observe(seconds(entry.arrived_ns, first.at_ns));
        }
        for (one, next) in entry.writes.iter().zip(entry.writes.iter().skip(1)) {
            self.between_tokens.observe(seconds(one.at_ns, next.at_ns));
        }
    }
}

/// From one moment to another, in seconds.
fn seconds(from_ns: u64, until_ns: u64) -> f64 {
    Duration::from_nanos(until_ns.saturating_sub(from_ns)).as_secs_f64()
}
