//! Any other client in place of the embedded one: what it must be able to do, and how the drive sees it.

use super::clock::Clock;
use super::embedded::{failure_of, lacks_tokens};
use super::exchange::{Exchange, Exchanged};
use super::heard::Heard;
use super::request::Asked;
use crate::client::{FailureKind, Request};
use crate::sample::{Chunk, Failure, Outcome, TokenSource, Tokens, Wrong};
use crate::units::Offset;
use std::future::Future;
use tokio::time::Instant;

/// A client that is put under the harness: it gets the requests at the times of the schedule, and is measured as the
/// embedded client is. Each lane has one of its own, on a thread and a runtime of its own, and calls it many times at once.
/// It is asked for inference alone: what a workload asks about models fails as `invalid`.
pub trait InferenceClient: Send + 'static {
    /// Carries out one request to the end of its answer, and notes each arrival as it happens. Dropping the future gives
    /// the request up.
    ///
    /// # Errors
    /// Why the request failed, in the words that reports count.
    fn infer(
        &self,
        request: &Request,
        arrivals: &mut Arrivals<'_>,
    ) -> impl Future<Output = Result<Served, FailureKind>>;
}

/// What a client knows of an answer when it is complete.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// Prompt tokens, as the server counted them.
    pub prompt_tokens: Option<u64>,
    /// Output tokens, as the server counted them; those of the arrivals count otherwise.
    pub output_tokens: Option<u64>,
    /// Attempts that it took, the last one included.
    pub attempts: u32,
}

/// Where a client notes what arrives.
#[derive(Debug)]
pub struct Arrivals<'a> {
    clock: Clock,
    first_byte: Option<Offset>,
    heard: &'a mut Heard,
}

impl<'a> Arrivals<'a> {
    pub(super) fn new(clock: Clock, heard: &'a mut Heard) -> Self {
        Self {
            clock,
            first_byte: None,
            heard,
        }
    }

    /// The head of the answer arrived at this time. Said again, as after a repeated attempt, the last time counts.
    pub fn head(&mut self, at: Instant) {
        self.first_byte = Some(self.clock.offset(at));
    }

    /// So many output tokens arrived together at this time. Times must not go back; none arrive as nothing.
    pub fn tokens(&mut self, at: Instant, count: u32) {
        self.text(at, count, "");
    }

    /// Likewise, with their words: what the next turn of a conversation is sent with.
    pub fn text(&mut self, at: Instant, count: u32, text: &str) {
        if count > 0 {
            self.heard.arrived(self.clock.offset(at), count, text);
        }
    }
}

/// A foreign client as the drive sees it.
#[derive(Debug)]
pub(super) struct Foreign<C>(pub(super) C);

impl<C: InferenceClient> Exchange for Foreign<C> {
    async fn exchange(&self, asked: &Asked, clock: Clock, heard: &mut Heard) -> Exchanged {
        match asked {
            Asked::Infer(request) => self.infer(request, clock, heard).await,
            Asked::Load(_) | Asked::Unload(_) | Asked::ListModels(_) | Asked::RefreshModels(_) => {
                Exchanged {
                    attempts: 0,
                    ..Exchanged::ended(Outcome::Failed(Failure::Invalid))
                }
            }
        }
    }
}

impl<C: InferenceClient> Foreign<C> {
    async fn infer(&self, request: &Request, clock: Clock, heard: &mut Heard) -> Exchanged {
        let mut arrivals = Arrivals::new(clock, heard);
        let served = self.0.infer(request, &mut arrivals).await;
        let first_byte = arrivals.first_byte;
        let known = Exchanged {
            first_byte,
            streamed: request.stream,
            ..Exchanged::ended(Outcome::Answered)
        };
        match served {
            Err(kind) => Exchanged {
                outcome: Outcome::Failed(failure_of(kind)),
                ..known
            },
            Ok(served) => Exchanged {
                attempts: served.attempts.max(1),
                prompt_tokens: served.prompt_tokens,
                output_tokens: output_tokens(&served, &heard.chunks),
                outcome: if lacks_tokens(request, &heard.chunks) {
                    Outcome::WrongAnswer(Wrong::Empty)
                } else {
                    Outcome::Answered
                },
                ..known
            },
        }
    }
}

/// The server's own figure where there is one, otherwise what the chunks say.
fn output_tokens(served: &Served, chunks: &[Chunk]) -> Option<Tokens> {
    let usage = served.output_tokens.map(|count| Tokens {
        count,
        source: TokenSource::Usage,
    });
    usage.or_else(|| Tokens::of_chunks(chunks))
}
