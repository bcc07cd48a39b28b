//! The one server behind all protocols: what it knows, what it decides, what it counts.

use crate::behaviour::{Behaviour, Course};
use crate::pace::Ticker;
use crate::repository::Repository;
use crate::spec::{Error, MockSpec};
use crate::tally::Tally;
use crate::timer::Timer;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use tokio::time::Instant;

/// Output tokens when a request does not say how many.
pub(crate) const DEFAULT_TOKENS: u32 = 16;

/// The most output tokens that a request may ask for: the context of a large model, so that no request can ask for
/// memory without end.
pub(crate) const MOST_TOKENS: u32 = 131_072;

/// The largest request body, in bytes, on every protocol.
pub(crate) const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The header and metadata key by which a request says its id.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Everything that the protocols share.
#[derive(Debug)]
pub(crate) struct Backend {
    /// Which models there are.
    pub(crate) repository: Repository,
    /// What happened.
    pub(crate) tally: Arc<Tally>,
    behaviour: Behaviour,
    unnamed: AtomicU64,
}

impl Backend {
    /// A backend that behaves as specified, in the time that `timer` measures.
    pub(crate) fn try_new(spec: &MockSpec, timer: Timer) -> Result<Self, Error> {
        Ok(Self {
            behaviour: Behaviour::try_new(spec, timer)?,
            repository: Repository::new(&spec.models),
            tally: Arc::default(),
            unnamed: AtomicU64::new(0),
        })
    }

    /// What happens to the request `id`, attempted `earlier_attempts` times before.
    pub(crate) fn course(&self, id: &str, earlier_attempts: u32) -> Course {
        self.behaviour.course(id, earlier_attempts)
    }

    /// The id that a request gave itself, or the next one of the server: `unnamed-0`, `unnamed-1`, ...
    pub(crate) fn name(&self, given: Option<&str>) -> String {
        match given {
            Some(id) if !id.is_empty() => id.to_owned(),
            Some(_) | None => format!("unnamed-{}", self.unnamed.fetch_add(1, Relaxed)),
        }
    }
}

/// The number of earlier attempts that a request tells, in whatever header its protocol has for it; none when it tells
/// nothing, or nothing that is a number.
pub(crate) fn earlier_attempts(told: Option<&str>) -> u32 {
    told.and_then(|told| told.parse().ok()).unwrap_or_default()
}

/// How many tokens a request wants, how many its prompt has, and when it came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    pub(crate) arrived: Instant,
    pub(crate) prompt_tokens: u64,
    /// `None` when the request left it to the server.
    pub(crate) max_tokens: Option<u32>,
}

impl Wish {
    /// Exactly as many tokens as asked for.
    pub(crate) fn tokens(&self) -> u32 {
        self.max_tokens.unwrap_or(DEFAULT_TOKENS)
    }

    /// A ticker for the first `tokens` tokens of the answer.
    pub(crate) fn ticker(&self, course: Course, tokens: u32) -> Ticker {
        let tokens = tokens.min(self.tokens());
        Ticker::new(course.pace, &course.timer, self.arrived, tokens)
    }
}

/// The number of output tokens that a request asks for, if a server would accept it.
pub(crate) fn accept_tokens(asked: i64) -> Result<u32, TokensOutOfRange> {
    u32::try_from(asked)
        .ok()
        .filter(|tokens| (1..=MOST_TOKENS).contains(tokens))
        .ok_or(TokensOutOfRange { asked })
}

/// More output tokens asked for than there can be, or fewer than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {MOST_TOKENS} output tokens, found `{asked}`")]
pub(crate) struct TokensOutOfRange {
    asked: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_tells_no_number_of_earlier_attempts_makes_the_first() {
        for told in [None, Some(""), Some("0"), Some("-1"), Some("many")] {
            assert_eq!(earlier_attempts(told), 0, "{told:?}");
        }
        assert_eq!(earlier_attempts(Some("2")), 2);
    }
}
