//! An answer under way: chunks are pulled from it one by one, and what the server says about the whole is kept.

use super::batch::{Batch, Head, Part};
use super::breaker::Pass;
use super::deadline::Deadline;
use super::failover::Answered;
use super::transport::{Delta, Opened};
use super::{Attempt, Failed, Failure, Protocol, Values};
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
    endpoint: usize,
    protocol: Protocol,
    /// Until it has been told how the answer ended.
    pass: Option<Pass>,
    started: Instant,
    failed: Vec<Attempt>,
    first_byte: Instant,
    connection: Connection,
    queued: Option<Duration>,
    usage: Option<Usage>,
    finish_reason: Option<Box<str>>,
    values: Option<Values>,
    batch: Option<Batch>,
    progress: Progress,
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
        deadline.heard();
        Self {
            deltas: answered.value.deltas,
            deadline,
            endpoint: answered.endpoint,
            protocol: answered.protocol,
            pass: Some(answered.pass),
            started: answered.started,
            failed: answered.failed,
            first_byte: answered.value.first_byte,
            connection: answered.value.connection,
            queued: answered.value.queued,
            usage: None,
            finish_reason: None,
            values: None,
            batch: None,
            progress: Progress::Open,
        }
    }

    /// One request's part of the answer to a batch, which has told the breaker itself how it ended.
    pub(super) fn of_batch(part: Part, mut deadline: Deadline) -> Self {
        let Part { delta, head, batch } = part;
        deadline.heard();
        Self {
            deltas: stream::iter([Ok(delta)]).boxed(),
            deadline,
            endpoint: head.endpoint,
            protocol: head.protocol,
            pass: None,
            started: head.started,
            failed: head.failed,
            first_byte: head.first_byte,
            connection: head.connection,
            queued: head.queued,
            usage: None,
            finish_reason: None,
            values: None,
            batch,
            progress: Progress::Open,
        }
    }

    /// Position of the endpoint that answers.
    pub fn endpoint(&self) -> usize {
        self.endpoint
    }

    /// What is spoken with it.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// When the attempt began that is answered.
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

    /// What it comes over.
    pub fn connection(&self) -> Connection {
        self.connection
    }

    /// How long the attempt that is answered waited for a connection to become free; `None` where their number has no
    /// limit.
    pub fn queued(&self) -> Option<Duration> {
        self.queued
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
        if let Poll::Ready(passed) = self.deadline.poll_passed(cx) {
            return Poll::Ready(self.end(Some(passed)).map(Err));
        }
        let Poll::Ready(next) = self.deltas.as_mut().poll_next(cx) else {
            let silent = ready!(self.deadline.poll_silent(cx));
            return Poll::Ready(self.end(Some(silent)).map(Err));
        };
        self.deadline.heard();
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
        if let Some(pass) = self.pass.take() {
            let kind = failure.as_ref().map(|failure| failure.kind);
            pass.ends(kind, Instant::now());
        }
        failure
    }

    /// The call's failure, when its answer broke off.
    pub(super) fn broken(self, failure: Failure) -> Failed {
        let mut attempts = self.failed;
        attempts.push(Attempt {
            endpoint: self.endpoint,
            protocol: self.protocol,
            failure: failure.clone(),
            started: self.started,
            ended: Instant::now(),
            batch: self.batch,
        });
        Failed { failure, attempts }
    }

    /// Where the answer came from.
    pub(super) fn into_head(self) -> Head {
        Head {
            endpoint: self.endpoint,
            protocol: self.protocol,
            started: self.started,
            first_byte: self.first_byte,
            connection: self.connection,
            queued: self.queued,
            failed: self.failed,
        }
    }

    /// What the answer holds that is no text, to keep.
    pub(super) fn take_values(&mut self) -> Option<Values> {
        self.values.take()
    }

    /// The attempts that failed before this one, to keep.
    pub(super) fn into_failed_attempts(self) -> Vec<Attempt> {
        self.failed
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
            .field("endpoint", &self.endpoint)
            .field("progress", &self.progress)
            .finish_non_exhaustive()
    }
}
