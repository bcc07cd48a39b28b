//! What is timed of a request, once for every form in which it is held: histograms while recording, distributions when
//! kept.

use super::distribution::Distribution;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How long everything took, as it is kept and stored.
pub type Distributions = Timings<Distribution>;

/// How long everything took, one entry for each time that is taken. Every one but `lag` and `failed_latency` is about answered requests only.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Distributions", bound = "T: JsonSchema + Default")]
pub struct Timings<T> {
    /// Scheduled start to sending, of all requests sent.
    pub lag: T,
    /// Scheduled start to last token.
    pub latency: T,
    /// Sending to last token.
    pub service_time: T,
    /// Sending to response head.
    pub ttfb: T,
    /// Waiting for a connection of the pool, where their number has a limit.
    #[serde(default)]
    pub queue: T,
    /// Sending to first token, of streams.
    pub ttft: T,
    /// Scheduled start to first token, of streams.
    pub ttft_sched: T,
    /// Gap between chunks, of streams.
    pub icl: T,
    /// Longest gap within one stream.
    pub stall: T,
    /// Gap between tokens, of streams.
    pub itl: T,
    /// Mean time per output token after the first, of streams.
    pub tpot: T,
    /// Service time per output token.
    pub ntpot: T,
    /// Last token to the end of the answer.
    pub close: T,
    /// Scheduled start to the end, of failed requests and wrong answers.
    pub failed_latency: T,
}

impl<T> Timings<T> {
    /// One of each, made anew.
    pub(super) fn of(make: impl Fn() -> T) -> Self {
        Self {
            lag: make(),
            latency: make(),
            service_time: make(),
            ttfb: make(),
            queue: make(),
            ttft: make(),
            ttft_sched: make(),
            icl: make(),
            stall: make(),
            itl: make(),
            tpot: make(),
            ntpot: make(),
            close: make(),
            failed_latency: make(),
        }
    }

    /// The same times in another form.
    pub(super) fn map<U>(&self, form: impl Fn(&T) -> U) -> Timings<U> {
        Timings {
            lag: form(&self.lag),
            latency: form(&self.latency),
            service_time: form(&self.service_time),
            ttfb: form(&self.ttfb),
            queue: form(&self.queue),
            ttft: form(&self.ttft),
            ttft_sched: form(&self.ttft_sched),
            icl: form(&self.icl),
            stall: form(&self.stall),
            itl: form(&self.itl),
            tpot: form(&self.tpot),
            ntpot: form(&self.ntpot),
            close: form(&self.close),
            failed_latency: form(&self.failed_latency),
        }
    }

    /// Adds each of the other's to its own.
    pub(super) fn add(&mut self, other: &Self, add: impl Fn(&mut T, &T)) {
        add(&mut self.lag, &other.lag);
        add(&mut self.latency, &other.latency);
        add(&mut self.service_time, &other.service_time);
        add(&mut self.ttfb, &other.ttfb);
        add(&mut self.queue, &other.queue);
        add(&mut self.ttft, &other.ttft);
        add(&mut self.ttft_sched, &other.ttft_sched);
        add(&mut self.icl, &other.icl);
        add(&mut self.stall, &other.stall);
        add(&mut self.itl, &other.itl);
        add(&mut self.tpot, &other.tpot);
        add(&mut self.ntpot, &other.ntpot);
        add(&mut self.close, &other.close);
        add(&mut self.failed_latency, &other.failed_latency);
    }
}

impl Distributions {
    /// Adds what was timed elsewhere.
    pub fn merge(&mut self, other: &Self) {
        self.add(other, Distribution::merge);
    }
}
