//! One request's facts, as the drive saw them. A failed request is a sample like any other, never an `Err`.
//!
//! All times are [`Offset`]s from the start of the stage on one monotonic clock. The letters are those of the metric
//! formulas: `s0` scheduled start, `t0` sent, `b` first byte, `f` first token, `l` last token, `e` end.

mod client;
mod operation;

pub use client::{ClientCounts, ConnectionCounts, LoadingCounts};
pub use operation::{Kind, Operation};

use crate::units::Offset;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::{Duration, Instant};

/// One request, from its scheduled start to its end. Chunks are borrowed from the sender's buffer, so that emitting a
/// sample allocates nothing.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample<'a> {
    /// Which of the load streams of its stage it belongs to, from 0.
    pub stream: usize,
    /// Its number in that, from 0; also selects the request's content.
    pub seq: u64,
    /// What was asked.
    pub operation: Operation,
    /// Which it is of the kinds of request that its stream tells apart, from 0.
    pub kind: usize,
    /// `s0`: when the request should have started. In a closed loop, when its worker became free; within a journey, when
    /// the request before it had ended and the pause between both was over.
    pub scheduled: Offset,
    /// `t0`: when it was handed to the client. `None` if it never was.
    pub sent: Option<Offset>,
    /// `b`: when the response head of the answering attempt arrived.
    pub first_byte: Option<Offset>,
    /// The chunks that carried generated tokens, in order of arrival; the first is `f`, the last `l`. Empty when nothing
    /// was generated, as for vectors, whose `l` is `e`. A unary answer is one chunk.
    pub chunks: &'a [Chunk],
    /// `e`: when the answer was complete, failed or was given up.
    pub finished: Offset,
    /// Was a streaming answer asked for? Token gaps of a unary answer mean nothing.
    pub streamed: bool,
    /// Index of the endpoint that answered, or that failed last, in the stage's list of endpoints.
    pub endpoint: Option<usize>,
    /// Attempts made, the last one included; 0 if never sent, or if no endpoint had to be asked.
    pub attempts: u32,
    /// The attempts that failed, as far as they are known, in the order in which they began.
    pub failed_attempts: &'a [FailedAttempt],
    /// When the attempt began that was answered, where that is known.
    pub answered_attempt: Option<Offset>,
    /// Where the answer came from; `None` when there was none or it is not known.
    pub source: Option<Source>,
    /// What the answer came over; `None` when there was none or it is not known.
    pub connection: Option<Connection>,
    /// How long the attempt that was answered waited for a connection to become free; `None` where their number has no
    /// limit, or nothing is known of it.
    pub queued: Option<Duration>,
    /// The second attempts among all, as far as they are known.
    pub hedges: Hedges,
    /// Prompt tokens, as the server counted them.
    pub prompt_tokens: Option<u64>,
    /// Output tokens and who counted them. `None` when unknown.
    pub output_tokens: Option<Tokens>,
    /// The batch that it was part of, if it was not sent alone.
    pub batch: Option<Batch>,
    /// How it ended.
    pub outcome: Outcome,
}

/// One attempt that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedAttempt {
    /// Index of the endpoint that was tried.
    pub endpoint: usize,
    /// When it began.
    pub began: Offset,
    /// When it had failed.
    pub failed: Offset,
}

/// Second attempts of a request, each begun beside one that was slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Hedges {
    /// How many there were.
    pub begun: u32,
    /// Was it one of them that brought the answer?
    pub won: bool,
}

/// Where an answer came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The target, which was asked by its request.
    Target,
    /// The client's response cache.
    Cache,
    /// The target, which was asked by another request for the same at the same time.
    Shared,
}

/// What an answer came over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// A connection made for its request.
    Fresh,
    /// A connection that was there already.
    Reused,
}

/// Several requests that were sent as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Does this request stand for the whole? At most one of them does, so that what the target saw can be counted.
    pub is_counted: bool,
    /// Output tokens of all of them together, as the server counted them.
    pub output_tokens: Option<u64>,
}

impl Batch {
    /// Is a request one that the target saw: sent alone, or the one that stands for its batch?
    pub fn is_seen(batch: Option<Self>) -> bool {
        batch.is_none_or(|batch| batch.is_counted)
    }
}

/// One arrival of generated tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// When it arrived.
    pub at: Offset,
    /// Tokens in it, as far as the protocol or a tokenizer says: 1 where neither does.
    pub tokens: u32,
}

/// A number of tokens and its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tokens {
    /// How many.
    pub count: u64,
    /// Who counted.
    pub source: TokenSource,
}

