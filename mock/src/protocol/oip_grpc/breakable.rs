//! A response body that can be broken off, or spoiled. gRPC knows no way to say "stop without a status", so the answer
//! carries a switch, and the body around it resets the HTTP/2 stream once the switch is thrown. A message that does not
//! decode cannot be said either: it is garbled here, after it was encoded.
//!
//! ```text
//! response { extensions: Switch } -> Breakable { body, switch } -> frame, frame, RST_STREAM
//! ```

use super::garble::garble_last;
use crate::connection::{Connection, Severance};
use crate::drip::Drip;
use crate::protocol::{BrokenOff, SETTLE};
use bytes::Bytes;
use http::Response;
use hyper::body::{Body, Frame};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
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
    /// From now on it leaves in small pieces.
    trickle: AtomicBool,
    /// What it leaves by, until the body has taken it.
    drip: Mutex<Option<Box<Drip>>>,
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

    /// Lets all that is said from now on leave in small pieces. Of several such wishes the first one counts.
    pub(super) fn trickle(&self, drip: Box<Drip>) {
        let Self(wanted) = self;
        if !wanted.trickle.swap(true, Relaxed) {
            *wanted.drip() = Some(drip);
        }
    }

    /// Does all that is said leave in small pieces?
    pub(super) fn trickles(&self) -> bool {
        self.0.trickle.load(Relaxed)
    }

    fn is_thrown(&self) -> bool {
        self.0.thrown.get().is_some()
    }
}

impl Wanted {
    fn drip(&self) -> MutexGuard<'_, Option<Box<Drip>>> {
        self.drip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A response body with a switch.
#[derive(Debug)]
pub(crate) struct Breakable {
    body: tonic::body::Body,
    switch: Option<Switch>,
    connection: Option<Connection>,
    settle: Option<Pin<Box<Sleep>>>,
    drip: Option<Box<Drip>>,
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
            drip: None,
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

    /// A frame that leaves at once; one that is to trickle is held instead.
    fn at_once(&mut self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        if let (None, Some(switch)) = (&self.drip, &self.switch)
            && switch.trickles()
        {
            self.drip = switch.0.drip().take();
        }
        let Some(drip) = &mut self.drip else {
            return Some(frame);
        };
        match frame.into_data() {
            Ok(bytes) => {
                drip.hold(bytes);
                None
            }
            Err(trailers) => Some(trailers),
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
        loop {
            if let Some(drip) = &mut this.drip
                && let Some(piece) = ready!(drip.poll_piece(context))
            {
                return Poll::Ready(Some(Ok(Frame::data(piece))));
            }
            let frame = if this.is_broken() {
                None
            } else {
                ready!(Pin::new(&mut this.body).poll_frame(context))
            };
            match frame {
                // Messages that were said before the switch was thrown may come in the same step as the throw.
                Some(Ok(frame)) if frame.is_data() || !this.is_broken() => {
                    let frame = this.spoiled(frame);
                    if let Some(frame) = this.at_once(frame) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                None | Some(_) if this.is_broken() => {
                    let settle = this.settle.get_or_insert_with(|| Box::pin(sleep(SETTLE)));
                    ready!(settle.as_mut().poll(context));
                    this.sever();
                    return Poll::Ready(Some(Err(BrokenOff.into())));
                }
                frame => return Poll::Ready(frame.map(|frame| frame.map_err(Error::from))),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.switch.is_none() && self.body.is_end_stream()
    }
}
