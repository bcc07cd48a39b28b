//! A response body that can be broken off, or spoiled. gRPC knows no way to say "stop without a status", so the answer
//! carries a switch, and the body around it resets the HTTP/2 stream once the switch is thrown. A message that does not
//! decode cannot be said either: it is garbled here, after it was encoded.
//!
//! ```text
//! response { extensions: Switch } -> Breakable { body, switch } -> frame, frame, RST_STREAM
//! ```

use super::garble::garble_last;
use crate::connection::{Connection, Severance};
use crate::protocol::{BrokenOff, SETTLE};
use bytes::Bytes;
use http::Response;
use hyper::body::{Body, Frame};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use tokio::time::{Sleep, sleep};
use tonic::Status;

/// Travels in the extensions of a response. Once thrown, whatever the body would have said next is not said.
#[derive(Debug, Clone, Default)]
pub(super) struct Switch(Arc<Wanted>);

/// What is to become of the body.
#[derive(Debug, Default)]
struct Wanted {
    /// Its end, and that of its connection where it is said how.
    thrown: OnceLock<Option<Severance>>,
    /// The last message of its next frame is not to decode.
    garble: AtomicBool,
}

impl Switch {
    /// Breaks the answer off before its next message or its status, and the connection with it where it is said how.
    pub(super) fn throw(&self, how: Option<Severance>) {
        // Of several breaks the first one counts.
        let _ = self.0.thrown.set(how);
    }

    /// Garbles the message that is said now, which has to be the last of its frame.
    pub(super) fn garble(&self) {
        self.0.garble.store(true, Relaxed);
    }

    /// Is the message that was said last to be garbled?
    pub(super) fn garbles(&self) -> bool {
        self.0.garble.load(Relaxed)
    }

    fn is_thrown(&self) -> bool {
        self.0.thrown.get().is_some()
    }
}

/// A response body with a switch.
#[derive(Debug)]
pub(crate) struct Breakable {
    body: tonic::body::Body,
    switch: Option<Switch>,
    connection: Option<Connection>,
    settle: Option<Pin<Box<Sleep>>>,
}

impl Breakable {
    /// Puts the body of a response beside the switch that the response carries, if it does, and the connection on which
    /// it leaves.
    pub(super) fn wrap(
        mut response: Response<tonic::body::Body>,
        connection: Option<Connection>,
    ) -> Response<Self> {
        let switch = response.extensions_mut().remove::<Switch>();
        response.map(|body| Self {
            body,
            switch,
            connection,
            settle: None,
        })
    }

    fn is_broken(&self) -> bool {
        self.switch.as_ref().is_some_and(Switch::is_thrown)
    }

    /// A frame with what is wrong in it.
    fn spoiled(&self, frame: Frame<Bytes>) -> Frame<Bytes> {
        match &self.switch {
            Some(Switch(wanted)) if frame.is_data() && wanted.garble.swap(false, Relaxed) => {
                frame.map_data(garble_last)
            }
            Some(_) | None => frame,
        }
    }

    fn sever(&self) {
        let how = self.switch.as_ref().and_then(|Switch(it)| it.thrown.get());
        if let (Some(Some(how)), Some(connection)) = (how, &self.connection) {
            connection.sever(*how);
        }
    }
}

/// Why a body ends in an error.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// As the mock was asked to.
    #[error(transparent)]
    BrokenOff(#[from] BrokenOff),
    /// The answer could not be encoded.
    #[error(transparent)]
    Encoding(#[from] Status),
}

impl Body for Breakable {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        let this = self.get_mut();
        let frame = if this.is_broken() {
            None
        } else {
            ready!(Pin::new(&mut this.body).poll_frame(context))
        };
        match frame {
            // Messages that were said before the switch was thrown may come in the same step as the throw.
            Some(Ok(frame)) if frame.is_data() || !this.is_broken() => {
                Poll::Ready(Some(Ok(this.spoiled(frame))))
            }
            None | Some(_) if this.is_broken() => {
                let settle = this.settle.get_or_insert_with(|| Box::pin(sleep(SETTLE)));
                ready!(settle.as_mut().poll(context));
                this.sever();
                Poll::Ready(Some(Err(BrokenOff.into())))
            }
            frame => Poll::Ready(frame.map(|frame| frame.map_err(Error::from))),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.switch.is_none() && self.body.is_end_stream()
    }
}
