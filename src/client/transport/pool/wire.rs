//! One connection over HTTP/1.1, which works only while somebody polls it: the request that uses it does, and nobody while
//! it is idle. So no task is left behind, and dropping it closes it.

use super::stamp::{Io, Stamp, Stamped};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::time::Instant;

/// A connection and what drives it.
pub(super) struct Wire {
    sender: SendRequest<Full<Bytes>>,
    driver: http1::Connection<TokioIo<Stamped>, Full<Bytes>>,
    /// Has it ended?
    is_over: bool,
    stamp: Arc<Stamp>,
}

/// Why a request got no answer.
#[derive(Debug)]
pub(super) struct Unanswered {
    pub(super) error: hyper::Error,
    /// Did any byte come back?
    pub(super) is_begun: bool,
}

impl Wire {
    /// Speaks HTTP/1.1 over this connection, which was made just now.
    pub(super) async fn over(io: Box<dyn Io>) -> hyper::Result<Box<Self>> {
        let (stamped, stamp) = Stamped::new(io);
        let (sender, driver) = http1::handshake(TokioIo::new(stamped)).await?;
        Ok(Box::new(Self {
            sender,
            driver,
            is_over: false,
            stamp,
        }))
    }

    /// When it was made.
    pub(super) fn made(&self) -> Instant {
        self.stamp.made
    }

    /// When bytes were read from it last.
    pub(super) fn read_at(&self) -> Instant {
        self.stamp.latest()
    }

    /// Can it take a request? Looks for what became of it while it was idle.
    pub(super) fn is_alive(&mut self, cx: &mut Context<'_>) -> bool {
        self.drive(cx);
        self.is_ready()
    }

    /// Can it take a request after the end of this answer? Not if the server wants to close it, or has not read the whole
    /// request.
    pub(super) fn comes_to_rest(&mut self, cx: &mut Context<'_>) -> bool {
        self.is_ready() || self.is_alive(cx)
    }

    fn is_ready(&self) -> bool {
        !self.is_over && self.sender.is_ready()
    }

    /// Sends a request and returns with the head of its answer. After a failure, or when the future was dropped, the
    /// connection is of no use any more.
    pub(super) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        let before = self.stamp.reads();
        let mut answer = pin!(self.sender.send_request(request));
        let answered = poll_fn(|cx| {
            self.drive(cx);
            // Nobody but the driver brings an answer, and it has just been asked.
            answer.as_mut().poll(&mut nobody())
        })
        .await;
        answered.map_err(|error| Unanswered {
            error,
            is_begun: self.stamp.reads() > before,
        })
    }

    /// The next piece of the body that is read from this connection; `None` at its end.
    pub(super) fn poll_piece(
        &mut self,
        body: &mut Incoming,
        cx: &mut Context<'_>,
    ) -> Poll<Option<hyper::Result<Bytes>>> {
        let mut is_driven = false;
        loop {
            match Pin::new(&mut *body).poll_frame(&mut nobody()) {
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers say nothing that is asked for.
                    if let Ok(data) = frame.into_data() {
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending if is_driven => return Poll::Pending,
                Poll::Pending => {
                    self.drive(cx);
                    is_driven = true;
                }
            }
        }
    }

    /// Lets it read and write as far as it can now. What goes wrong is told by what is waiting for it.
    fn drive(&mut self, cx: &mut Context<'_>) {
        if !self.is_over {
            self.is_over = Pin::new(&mut self.driver).poll(cx).is_ready();
        }
    }
}

/// The context of a future that is asked whenever it could have become ready, and need not say so.
fn nobody() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire")
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}
