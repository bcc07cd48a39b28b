//! What a struck request meets, in words that every protocol understands: `Strike::BreakOff { after_tokens: 8 }`.

use crate::connection::Severance;
use crate::latency::Latency;
use crate::refused::Refused;
use std::time::Duration;

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
    /// The beginning of an answer, and then an error in the form that the protocol has for it in the middle of a stream.
    Fail {
        /// Tokens that are still sent, at their usual pace.
        after_tokens: u32,
        /// The error.
        refused: Refused,
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
    /// The token counts are left out.
    MissingUsage,
    /// The head says that it is something else.
    WrongContentType,
    /// It is the answer to another question.
    WrongAnswer,
    /// Its body leaves in pieces of so many bytes, with pauses between them.
    Trickle { bytes: usize, pause: Duration },
    /// One piece of it is wrong, or all of it where it has only one.
    Piece {
        /// The output token, from 0, in whose event or message it shows.
        at_token: u32,
        /// What is wrong.
        blemish: Blemish,
    },
}

/// What is wrong in one piece of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blemish {
    /// Nobody can parse it.
    Malformed,
    /// It is so many bytes larger than it needs to be.
    Padded { bytes: usize },
    /// It comes twice.
    Twice,
    /// It comes after the one that should follow it.
    AfterNext,
}

impl Spoil {
    /// The same in an answer of so many tokens: what is wrong in a token that it does not have is so in its last one,
    /// or in the last that another one follows.
    pub(crate) fn within(self, tokens: u32) -> Self {
        match self {
            Self::Piece { at_token, blemish } => {
                let behind = match blemish {
                    Blemish::AfterNext => 2,
                    Blemish::Malformed | Blemish::Padded { .. } | Blemish::Twice => 1,
                };
                Self::Piece {
                    at_token: at_token.min(tokens.saturating_sub(behind)),
                    blemish,
                }
            }
            other @ (Self::MissingDone
            | Self::MissingUsage
            | Self::WrongContentType
            | Self::WrongAnswer
            | Self::Trickle { .. }) => other,
        }
    }
}
