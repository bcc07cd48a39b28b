//! What the inference service did so far, counted as calls end.

use super::Usage;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::Instant;

/// What became of the calls of a client's inference service since it was made. `requests` is the sum of `answered`, `failed`
/// and `given_up`, and of those under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InferenceStatistics {
    /// Calls that were begun.
    pub requests: u64,
    /// Calls whose answer came to its end, those from the response cache included.
    pub answered: u64,
    /// Calls that ended with a failure.
    pub failed: u64,
    /// Calls whose caller dropped them before that.
    pub given_up: u64,
    /// Prompt tokens of the answers, as far as servers counted them.
    pub prompt_tokens: u64,
    /// Output tokens of the answers, as far as servers counted them.
    pub output_tokens: u64,
    /// Since the client was made.
    pub elapsed: Duration,
}

impl InferenceStatistics {
    /// The share of calls that were answered among those that were answered or failed, from 0 to 1; `None` before the first.
    pub fn success_rate(&self) -> Option<f64> {
        let ended = self.answered + self.failed;
        (ended > 0).then(|| float(self.answered) / float(ended))
    }

    /// Output tokens in each second since the client was made; zero in the first instant.
    pub fn tokens_per_second(&self) -> f64 {
        let seconds = self.elapsed.as_secs_f64();
        if seconds > 0.0 {
            float(self.output_tokens) / seconds
        } else {
            0.0
        }
    }
}

/// A count as a number with a fraction: exact to 2^53, and nobody counts more calls or tokens.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the client imports no conversions of ours"
)]
fn float(count: u64) -> f64 {
    count as f64
}

/// The counts, shared by all clones of a client.
#[derive(Debug)]
pub(super) struct Tally {
    since: Instant,
    requests: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
    prompt_tokens: AtomicU64,
    output_tokens: AtomicU64,
}

impl Tally {
    pub(super) fn new() -> Self {
        let none = || AtomicU64::new(0);
        Self {
            since: Instant::now(),
            requests: none(),
            answered: none(),
            failed: none(),
            given_up: none(),
            prompt_tokens: none(),
            output_tokens: none(),
        }
    }

    /// A call begins.
    pub(super) fn begin(self: &Arc<Self>) -> Counting {
        add(&self.requests, 1);
        Counting(Some(Arc::clone(self)))
    }

    pub(super) fn read(&self) -> InferenceStatistics {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        InferenceStatistics {
            requests: read(&self.requests),
            answered: read(&self.answered),
            failed: read(&self.failed),
            given_up: read(&self.given_up),
            prompt_tokens: read(&self.prompt_tokens),
            output_tokens: read(&self.output_tokens),
            elapsed: self.since.elapsed(),
        }
    }
}

fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}

/// One call, until it ends. Dropped before that, it was given up.
#[derive(Debug)]
pub(super) struct Counting(Option<Arc<Tally>>);

impl Counting {
    pub(super) fn answered(mut self, usage: Option<Usage>) {
        if let Some(tally) = self.0.take() {
            add(&tally.answered, 1);
            if let Some(usage) = usage {
                add(&tally.prompt_tokens, usage.prompt_tokens);
                add(&tally.output_tokens, usage.completion_tokens);
            }
        }
    }

    pub(super) fn failed(mut self) {
        if let Some(tally) = self.0.take() {
            add(&tally.failed, 1);
        }
    }
}

impl Drop for Counting {
    fn drop(&mut self) {
        if let Some(tally) = self.0.take() {
            add(&tally.given_up, 1);
        }
    }
}
