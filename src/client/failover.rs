//! The one loop in which a call meets its endpoints. Rounds and endpoints, exactly:
//!
//! - A **round** goes through the endpoints in order. An endpoint that cannot be connected to hands over to the next one
//!   at once, without a pause; the first endpoint that can be connected to decides the round.
//! - `retry.attempts` is the number of rounds, so failing over spends none of it. A further round follows, after a pause
//!   and from the first endpoint again, when the last failure is safe to repeat: see [`retry::is_safe`].
//! - Every attempt of an inference, in whatever round and at whatever endpoint, tells the server how many came before.
//! - A pause that would outlast the deadline is not begun: the call fails with the failure it has.

use super::deadline::Deadline;
use super::transport::{self, Transport};
use super::{Attempt, ClientConfig, Endpoint, Error, Failed, Failure, FailureKind, Retry, retry};
use futures_util::future::BoxFuture;
use tokio::time::Instant;

/// An endpoint and the means to talk to it.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) endpoint: usize,
    pub(super) transport: Box<dyn Transport>,
}

/// A link to every endpoint, not connected yet.
pub(super) fn links(config: &ClientConfig, endpoints: &[Endpoint]) -> Result<Vec<Link>, Error> {
    let link = |(endpoint, described): (usize, &Endpoint)| {
        let transport = transport::prepare(endpoint, described, config)?;
        Ok(Link {
            endpoint,
            transport,
        })
    };
    endpoints.iter().enumerate().map(link).collect()
}

/// What an endpoint answered, and what failed before.
#[derive(Debug)]
pub(super) struct Answered<T> {
    pub(super) value: T,
    pub(super) endpoint: usize,
    pub(super) started: Instant,
    pub(super) failed: Vec<Attempt>,
}

/// Makes `call` at `links` until one answers; it is given the number of attempts before it. Dropping the future cancels
/// the attempt under way.
pub(super) async fn first_answer<'a, T>(
    links: impl Iterator<Item = &'a Link> + Clone,
    call: impl Fn(&'a dyn Transport, u32) -> BoxFuture<'a, Result<T, Failure>>,
    retry: &Retry,
    id: &str,
    deadline: &mut Deadline,
) -> Result<Answered<T>, Failed> {
    let mut attempts = Vec::new();
    let mut round = 0;
    loop {
        round += 1;
        let failure = match one_round(links.clone(), &call, deadline, &mut attempts).await {
            Ok((value, endpoint, started)) => {
                return Ok(Answered {
                    value,
                    endpoint,
                    started,
                    failed: attempts,
                });
            }
            Err(failure) => failure,
        };
        let is_last = round >= retry.attempts || !retry::is_safe(failure.kind);
        let pause = retry::pause(retry, round, retry::fraction(id, round));
        if is_last || !deadline.allows(pause).await {
            return Err(Failed { failure, attempts });
        }
    }
}

/// Goes through the endpoints until one can be connected to, and gives its answer.
async fn one_round<'a, T>(
    links: impl Iterator<Item = &'a Link>,
    call: &impl Fn(&'a dyn Transport, u32) -> BoxFuture<'a, Result<T, Failure>>,
    deadline: &mut Deadline,
    attempts: &mut Vec<Attempt>,
) -> Result<(T, usize, Instant), Failure> {
    let mut last = Failure::new(FailureKind::Invalid, "no endpoint to use");
    for Link {
        endpoint,
        transport,
    } in links
    {
        let earlier = u32::try_from(attempts.len()).unwrap_or(u32::MAX);
        let started = Instant::now();
        match deadline.within(call(&**transport, earlier)).await {
            Ok(value) => return Ok((value, *endpoint, started)),
            Err(failure) => {
                attempts.push(Attempt {
                    endpoint: *endpoint,
                    failure: failure.clone(),
                    started,
                    ended: Instant::now(),
                });
                last = failure;
            }
        }
        if last.kind != FailureKind::Connect {
            break;
        }
    }
    Err(last)
}
