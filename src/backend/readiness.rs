//! Waits until a target answers that does not say by itself when it is ready.

use super::Error;
use crate::client::{Client, ClientConfig, Endpoint};
use crate::units::Period;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// Pause between two rounds of questions.
const PAUSE: Duration = Duration::from_millis(50);

/// Waits until any endpoint that the client may use is ready. One is enough: that another is down may be just what a
/// failover scenario is about.
pub(super) async fn wait(
    config: &ClientConfig,
    endpoints: &[Endpoint],
    within: Period,
) -> Result<(), Error> {
    wait_for(Needed::Any, config, endpoints, within).await
}

/// Waits until all endpoints that the client may use are ready: a server that was just started is not there before that.
pub(super) async fn wait_for_all(
    config: &ClientConfig,
    endpoints: &[Endpoint],
    within: Period,
) -> Result<(), Error> {
    wait_for(Needed::All, config, endpoints, within).await
}

/// How many of the endpoints that the client may use must be ready.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Any,
    All,
}

async fn wait_for(
    needed: Needed,
    config: &ClientConfig,
    endpoints: &[Endpoint],
    within: Period,
) -> Result<(), Error> {
    let client = Client::new(config, endpoints)?;
    let usable = config.mode.order(endpoints).into_iter();
    let usable = usable.filter_map(|index| Some((index, endpoints.get(index)?)));
    let deadline = Instant::now() + within.duration();
    loop {
        let mut tried = Vec::new();
        for (index, endpoint) in usable.clone() {
            let failure = match timeout_at(deadline, client.is_ready(index)).await {
                Ok(Ok(())) if needed == Needed::Any => return Ok(()),
                Ok(Ok(())) => continue,
                Ok(Err(failure)) => failure.message,
                Err(_) => "no answer".to_owned(),
            };
            tried.push(format!("{}: {failure}", endpoint.url));
        }
        if needed == Needed::All && tried.is_empty() {
            return Ok(());
        }
        if Instant::now() + PAUSE >= deadline {
            return Err(Error::NotReady {
                within,
                tried: tried.join("; "),
            });
        }
        sleep(PAUSE).await;
    }
}
