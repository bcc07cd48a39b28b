//! Waits until a target that is not ours answers.

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
    let client = Client::new(config, endpoints)?;
    let usable = config.mode.order(endpoints).into_iter();
    let usable = usable.filter_map(|index| Some((index, endpoints.get(index)?)));
    let deadline = Instant::now() + within.duration();
    loop {
        let mut tried = Vec::new();
        for (index, endpoint) in usable.clone() {
            let failure = match timeout_at(deadline, client.is_ready(index)).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(failure)) => failure.message,
                Err(_) => "no answer".to_owned(),
            };
            tried.push(format!("{}: {failure}", endpoint.url));
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
