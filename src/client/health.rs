//! Active health checks: each endpoint is asked on a period of its own whether it is ready, and its breaker is told. An
//! endpoint that died while nobody asked it is found out before a request is, and one that is up again needs no request to
//! probe it.
//!
//! ```text
//! 0s: name and endpoint draw where in the period to begin -> check -> `every` later, check -> ..
//! ```
//!
//! Nothing runs by itself: whoever owns the future of [`Client::watch`] polls it.

use super::deadline::A_YEAR;
use super::failover::Link;
use super::{Client, HealthCheck, retry};
use futures_util::future::join_all;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};

/// Checks every endpoint in use, without end if there is one.
pub(super) async fn watch(client: &Client, config: &HealthCheck, name: &str) {
    let used = client.route.positions().iter();
    let links = used.filter_map(|&at| client.links.get(at));
    join_all(links.map(|link| watch_one(link, config, name))).await;
}

async fn watch_one(link: &Link, config: &HealthCheck, name: &str) {
    let Some(guard) = &link.guard else {
        unreachable!("with checks every endpoint has a guard that heeds them")
    };
    let every = config.every.duration().min(A_YEAR);
    let deadline = config.deadline.duration().min(A_YEAR);
    let begin = Instant::now() + begins_after(every, name, link.endpoint);
    let mut period = interval_at(begin, every);
    period.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut failed, mut passed) = (0_u32, 0_u32);
    loop {
        period.tick().await;
        let ready = timeout(deadline, link.transport.is_ready()).await;
        let now = Instant::now();
        if matches!(ready, Ok(Ok(()))) {
            (failed, passed) = (0, passed.saturating_add(1));
            if passed >= config.healthy_after {
                guard.found_well(now);
            }
        } else {
            if ready.is_err() {
                link.transport.renew();
            }
            (failed, passed) = (failed.saturating_add(1), 0);
            if failed >= config.unhealthy_after {
                guard.found_unwell(now, every + deadline);
            }
        }
    }
}

/// When the first check is made: at a part of the period that is drawn from the watcher's name and the endpoint.
fn begins_after(every: Duration, name: &str, endpoint: usize) -> Duration {
    let draw = retry::fraction(name, u32::try_from(endpoint).unwrap_or(u32::MAX));
    retry::part(every, draw)
}
