//! The events of one stream, in order, each handed out when its token is due. Events that are due together leave
//! together, in one buffer: no timer and no write for each token of a fast answer.

use super::form::Chunks;
use crate::pace::Ticker;
use crate::words;
use bytes::Bytes;
use std::task::{Context, Poll};

/// A buffer is handed out when it has grown to this many bytes, so that a long answer streams.
const BUFFER: usize = 16 * 1024;

/// What a stream still has to say.
#[derive(Debug)]
pub(super) struct Script {
    chunks: Chunks,
    ticker: Ticker,
    close: Close,
    told: bool,
}

/// What follows the last token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Close {
    /// The finish reason, the usage, the end marker.
    Properly,
    /// Nothing: the stream breaks.
    Never,
}

impl Script {
    /// A script of the tokens of `ticker`, with `close` after the last one.
    pub(super) fn new(chunks: Chunks, ticker: Ticker, close: Close) -> Self {
        Self {
            chunks,
            ticker,
            close,
            told: false,
        }
    }

    /// What follows the last token.
    pub(super) fn close(&self) -> Close {
        self.close
    }

    /// Has everything been said?
    pub(super) fn is_told(&self) -> bool {
        self.told
    }

    /// The bytes of all events that are due, waiting until one is; `None` at the end.
    pub(super) fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Bytes>> {
        let mut buffer = Vec::new();
        while !self.told && buffer.len() < BUFFER {
            match self.ticker.poll_token(context) {
                Poll::Ready(Some(index)) => self.tell(index, &mut buffer),
                Poll::Ready(None) => self.finish(&mut buffer),
                Poll::Pending if buffer.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        Poll::Ready((!buffer.is_empty()).then(|| buffer.into()))
    }

    fn tell(&mut self, index: u32, buffer: &mut Vec<u8>) {
        let opening = self.chunks.opening.take().unwrap_or_default();
        for part in [
            &opening,
            &self.chunks.before_token,
            words::word(index),
            &self.chunks.after_token,
        ] {
            buffer.extend_from_slice(part.as_bytes());
        }
    }

    fn finish(&mut self, buffer: &mut Vec<u8>) {
        self.told = true;
        match self.close {
            Close::Properly => buffer.extend_from_slice(self.chunks.end.as_bytes()),
            Close::Never => {}
        }
    }
}
