//! A stage and samples of it, for the tests.

use super::{Sample, Stage, Target};
use crate::sample::{
    Chunk, Connection, Hedges, Kind, Operation, Outcome, Source, TokenSource, Tokens,
};
use crate::units::Offset;
use std::time::Duration;

/// A stream that was answered at its second attempt, begun beside the first.
pub(super) const SENT: Sample<'_> = Sample {
    stream: 0,
    seq: 7,
    operation: Operation::Chat,
    kind: 1,
    scheduled: Offset::from_nanos(1_000),
    sent: Some(Offset::from_nanos(1_050)),
    first_byte: Some(Offset::from_nanos(2_000)),
    chunks: &[
        Chunk {
            at: Offset::from_nanos(2_100),
            tokens: 1,
        },
        Chunk {
            at: Offset::from_nanos(2_500),
            tokens: 2,
        },
        Chunk {
            at: Offset::from_nanos(2_800),
            tokens: 1,
        },
    ],
    finished: Offset::from_nanos(2_900),
    streamed: true,
    endpoint: Some(1),
    attempts: 2,
    failed_attempts: &[],
    answered_attempt: Some(Offset::from_nanos(1_700)),
    source: Some(Source::Target),
    connection: Some(Connection::Reused),
    queued: Some(Duration::from_nanos(40)),
    hedges: Hedges {
        begun: 1,
        won: true,
    },
    prompt_tokens: Some(64),
    output_tokens: Some(Tokens {
        count: 4,
        source: TokenSource::Usage,
    }),
    batch: None,
    outcome: Outcome::Answered,
};

/// A request that was due after the measure phase.
pub(super) const NOT_SENT: Sample<'_> = Sample {
    stream: 1,
    seq: 8,
    operation: Operation::Tensor,
    kind: 0,
    scheduled: Offset::from_nanos(5_000),
    sent: None,
    first_byte: None,
    chunks: &[],
    finished: Offset::from_nanos(5_000),
    streamed: false,
    endpoint: None,
    attempts: 0,
    failed_attempts: &[],
    answered_attempt: None,
    source: None,
    connection: None,
    queued: None,
    hedges: Hedges {
        begun: 0,
        won: false,
    },
    prompt_tokens: None,
    output_tokens: None,
    batch: None,
    outcome: Outcome::NotSent,
};

/// A stage of a sweep, with two load streams and two endpoints.
pub(super) fn stage() -> Stage {
    let target = |name: &str, protocol: &str| Target {
        name: name.to_owned(),
        protocol: protocol.to_owned(),
    };
    let kind = |part: Option<&str>, operation| Kind {
        stream: Some(if part.is_some() { "chats" } else { "tensors" }.to_owned()),
        turn: part.map(|_| 2),
        part: part.map(str::to_owned),
        operation,
    };
    Stage {
        index: 3,
        name: "rate=\"5/s\"".to_owned(),
        kinds: vec![
            vec![
                kind(None, Operation::Chat),
                kind(Some("short"), Operation::Chat),
            ],
            vec![kind(None, Operation::Tensor)],
        ],
        endpoints: vec![target("a", "openai"), target("b (oip_grpc)", "oip_grpc")],
    }
}
