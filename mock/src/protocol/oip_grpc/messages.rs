//! All responses of one stream, in the order in which they leave. One that is to be garbled, or to leave in
//! small pieces, ends its frame of bytes, so that the body around the stream finds it there:
//!
//! ```text
//! alpha | bravo (to be garbled) | charlie      -> frames [alpha bravo] [charlie]
//! ```

use super::breakable::Switch;
use futures_util::{Stream, StreamExt};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// The responses that `replies` give, for a body that carries `switch`.
#[derive(Debug)]
pub(super) struct Messages<S> {
    replies: S,
    switch: Switch,
    ends_frame: bool,
}

impl<S> Messages<S> {
    /// The responses of all replies, whose body is spoiled by `switch`.
    pub(super) fn new(replies: S, switch: Switch) -> Self {
        Self {
            replies,
            switch,
            ends_frame: false,
        }
    }
}

impl<S: Stream + Unpin> Stream for Messages<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        if std::mem::take(&mut self.ends_frame) {
            // Messages are put into one frame until there is none at the moment.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let message = ready!(self.replies.poll_next_unpin(context));
        self.ends_frame = self.switch.garbles() || self.switch.trickles();
        Poll::Ready(message)
    }
}
