//! When each piece of an answer is due: [`Pace`] says it as a pure sequence of offsets, [`Ticker`] waits for it.

mod ticker;

pub(crate) use ticker::{Chunk, Ticker};

use crate::dice::{Dice, Purpose};
use crate::latency::Latency;
use crate::spec::MockSpec;
use std::sync::Arc;
use std::time::Duration;

/// How fast one mock answers.
#[derive(Debug, Clone)]
pub(crate) struct Timing {
    pub(crate) first: Latency,
    pub(crate) per_prompt_token: Duration,
    pub(crate) gap: Latency,
    pub(crate) jitter: Latency,
    pub(crate) tokens_per_chunk: u32,
    pub(crate) coalesce: Duration,
}

impl Timing {
    /// The timing that a sound specification describes.
    pub(crate) fn new(spec: &MockSpec) -> Self {
        Self {
            first: spec.latency.clone(),
            per_prompt_token: spec.per_prompt_token.duration(),
            gap: spec.per_output_token.clone(),
            jitter: spec.jitter.clone(),
            tokens_per_chunk: spec.tokens_per_chunk,
            coalesce: spec.coalesce.duration(),
        }
    }
}

/// The pieces of one answer, each with the offset, from the moment when work on the request begins, at which it is due:
/// as many pieces as the tokens need, and never falling.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    timing: Arc<Timing>,
    dice: Dice,
    prompt: Duration,
    tokens: u32,
    /// Tokens whose time is drawn already; the last of them may wait in `ahead`.
    drawn: u32,
    ahead: Option<Duration>,
    offset: Duration,
    handed_out: u32,
    latest: Duration,
}

/// Some tokens that leave together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) tokens: u32,
    pub(crate) due: Duration,
}

impl Pace {
    /// The pace of `tokens` tokens after a prompt of so many.
    pub(crate) fn new(timing: &Arc<Timing>, dice: Dice, prompt_tokens: u64, tokens: u32) -> Self {
        let factor = u32::try_from(prompt_tokens).unwrap_or(u32::MAX);
        Self {
            timing: Arc::clone(timing),
            dice,
            prompt: timing.per_prompt_token.saturating_mul(factor),
            tokens,
            drawn: 0,
            ahead: None,
            offset: Duration::ZERO,
            handed_out: 0,
            latest: Duration::ZERO,
        }
    }

    /// How many tokens there are in all.
    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// When the last token is due, for an answer in one piece; at once where there are none.
    pub(crate) fn end(mut self) -> Duration {
        let mut end = Duration::ZERO;
        while let Some(due) = self.next_token() {
            end = due;
        }
        end
    }

    /// The time of the next token, which is taken.
    fn next_token(&mut self) -> Option<Duration> {
        if let Some(due) = self.ahead.take() {
            return Some(due);
        }
        if self.drawn == self.tokens {
            return None;
        }
        let step = match self.drawn {
            0 => {
                let first = self.dice.draw(Purpose::FirstToken, 0);
                let first = self.timing.first.quantile(first);
                first.saturating_add(self.prompt)
            }
            index => self
                .timing
                .gap
                .quantile(self.dice.draw(Purpose::Gap, index)),
        };
        self.drawn += 1;
        self.offset = self.offset.saturating_add(step);
        Some(self.offset)
    }

    /// The time of the next token if that is not after `close`; else it stays.
    fn next_token_until(&mut self, close: Duration) -> Option<Duration> {
        let due = self.next_token()?;
        if due <= close {
            return Some(due);
        }
        self.ahead = Some(due);
        None
    }

    fn jitter(&self) -> Duration {
        let draw = self.dice.draw(Purpose::Jitter, self.handed_out);
        self.timing.jitter.quantile(draw)
    }
}

impl Iterator for Pace {
    type Item = Piece;

    fn next(&mut self) -> Option<Piece> {
        let first = self.next_token()?;
        let (mut tokens, mut due) = (1, first);
        if self.handed_out > 0 {
            while tokens < self.timing.tokens_per_chunk
                && let Some(next) = self.next_token()
            {
                (tokens, due) = (tokens + 1, next);
            }
        }
        let close = first.saturating_add(self.timing.coalesce);
        if close > due {
            while self.next_token_until(close).is_some() {
                tokens += 1;
            }
            due = close;
        }
        self.latest = self.latest.max(due.saturating_add(self.jitter()));
        self.handed_out += tokens;
        Some(Piece {
            tokens,
            due: self.latest,
        })
    }
}

#[cfg(test)]
mod tests;
