//! What a struck request meets, in words that every protocol understands: `Strike::BreakOff { after_tokens: 8 }`.

use crate::connection::Severance;
use crate::latency::Latency;
use crate::refused::Refused;

/// What a struck request meets, whatever the protocol.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Strike {
    /// An error, at once.
    Refuse(Refused),
    /// What a model that is not loaded answers.
    NotReady,
    /// Nothing, until the client leaves.
    Silence,
    /// The beginning of an answer, and then nothing, until the client leaves.
    FallSilent {
        /// Tokens that are still sent, at their usual pace.
        after_tokens: u32,
    },
    /// The beginning of an answer, and then the end of the connection or stream.
    BreakOff {
        /// Tokens that are still sent, at their usual pace.
        after_tokens: u32,
    },
    /// The end of the connection, with all that is on it.
    Sever {
        /// In which way.
        how: Severance,
        /// Tokens that are still sent, at their usual pace; without it not even the head of an answer is.
        after_tokens: Option<u32>,
    },
    /// A whole answer, and no further request on its connection.
    GoAway,
    /// A whole answer, so much later.
    Delay(Latency),
    /// A whole answer with something wrong in it.
    Spoil(Spoil),
}

/// What is wrong in a whole answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spoil {
    /// The end mark is left out.
    MissingDone,
}
