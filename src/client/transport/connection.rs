//! Whether a connection was made for an attempt or had been used before. A server may close a connection between two
//! requests while the next one is on its way: such an attempt was not the server's answer, see [`FailureKind::Stale`].
//!
//! The pool of connections says neither. But it polls a connection in the making from within the attempt that wants it, so
//! the maker of connections can leave a note there. One that is not finished before another becomes free is polled
//! elsewhere, and its note gets lost as it should.
//!
//! [`FailureKind::Stale`]: crate::client::FailureKind::Stale

use crate::client::Connection;
use crate::client::error::chain;
use h2::Reason;
use std::cell::Cell;
use std::error::Error;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use tower_layer::Layer;
use tower_service::Service;

tokio::task_local! {
    /// What the attempt under way knows of its connection.
    static CONNECTION: Cell<Connection>;
}

/// Carries out an attempt, and says what it went over.
pub(super) async fn watch<T>(attempt: impl Future<Output = T>) -> (T, Connection) {
    let watched = async {
        let outcome = attempt.await;
        (outcome, CONNECTION.with(Cell::get))
    };
    CONNECTION
        .scope(Cell::new(Connection::Reused), watched)
        .await
}

/// Is it certain that the server has not looked at the request? Either it says so, or the request was never written.
pub(super) fn is_unprocessed(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| is_refused(cause) || is_unsent(cause))
}

/// Over HTTP/2 a server says it by refusing the stream, or by going away with a last stream that came before (RFC 9113, 8.7).
fn is_refused(cause: &(dyn Error + 'static)) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|cause| {
        let is_refused = cause.is_reset() && cause.reason() == Some(Reason::REFUSED_STREAM);
        cause.is_remote() && (is_refused || cause.is_go_away())
    })
}

/// A request waits for its turn on a shared connection while the server takes no further stream, and for a moment as the server
/// takes its leave. When the connection then ends, the library says of those in its queue that they are cancelled, and of the
/// one at its head, whose body is not sent yet, that nobody is left to send it. It calls that the user's error, of which there
/// is no other here: it takes a body that fails, and those of requests never do.
fn is_unsent(cause: &(dyn Error + 'static)) -> bool {
    let cause = cause.downcast_ref::<hyper::Error>();
    cause.is_some_and(|cause| cause.is_canceled() || cause.is_user())
}

/// Leaves a note of each connection that it sees made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Noting;

/// A maker of connections with [`Noting`] around it.
#[derive(Debug, Clone)]
pub(super) struct Noted<S>(S);

impl<S> Layer<S> for Noting {
    type Service = Noted<S>;

    fn layer(&self, connector: S) -> Noted<S> {
        Noted(connector)
    }
}

impl<S, R> Service<R> for Noted<S>
where
    S: Service<R>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: R) -> Self::Future {
        let connecting = self.0.call(request);
        Box::pin(async {
            let made = connecting.await;
            // Outside of an attempt there is nobody to know.
            let _unknown = CONNECTION.try_with(|connection| connection.set(Connection::Fresh));
            made
        })
    }
}
