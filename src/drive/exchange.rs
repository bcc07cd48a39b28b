//! What the drive needs of a client: to carry out one request and say what came back.

use super::clock::Clock;
use super::heard::Heard;
use super::request::Asked;
use crate::sample::{
    Batch, ClientCounts, Connection, FailedAttempt, Hedges, Outcome, Source, Tokens,
};
use crate::units::Offset;
use std::time::Duration;

/// Carries out requests. Dropping the future gives the request up at once.
pub(super) trait Exchange: Send + 'static {
    /// Carries out one request, telling `heard` each arrival of tokens.
    async fn exchange(&self, asked: &Asked, clock: Clock, heard: &mut Heard) -> Exchanged;

    /// Does what the client has to do besides requests, until the future is dropped.
    async fn watch(&self, _lane: usize) {}

    /// What the client has counted so far, as far as it tells.
    fn counts(&self) -> ClientCounts {
        ClientCounts::default()
    }

    /// Gets ready before the stage begins, on the lane that will send.
    async fn warm_up(&self) {}
}

/// What one exchange gave; the drive adds the schedule and makes a sample of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exchanged {
    pub(super) first_byte: Option<Offset>,
    pub(super) endpoint: Option<usize>,
    pub(super) attempts: u32,
    /// Takes no memory where nothing failed.
    pub(super) failed_attempts: Vec<FailedAttempt>,
    pub(super) answered_attempt: Option<Offset>,
    pub(super) source: Option<Source>,
    pub(super) connection: Option<Connection>,
    pub(super) queued: Option<Duration>,
    pub(super) hedges: Hedges,
    pub(super) prompt_tokens: Option<u64>,
    pub(super) output_tokens: Option<Tokens>,
    pub(super) batch: Option<Batch>,
    pub(super) streamed: bool,
    pub(super) outcome: Outcome,
}

impl Exchanged {
    /// One attempt of which nothing is known but how it ended.
    pub(super) fn ended(outcome: Outcome) -> Self {
        Self {
            first_byte: None,
            endpoint: None,
            attempts: 1,
            failed_attempts: Vec::new(),
            answered_attempt: None,
            source: None,
            connection: None,
            queued: None,
            hedges: Hedges::default(),
            prompt_tokens: None,
            output_tokens: None,
            batch: None,
            streamed: false,
            outcome,
        }
    }
}
