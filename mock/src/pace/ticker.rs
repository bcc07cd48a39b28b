//! Hands out the pieces of one answer as they become due.

use super::{Pace, Piece};
use crate::timer::{Alarm, Timer};
use std::ops::Range;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// Waits for the pieces of an answer. Being late never moves a later piece: every due time counts from the moment when
/// work on the request began.
#[derive(Debug)]
pub(crate) struct Ticker {
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
    pub(crate) fn new(pace: Pace, timer: &Timer, began: Instant) -> Self {
        Self {
            pace,
            began,
            passed: began,
            next: None,
            first: 0,
            alarm: timer.alarm(),
        }
    }

    /// How many tokens it hands out in all.
    pub(crate) fn tokens(&self) -> u32 {
        self.pace.tokens()
    }

    /// The next piece once it is due; `None` after the last one.
    pub(crate) fn poll_chunk(&mut self, context: &mut Context<'_>) -> Poll<Option<Chunk>> {
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

    /// Waits until the last token is due, for an answer in one piece, and says when that was.
    pub(crate) async fn last_token(mut self) -> Instant {
        let due = self.began + self.pace.end();
        if due > self.began && due > Instant::now() {
            self.alarm.until(due).await;
        }
        due
    }
}
