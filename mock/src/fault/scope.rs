//! Which requests a kind of fault can strike at all, and which numbers a range holds.

use crate::journal::{Entry, Protocol};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A range of numbers of requests: `{ from: 100, until: 200 }` are the hundred from 100 to 199.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Numbers {
    /// The first, from 0.
    #[serde(default)]
    pub from: u64,
    /// The first that is not in it any more; none when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
}

impl Numbers {
    pub(super) fn holds(self, number: u64) -> bool {
        self.from <= number && self.until.is_none_or(|until| number < until)
    }
}

/// Where a fault makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scope {
    /// The protocols on which it can be shown.
    pub(super) protocols: &'static [Protocol],
    /// The same in words, for whoever asked for another.
    pub(super) expected: &'static str,
    /// The answers in which it can be shown.
    pub(super) answers: Answers,
}

/// Which answers a fault can spoil.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answers {
    /// All of them.
    Any,
    /// Streams.
    Streamed,
    /// Streams of more than one token.
    StreamedTokens,
    /// Texts, in which there are words.
    Texts,
    /// Those that count their tokens: texts, but not as a stream of the Open Inference Protocol over REST.
    Counted,
}

impl Scope {
    /// A fault that makes sense anywhere.
    pub(super) const EVERYTHING: Self = Self {
        protocols: &[Protocol::Openai, Protocol::OipRest, Protocol::OipGrpc],
        expected: "openai, oip_rest or oip_grpc",
        answers: Answers::Any,
    };

    /// A fault that makes sense in any stream.
    pub(super) const STREAMS: Self = Self {
        answers: Answers::Streamed,
        ..Self::EVERYTHING
    };

    /// A fault that shows in bodies of HTTP, which gRPC does not have.
    pub(super) const REST: Self = Self {
        protocols: &[Protocol::Openai, Protocol::OipRest],
        expected: "openai or oip_rest",
        answers: Answers::Any,
    };

    pub(super) fn holds(self, entry: &Entry, streamed: bool) -> bool {
        let answer = match self.answers {
            Answers::Any => true,
            Answers::Streamed => streamed,
            Answers::StreamedTokens => streamed && entry.output_tokens > 1,
            Answers::Texts => entry.output_tokens > 0,
            Answers::Counted => {
                entry.output_tokens > 0 && !(streamed && entry.protocol == Protocol::OipRest)
            }
        };
        answer && self.protocols.contains(&entry.protocol)
    }
}
