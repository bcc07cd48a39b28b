//! An answer under way: chunks are pulled from it one by one, and what the server says about the whole is kept. It may be
//! an earlier answer once more, which looks the same.

mod parts;

use super::batch::{Batch, Part};
use super::breaker::Pass;
use super::cache::Asking;
use super::deadline::Deadline;
use super::failover::Answered;
use super::tally::Counting;
use super::transport::{Delta, Opened};
use super::{Attempt, Failure, Protocol, Values};
use futures_util::stream::BoxStream;
use futures_util::{Stream, StreamExt, stream};
use std::fmt;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;

/// Generated text, as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The text; empty when the tokens are reasoning or a tool call.
    pub text: String,
    /// Tokens in it, as far as known: 1 in a stream, whose protocols do not say; in a unary answer the server's count,
    /// or 1. Never 0.
    pub tokens: u32,
    /// When the bytes that completed it were read.
    pub at: Instant,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// An endpoint, which was asked by its request.
    Server,
    /// The response cache.
    Cache,
    /// An endpoint, which was asked by another request for the same at the same time.
    Shared,
}

/// What an answer came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// A connection made for it.
    Fresh,
    /// A connection that was there already.
    Reused,
}

/// The server's own count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Tokens that it was given.
    pub prompt_tokens: u64,
    /// Tokens that it generated.
    pub completion_tokens: u64,
}

/// An answer whose head has arrived. Dropping it cancels the request at once. As a [`Stream`] it gives the same chunks as
/// [`Reply::next`].
pub struct Reply {
    deltas: BoxStream<'static, Result<Delta, Failure>>,
    deadline: Deadline,
    source: Source,
    /// The attempt that is answered, where an endpoint was asked.
    attempt: Option<Answering>,
    started: Instant,
    failed: Vec<Attempt>,
    first_byte: Instant,
    usage: Option<Usage>,
    finish_reason: Option<Box<str>>,
    values: Option<Values>,
    batch: Option<Batch>,
    progress: Progress,
    /// The cache, which wants to hear the whole answer.
    hearer: Option<Asking>,
    /// The call, which is counted when it ends.
    counting: Option<Counting>,
}

/// An attempt that is being answered.
struct Answering {
    endpoint: usize,
    protocol: Protocol,
    connection: Connection,
    queued: Option<Duration>,
    is_hedge: bool,
    /// Until it has been told how the answer ended.
    pass: Option<Pass>,
}

/// How much of an answer has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// More may come.
    Open,
    /// The server said that this was all; only the end of the transmission is awaited.
    Complete,
    /// Nothing more is read.
    Ended,
}

impl Reply {
    pub(super) fn new(answered: Answered<Opened>, mut deadline: Deadline) -> Self {
        deadline.heard(Instant::now());
        let attempt = Answering {
            endpoint: answered.endpoint,
            protocol: answered.protocol,
            connection: answered.value.connection,
            queued: answered.value.queued,
            is_hedge: answered.is_hedge,
            pass: Some(answered.pass),
        };
        Self {
            attempt: Some(attempt),
            started: answered.started,
            failed: answered.failed,
            first_byte: answered.value.first_byte,
            ..Self::again(answered.value.deltas, Source::Server, deadline)
        }
    }

    /// An earlier answer, or another request's, once more.
    pub(super) fn again(
        deltas: BoxStream<'static, Result<Delta, Failure>>,
        source: Source,
        deadline: Deadline,
    ) -> Self {
        let now = Instant::now();
        Self {
            deltas,
            deadline,
            source,
            attempt: None,
            started: now,
            failed: Vec::new(),
            first_byte: now,
            usage: None,
            finish_reason: None,
            values: None,
            batch: None,
            progress: Progress::Open,
            hearer: None,
            counting: None,
        }
    }

    /// One request's part of the answer to a batch, which has told the breaker itself how it ended.
    pub(super) fn of_batch(part: Part, mut deadline: Deadline) -> Self {
        let Part { delta, head, batch } = part;
        deadline.heard(Instant::now());
        let attempt = Answering {
            endpoint: head.endpoint,
            protocol: head.protocol,
            connection: head.connection,
            queued: head.queued,
            is_hedge: head.is_hedge,
            pass: None,
        };
        let deltas = stream::iter([Ok(delta)]).boxed();
        Self {
            attempt: Some(attempt),
            started: head.started,
            failed: head.failed,
            first_byte: head.first_byte,
            batch,
            ..Self::again(deltas, Source::Server, deadline)
        }
    }

    /// The same reply, whose whole answer the cache hears too.
    pub(super) fn heard_by(self, hearer: Asking) -> Self {
        Self {
            hearer: Some(hearer),
            ..self
        }
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        self.source
    }

    /// Position of the endpoint that answers this request; `None` when none was asked.
    pub fn endpoint(&self) -> Option<usize> {
        self.attempt.as_ref().map(|attempt| attempt.endpoint)
    }

    /// What is spoken with it.
    pub fn protocol(&self) -> Option<Protocol> {
        self.attempt.as_ref().map(|attempt| attempt.protocol)
    }

    /// When the attempt began that is answered; when an endpoint was not asked, when the answer was found.
    pub fn started(&self) -> Instant {
        self.started
    }

    /// The attempts that failed before this one.
    pub fn failed_attempts(&self) -> &[Attempt] {
        &self.failed
    }

    /// When the head of the answer had arrived.
    pub fn first_byte(&self) -> Instant {
        self.first_byte
    }

