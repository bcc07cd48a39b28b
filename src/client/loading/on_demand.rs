//! Inference that waits for its model.

use super::Priority;
use crate::client::deadline::Deadline;
use crate::client::{Client, Failed, Failure, FailureKind};
use std::future::poll_fn;

/// Waits until a model is loaded that is to infer at the endpoints of `order`, if the first of them can load it. Where others
/// of them cannot, and so may have it whatever becomes of the load, a load that fails is no reason not to ask.
///
/// # Errors
/// Why it could not be loaded; [`FailureKind::Deadline`] when that took too long for whoever asks. No attempt is in it, as
/// nothing was inferred.
pub(in crate::client) async fn ready(
    client: &Client,
    order: &[usize],
    model: &str,
    deadline: &mut Deadline,
) -> Result<(), Failed> {
    let Some(loader) = client.loader.as_ref().filter(|loader| loader.is_on_demand) else {
        return Ok(());
    };
    let can_load = |&at: &usize| {
        let link = client.links.get(at);
        link.is_some_and(|link| link.transport.protocol().has_repository())
    };
    if !order.first().is_some_and(can_load) {
        return Ok(());
    }
    let mut loading = loader.submit(client, model, Priority::High);
    if loading.is_hit() {
        return Ok(());
    }
    let failure = tokio::select! {
        biased;
        passed = poll_fn(|cx| deadline.poll_passed(cx)) => passed,
        ended = loading.ended() => match ended {
            Err(failed) if order.iter().all(can_load) => failed.failure,
            Ok(()) | Err(_) => return Ok(()),
        },
    };
    let message = format!("model `{model}` was not loaded: {}", failure.message);
    Err(Failed {
        failure: Failure { message, ..failure },
        attempts: Vec::new(),
    })
}

/// Inference failed: if so as servers do without its model, whether it is there is found out by the next load.
pub(in crate::client) fn failed(client: &Client, model: &str, failed: &Failed) {
    let is_missing = matches!(
        failed.failure.kind,
        FailureKind::Http(400 | 404 | 503) | FailureKind::Grpc(2 | 5 | 14)
    );
    if let Some(loader) = client.loader.as_ref().filter(|_| is_missing) {
        loader.doubt(model);
    }
}
