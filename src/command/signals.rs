//! Ctrl-C and the termination signal. The first asks the run to end in good order, the second ends it at once.

use super::Console;
use tokio_util::sync::CancellationToken;

/// Cancels `interrupt` at the first signal and ends at the second. Never ends if no signal comes.
pub(super) async fn second(interrupt: &CancellationToken, console: &Console) {
    let mut requests = Requests::heard();
    requests.next().await;
    interrupt.cancel();
    console.complain(
        "\nstopping: no new requests, waiting for those in flight (again to leave at once)",
    );
    requests.next().await;
}

/// Requests to stop, from a terminal or from another process, from the moment on at which they are heard: none is missed between
/// two of them.
#[cfg(unix)]
pub(super) struct Requests {
    /// Without one the signal keeps its default action, which ends the process.
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Requests {
    pub(super) fn heard() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
        }
    }

    pub(super) async fn next(&mut self) {
        tokio::select! {
            () = received(self.interrupt.as_mut()) => {}
            () = received(self.terminate.as_mut()) => {}
        }
    }
}

#[cfg(unix)]
async fn received(signal: Option<&mut tokio::signal::unix::Signal>) {
    match signal {
        Some(signal) => {
            signal.recv().await;
        }
        None => std::future::pending().await,
    }
}

#[cfg(not(unix))]
pub(super) struct Requests;

#[cfg(not(unix))]
impl Requests {
    pub(super) fn heard() -> Self {
        Self
    }

    pub(super) async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