    /// What it comes over; `None` when no endpoint was asked.
    pub fn connection(&self) -> Option<Connection> {
        self.attempt.as_ref().map(|attempt| attempt.connection)
    }

    /// How long the attempt that is answered waited for a connection to become free; `None` where their number has no
    /// limit.
    pub fn queued(&self) -> Option<Duration> {
        self.attempt.as_ref()?.queued
    }

    /// Was the attempt that is answered the second one, beside one that was slow? See [`Hedge`](super::Hedge).
    pub fn is_hedge(&self) -> bool {
        let attempt = self.attempt.as_ref();
        attempt.is_some_and(|attempt| attempt.is_hedge)
    }

    /// The server's own count, when it has been sent, and for this request alone.
    pub fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// The batch that the request was part of, if it was not sent alone.
    pub fn batch(&self) -> Option<Batch> {
        self.batch
    }

    /// Tokens generated, where the server's own count says it: for this request alone, or for a batch so that no other
    /// share is possible.
    pub fn completion_tokens(&self) -> Option<u64> {
        let alone = self.usage.map(|usage| usage.completion_tokens);
        alone.or_else(|| self.batch?.completion_tokens)
    }

    /// Why generation ended, in the server's words, such as `stop` or `length`; `None` until it is said.
    pub fn finish_reason(&self) -> Option<&str> {
        self.finish_reason.as_deref()
    }

    /// What the answer holds that is no text, once it has arrived.
    pub fn values(&self) -> Option<&Values> {
        self.values.as_ref()
    }

    /// The next chunk that carries tokens; `None` when the answer is complete and its transmission has ended. After a
    /// failure there is nothing more. Dropping the future loses nothing.
    ///
    /// # Errors
    /// Why the answer broke off; the deadline of the request counts here too.
    pub async fn next(&mut self) -> Option<Result<Chunk, Failure>> {
        poll_fn(|cx| self.poll_chunk(cx)).await
    }

    /// The next message of the answer, whatever it carries.
    pub(super) async fn next_delta(&mut self) -> Option<Result<Delta, Failure>> {
        poll_fn(|cx| self.poll_delta(cx)).await
    }

    fn poll_chunk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Chunk, Failure>>> {
        loop {
            match ready!(self.poll_delta(cx)) {
                None => return Poll::Ready(None),
                Some(Err(failure)) => return Poll::Ready(Some(Err(failure))),
                Some(Ok(delta)) => {
                    self.hearer = self.hearer.take().and_then(|hearer| hearer.hears(&delta));
                    if let Some(chunk) = self.take_in(delta) {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                }
            }
        }
    }

    fn poll_delta(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Delta, Failure>>> {
        if self.progress == Progress::Ended {
            return Poll::Ready(None);
        }
        let Poll::Ready(next) = self.deltas.as_mut().poll_next(cx) else {
            let late = match self.deadline.poll_passed(cx) {
                Poll::Ready(passed) => passed,
                Poll::Pending => ready!(self.deadline.poll_silent(cx)),
            };
            return Poll::Ready(self.end(Some(late)).map(Err));
        };
        let at = match &next {
            Some(Ok(delta)) => delta.at,
            Some(Err(_)) | None => Instant::now(),
        };
        if let Some(passed) = self.deadline.passed(at) {
            return Poll::Ready(self.end(Some(passed)).map(Err));
        }
        self.deadline.heard(at);
        Poll::Ready(match next {
            None => self.end(None).map(Err),
            Some(Err(failure)) => self.end(Some(failure)).map(Err),
            Some(Ok(delta)) => {
                if delta.is_last {
                    self.progress = Progress::Complete;
                }
                Some(Ok(delta))
            }
        })
    }

    /// Keeps what a delta says about the whole answer, and gives what it carries.
    fn take_in(&mut self, delta: Delta) -> Option<Chunk> {
        self.usage = delta.usage.or(self.usage);
        if let Some(reason) = delta.finish_reason {
            self.finish_reason = Some(reason);
        }
        if let Some(values) = delta.values {
            self.values = Some(values);
        }
        (delta.tokens > 0).then_some(Chunk {
            text: delta.text,
            tokens: delta.tokens,
            at: delta.at,
        })
    }

    /// Ends the answer. What goes wrong after the server said that it is complete takes nothing from it.
    fn end(&mut self, failure: Option<Failure>) -> Option<Failure> {
        let was = std::mem::replace(&mut self.progress, Progress::Ended);
        let failure = failure.filter(|_| was == Progress::Open);
        let attempt = self.attempt.as_mut();
        if let Some(pass) = attempt.and_then(|attempt| attempt.pass.take()) {
            let kind = failure.as_ref().map(|failure| failure.kind);
            pass.ends(kind, Instant::now());
        }
        // An answer that nobody said is complete may have been cut off.
        let is_complete = was == Progress::Complete || self.finish_reason.is_some();
        let hearer = self.hearer.take();
        if let Some(hearer) = hearer.filter(|_| is_complete && failure.is_none()) {
            hearer.completed();
        }
        match (self.counting.take(), &failure) {
            (Some(counting), None) => counting.answered(self.usage),
            (Some(counting), Some(_)) => counting.failed(),
            (None, _) => {}
        }
        failure
    }
}

impl Stream for Reply {
    type Item = Result<Chunk, Failure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_chunk(cx)
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("source", &self.source)
            .field("endpoint", &self.endpoint())
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
