//! A sample as it is kept until it is written: as it was, but with nothing borrowed, so that it is one copy of a known size.

use super::Sample;
use crate::sample::{Batch, Connection, Hedges, Operation, Outcome, Source, Tokens};
use crate::units::{Offset, wide};
use std::time::Duration;

/// A sample, its chunks summed up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Row {
    pub(super) stream: usize,
    pub(super) seq: u64,
    pub(super) lane: usize,
    pub(super) operation: Operation,
    pub(super) kind: usize,
    pub(super) measured: bool,
    pub(super) scheduled: Offset,
    pub(super) sent: Option<Offset>,
    pub(super) answered_attempt: Option<Offset>,
    pub(super) first_byte: Option<Offset>,
    pub(super) first_token: Option<Offset>,
    pub(super) last_token: Option<Offset>,
    pub(super) finished: Offset,
    pub(super) chunks: u64,
    pub(super) longest_gap: Option<Duration>,
    pub(super) streamed: bool,
    pub(super) attempts: u32,
    pub(super) endpoint: Option<usize>,
    pub(super) source: Option<Source>,
    pub(super) connection: Option<Connection>,
    pub(super) queued: Option<Duration>,
    pub(super) hedges: Hedges,
    pub(super) prompt_tokens: Option<u64>,
    pub(super) output_tokens: Option<Tokens>,
    pub(super) batch: Option<Batch>,
    pub(super) outcome: Outcome,
}

impl Row {
    /// The row of a sample that `lane` took; `measured` says whether it was due in the measure phase.
    pub(super) fn of(sample: &Sample<'_>, lane: usize, measured: bool) -> Self {
        let chunks = sample.chunks;
        let gaps = chunks.iter().zip(chunks.iter().skip(1));
        Self {
            stream: sample.stream,
            seq: sample.seq,
            lane,
            operation: sample.operation,
            kind: sample.kind,
            measured,
            scheduled: sample.scheduled,
            sent: sample.sent,
            answered_attempt: sample.answered_attempt,
            first_byte: sample.first_byte,
            first_token: chunks.first().map(|chunk| chunk.at),
            last_token: chunks.last().map(|chunk| chunk.at),
            finished: sample.finished,
            chunks: wide(chunks.len()),
            longest_gap: gaps.map(|(one, next)| next.at.since(one.at)).max(),
            streamed: sample.streamed,
            attempts: sample.attempts,
            endpoint: sample.endpoint,
            source: sample.source,
            connection: sample.connection,
            queued: sample.queued,
            hedges: sample.hedges,
            prompt_tokens: sample.prompt_tokens,
            output_tokens: sample.output_tokens,
            batch: sample.batch,
            outcome: sample.outcome,
        }
    }
}
