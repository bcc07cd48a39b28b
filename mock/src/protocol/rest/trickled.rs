//! A body that leaves in drips, whatever it holds:
//!
//! ```text
//! data: {"n":0}⏎⏎      8 bytes every 50 ms:  "data: {\""  50 ms later  "n\":0}⏎⏎"
//! ```

use super::wide;
use crate::drip::Drip;
use crate::journal::End;
use crate::visit::Visit;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::time::Instant;

/// A body whose next bytes are asked for when those before have left.
#[derive(Debug)]
struct Trickled {
    body: Body,
    drip: Box<Drip>,
}

/// The body of an answer in one piece, whose `tokens` are due at `due`; the visit ends when it has left.
pub(crate) fn whole(
    bytes: impl Into<Bytes>,
    drip: Option<Box<Drip>>,
    (tokens, due): (u32, Instant),
    mut visit: Visit,
) -> Body {
    let body = Body::from(bytes.into());
    let Some(mut drip) = drip else {
        visit.wrote(tokens, due);
        visit.end(End::Answered);
        return body;
    };
    drip.ends(visit, tokens, due);
    Body::new(Trickled { body, drip })
}

/// A body of several pieces, which knows by being asked for the next one that those before have left.
pub(super) fn trickle(body: Body, drip: Option<Box<Drip>>) -> Body {
    match drip {
        None => body,
        Some(drip) => Body::new(Trickled { body, drip }),
    }
}

impl hyper::body::Body for Trickled {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let Self { body, drip } = self.get_mut();
        loop {
            if let Some(piece) = ready!(drip.poll_piece(context)) {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            match ready!(Pin::new(&mut *body).poll_frame(context)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(bytes) => drip.hold(bytes),
                    Err(other) => return Poll::Ready(Some(Ok(other))),
                },
                end @ (None | Some(Err(_))) => return Poll::Ready(end),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.drip.left() == 0 && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let (held, rest) = (wide(self.drip.left()), self.body.size_hint());
        let mut hint = SizeHint::new();
        hint.set_lower(held + rest.lower());
        if let Some(upper) = rest.upper() {
            hint.set_upper(held + upper);
        }
        hint
    }
}
