//! What a stage's client says of its requests, to be held against what the target's own journal says of them.

use super::stage::TokenSources;
use crate::sample::{Batch, Outcome, Sample, Source, TokenSource, Tokens};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a stage's client says of all its requests, also those outside the measure phase. Requests that were sent as one
/// batch are one here, as they are in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ClientBooks {
    /// Attempts, whatever became of them.
    pub attempts: u64,
    /// Requests with a right answer of the target's.
    pub answered: u64,
    /// Requests given up by their caller, as the workload says.
    #[serde(default)]
    pub cancelled: u64,
    /// Output tokens of these answers.
    pub output_tokens: u64,
    /// Who counted them.
    pub token_source: TokenSources,
    /// Requests with a right answer that the target knows nothing of: it came from the client's cache, or was another
    /// request's.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cached: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl ClientBooks {
    /// Notes a request. Of a batch, which the target saw as one request, the one that stands for it is noted.
    pub(super) fn note(&mut self, sample: &Sample<'_>) {
        if !Batch::is_seen(sample.batch) || !sample.operation.is_inference() {
            return;
        }
        self.attempts += u64::from(sample.attempts);
        self.cancelled += u64::from(sample.outcome == Outcome::Cancelled);
        if sample.outcome != Outcome::Answered {
            return;
        }
        if matches!(sample.source, Some(Source::Cache | Source::Shared)) {
            self.cached += 1;
            return;
        }
        let whole = sample.batch.and_then(|batch| batch.output_tokens);
        let whole = whole.map(|count| Tokens {
            count,
            source: TokenSource::Usage,
        });
        // Where no text was asked for there is nothing to count.
        let tokens = sample.output_tokens.map(|own| whole.unwrap_or(own));
        self.answered += 1;
        self.output_tokens += tokens.map_or(0, |tokens| tokens.count);
        self.token_source = self.token_source.with(TokenSources::from(tokens));
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.attempts += other.attempts;
        self.answered += other.answered;
        self.cached += other.cached;
        self.cancelled += other.cancelled;
        self.output_tokens += other.output_tokens;
        self.token_source = self.token_source.with(other.token_source);
    }
}
