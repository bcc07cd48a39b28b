//! Ctrl-C and the termination signal. The first asks the run to end in good order, the second ends it at once.

use super::Console;
use tokio_util::sync::CancellationToken;

/// Cancels `interrupt` at the first signal and ends at the second. Never ends if no signal comes.
pub(super) async fn second(interrupt: &CancellationToken, console: &Console) {
    next().await;
    interrupt.cancel();
    console.complain(
        "\nstopping: no new requests, waiting for those in flight (again to leave at once)",
    );
    next().await;
}

/// The next request to stop, from a terminal or from another process.
#[cfg(unix)]
pub(super) async fn next() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return interrupted().await;
    };
    tokio::select! {
        () = interrupted() => {}
        _ = terminate.recv() => {}
    }
}

#[cfg(not(unix))]
pub(super) async fn next() {
    interrupted().await;
}

async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        // Without a handler the signal keeps its default action, which ends the process.
        std::future::pending::<()>().await;
    }
}
