//! What the REST protocols have in common: how a body is read, how an answer in pieces leaves, how it breaks off,
//! and who may ask at all: `authorization: Bearer sk-test`.

mod events;
mod incoming;
mod locked;
mod percent;
mod spoiler;
mod torn;
mod trickled;

pub(super) use events::{Events, Tell};
pub(super) use incoming::Head;
pub(crate) use incoming::{Unreadable, collect, is_array};
pub(crate) use locked::router;
pub(super) use percent::percent_decode;
pub(super) use spoiler::{mislabel, spoil_body};
pub(super) use torn::{Torn, wide};
pub(super) use trickled::whole;

use crate::protocol::{BrokenOff, SETTLE};
use crate::refused::rounded_up;
use http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Sub-second waits, as the official SDKs of OpenAI read them before `Retry-After`.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// Whole seconds, rounded up, as HTTP has it, and milliseconds beside them.
pub(super) fn ask_to_wait(headers: &mut HeaderMap, wait: Duration) {
    let (millis, seconds) = rounded_up(wait);
    for (name, number) in [(RETRY_AFTER, seconds), (RETRY_AFTER_MS, millis)] {
        if let Ok(value) = HeaderValue::try_from(number.to_string()) {
            headers.insert(name, value);
        }
    }
}

/// The pause before a body breaks off.
#[derive(Debug, Default)]
struct Settle(Option<Pin<Box<Sleep>>>);

impl Settle {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<BrokenOff> {
        let Self(sleeping) = self;
        let sleeping = sleeping.get_or_insert_with(|| Box::pin(sleep(SETTLE)));
        sleeping.as_mut().poll(context).map(|()| BrokenOff)
    }
}
