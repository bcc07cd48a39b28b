//! Bytes that leave in small pieces with pauses between them: 20 bytes, 8 every 50 ms, have left after 100 ms.
//!
//! ```text
//! hold(20 bytes)      0 ms: 8 bytes      50 ms: 8 bytes      100 ms: 4 bytes
//! ```

use crate::fault::Spoil;
use crate::journal::End;
use crate::timer::{Alarm, Timer};
use crate::visit::Visit;
use bytes::Bytes;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;

/// Holds bytes back and lets them go in pieces.
#[derive(Debug)]
pub(crate) struct Drip {
    /// Bytes in a piece, at least one.
    size: usize,
    pause: Duration,
    alarm: Alarm,
    held: Bytes,
    /// When the next piece may go; none has gone before.
    next: Option<Instant>,
    last: Option<Last>,
}

/// What ends with the last byte.
#[derive(Debug)]
struct Last {
    visit: Visit,
    tokens: u32,
    due: Instant,
}

impl Drip {
    /// Pieces of `size` bytes, one after each `pause`.
    pub(crate) fn new(size: usize, pause: Duration, timer: &Timer) -> Self {
        Self {
            size: size.max(1),
            pause,
            alarm: timer.alarm(),
            held: Bytes::new(),
            next: None,
            last: None,
        }
    }

    /// What an answer needs whose fault is to trickle.
    pub(crate) fn of(spoil: Option<Spoil>, timer: &Timer) -> Option<Box<Self>> {
        match spoil? {
            Spoil::Trickle { bytes, pause } => Some(Box::new(Self::new(bytes, pause, timer))),
            Spoil::MissingDone
            | Spoil::MissingUsage
            | Spoil::WrongContentType
            | Spoil::WrongAnswer
            | Spoil::Piece { .. } => None,
        }
    }

    /// Takes bytes to let go, once those before have gone.
    pub(crate) fn hold(&mut self, bytes: Bytes) {
        self.held = bytes;
    }

    /// Ends the visit with the last of the bytes, which is when its `tokens`, due at `due`, are written. Until then it
    /// is one that the client may abandon.
    pub(crate) fn ends(&mut self, visit: Visit, tokens: u32, due: Instant) {
        self.last = Some(Last { visit, tokens, due });
    }

    /// How many bytes have not gone yet.
    pub(crate) fn left(&self) -> usize {
        self.held.len()
    }

    /// The next piece, when its time has come; `None` where nothing is held.
    pub(crate) fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.held.is_empty() {
            return Poll::Ready(None);
        }
        if let Some(next) = self.next {
            ready!(self.alarm.poll_until(next, context));
        }
        let now = Instant::now();
        // A pause that was longer, because nothing was there to send or the client took nothing, is not made up for.
        let went = self.next.filter(|next| now < *next + self.pause);
        self.next = Some(went.unwrap_or(now) + self.pause);
        let piece = self.held.split_to(self.size.min(self.held.len()));
        if self.held.is_empty()
            && let Some(mut last) = self.last.take()
        {
            last.visit.wrote(last.tokens, last.due);
            last.visit.end(End::Answered);
        }
        Poll::Ready(Some(piece))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    /// The sizes of the pieces until nothing is held, and how many milliseconds after `start` each went.
    async fn pieces(drip: &mut Drip, start: Instant) -> Vec<(usize, u128)> {
        let mut pieces = Vec::new();
        while let Some(piece) = poll_fn(|context| drip.poll_piece(context)).await {
            pieces.push((piece.len(), start.elapsed().as_millis()));
        }
        pieces
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_go_one_after_each_pause_and_the_first_at_once() {
        let start = Instant::now();
        let mut drip = Drip::new(8, Duration::from_millis(50), &Timer::Coarse);

        drip.hold(Bytes::from_static(b"01234567890123456789"));

        assert_eq!(pieces(&mut drip, start).await, [(8, 0), (8, 50), (4, 100)]);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_held_next_waits_for_its_turn_and_a_longer_pause_is_not_made_up_for() {
        let start = Instant::now();
        let mut drip = Drip::new(2, Duration::from_millis(10), &Timer::Coarse);

        drip.hold(Bytes::from_static(b"a"));
        assert_eq!(pieces(&mut drip, start).await, [(1, 0)]);
        drip.hold(Bytes::from_static(b"bcd"));
        assert_eq!(pieces(&mut drip, start).await, [(2, 10), (1, 20)]);
        tokio::time::advance(Duration::from_secs(5)).await;
        drip.hold(Bytes::from_static(b"efg"));

        assert_eq!(pieces(&mut drip, start).await, [(2, 5020), (1, 5030)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_pause_can_be_waited_for() {
        let start = Instant::now();
        let mut drip = Drip::new(1, Duration::from_hours(24), &Timer::Coarse);

        drip.hold(Bytes::from_static(b"ab"));

        assert_eq!(pieces(&mut drip, start).await, [(1, 0), (1, 86_400_000)]);
    }
}