impl Tokens {
    /// What chunks say: a lower bound. `None` without any.
    pub fn of_chunks(chunks: &[Chunk]) -> Option<Self> {
        let count = chunks.iter().map(|chunk| u64::from(chunk.tokens)).sum();
        (!chunks.is_empty()).then_some(Self {
            count,
            source: TokenSource::Chunks,
        })
    }
}

/// Who counted the tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TokenSource {
    /// The server's own usage figures.
    Usage,
    /// The tokenizer that the scenario names, in the words of the answer.
    Tokenizer,
    /// Content chunks were counted, one token each: a lower bound, since a chunk may carry several.
    Chunks,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered in full and in the form that was asked for.
    Answered,
    /// Answered without an error, but not with what was asked for.
    WrongAnswer(Wrong),
    /// Failed.
    Failed(Failure),
    /// Given up by its caller before its end, because the workload says so. No fault of the target's.
    Cancelled,
    /// Never sent: the open loop was at its in-flight cap, the stage ended first, or an earlier request of its journey failed.
    NotSent,
}

/// Why an answer is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// What was asked for, be it tokens or vectors, did not come at all.
    Empty,
    /// More or fewer came than were asked for.
    Count,
    /// They came in another size than was asked for.
    Shape,
    /// A list of models does not say what the workload says that it must.
    Models,
}

/// Why a request failed. The text form is the error kind in every report: `connect`, `http_503`, `grpc_14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Failure {
    /// No connection could be made.
    Connect,
    /// The connection ended before the answer began.
    Closed,
    /// The answer broke off in the middle.
    Truncated,
    /// The deadline passed.
    Deadline,
    /// No answer began, or nothing more of it came, within a shorter deadline of its own.
    Stalled,
    /// The server answered with this HTTP status.
    Http(u16),
    /// The server answered with this gRPC status.
    Grpc(i32),
    /// The answer could not be understood.
    Malformed,
    /// Still unanswered when the drain phase ended.
    Unfinished,
    /// The request itself was refused by the client before it was sent.
    Invalid,
    /// Every endpoint was ejected by its breaker.
    Ejected,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect => f.write_str("connect"),
            Self::Closed => f.write_str("closed"),
            Self::Truncated => f.write_str("truncated"),
            Self::Deadline => f.write_str("deadline"),
            Self::Stalled => f.write_str("stalled"),
            Self::Http(status) => write!(f, "http_{status}"),
            Self::Grpc(code) => write!(f, "grpc_{code}"),
            Self::Malformed => f.write_str("malformed"),
            Self::Unfinished => f.write_str("unfinished"),
            Self::Invalid => f.write_str("invalid"),
            Self::Ejected => f.write_str("ejected"),
        }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("empty_answer"),
            Self::Count => f.write_str("wrong_count"),
            Self::Shape => f.write_str("wrong_shape"),
            Self::Models => f.write_str("wrong_models"),
        }
    }
}

/// Takes samples as they are emitted. Each lane has one of its own, so it needs no lock; it is called on the sending
/// path, so it must neither block nor allocate for a sample.
pub trait Sink: Send + 'static {
    /// Takes one sample.
    fn take(&mut self, sample: &Sample<'_>);

    /// Hears when the stage began, on the machine's monotonic clock: all offsets count from there. Called once, before any
    /// sample.
    fn begins(&mut self, _epoch: Instant) {}

    /// Hears when the measure phase really ended; called once, at that moment. After a stop it is before the planned end,
    /// and what happens from there on is not part of the phase.
    fn measure_ended(&mut self, at: Offset);
}

/// Both take every sample.
impl<A: Sink, B: Sink> Sink for (A, B) {
    fn take(&mut self, sample: &Sample<'_>) {
        self.0.take(sample);
        self.1.take(sample);
    }

    fn begins(&mut self, epoch: Instant) {
        self.0.begins(epoch);
        self.1.begins(epoch);
    }

    fn measure_ended(&mut self, at: Offset) {
        self.0.measure_ended(at);
        self.1.measure_ended(at);
    }
}

/// A sink that may not be there.
impl<S: Sink> Sink for Option<S> {
    fn take(&mut self, sample: &Sample<'_>) {
        if let Some(sink) = self {
            sink.take(sample);
        }
    }

    fn begins(&mut self, epoch: Instant) {
        if let Some(sink) = self {
            sink.begins(epoch);
        }
    }

    fn measure_ended(&mut self, at: Offset) {
        if let Some(sink) = self {
            sink.measure_ended(at);
        }
    }
}
