//! Hands out the pieces of one answer as they become due.

use super::{Pace, Piece};
use crate::batching::{Made, Sequence};
use crate::timer::{Alarm, Timer};
use std::future::poll_fn;
use std::ops::Range;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// Waits for the pieces of an answer.
#[derive(Debug)]
pub(crate) enum Ticker {
    /// At their own pace, whatever other requests do.
    Paced(Paced),
    /// From a batch, which gives up the sequence with this.
    Batched(Sequence),
}

/// Being late never moves a later piece: every due time counts from the moment when work on the request began.
#[derive(Debug)]
pub(crate) struct Paced {
    pace: Pace,
    began: Instant,
    /// A time that has certainly passed; the clock is read only when a piece is due after it.
    passed: Instant,
    next: Option<Piece>,
    first: u32,
    alarm: Alarm,
}

/// Some tokens whose time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// The index of its first token.
    pub(crate) first: u32,
    pub(crate) tokens: u32,
    pub(crate) due: Instant,
}

impl Chunk {
    /// The indices of its tokens.
    pub(crate) fn tokens(self) -> Range<u32> {
        self.first..self.first.saturating_add(self.tokens)
    }
}

impl Ticker {
    /// A ticker for a request on which work began at `began`.
    pub(crate) fn paced(pace: Pace, timer: &Timer, began: Instant) -> Self {
        Self::Paced(Paced {
            pace,
            began,
            passed: began,
            next: None,
            first: 0,
            alarm: timer.alarm(),
        })
    }

    /// A ticker for a request that shares steps with others.
    pub(crate) fn batched(sequence: Sequence) -> Self {
        Self::Batched(sequence)
    }

    /// How many tokens it hands out in all.
    pub(crate) fn tokens(&self) -> u32 {
        match self {
            Self::Paced(paced) => paced.pace.tokens(),
            Self::Batched(sequence) => sequence.tokens(),
        }
    }

    /// The next piece once it is due; `None` after the last one. A batch hands out together what was made since it was
    /// asked last.
    pub(crate) fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Chunk>> {
        match self {
            Self::Paced(paced) => paced.poll_chunk(context),
            Self::Batched(sequence) => {
                let first = sequence.taken();
                let made = ready!(sequence.poll_tokens(context));
                let chunk = |made: Made| Chunk {
                    first,
                    tokens: made.tokens,
                    due: made.first,
                };
                Poll::Ready(made.map(chunk))
            }
        }
    }

    /// Waits until the last token is due, for an answer in one piece, and says when that was.
    pub(crate) async fn last_token(self) -> Instant {
        match self {
            Self::Paced(paced) => paced.last_token().await,
            Self::Batched(mut sequence) => {
                let mut last = Instant::now();
                while let Some(made) = poll_fn(|context| sequence.poll_tokens(context)).await {
                    last = made.last;
                }
                last
            }
        }
    }
}

impl Paced {
    fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Chunk>> {
        let Some(piece) = self.next.or_else(|| self.pace.next()) else {
            return Poll::Ready(None);
        };
        self.next = Some(piece);
        let due = self.began + piece.due;
        if due > self.passed {
            self.passed = Instant::now();
        }
        if due > self.passed {
            ready!(self.alarm.poll_until(due, context));
            self.passed = due;
        }
        self.next = None;
        let first = self.first;
        self.first += piece.tokens;
        Poll::Ready(Some(Chunk {
            first,
            tokens: piece.tokens,
            due,
        }))
    }

    async fn last_token(mut self) -> Instant {
        let due = self.began + self.pace.end();
        if due > self.began && due > Instant::now() {
            self.alarm.until(due).await;
        }
        due
    }
}
