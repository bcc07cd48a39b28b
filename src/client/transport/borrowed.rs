//! The connections of one endpoint that the library beneath keeps, for what our own [pool](super::pool) does not speak:
//! HTTP/2, and HTTP/1.1 through a proxy.

use super::access::Access;
use super::connection::{self, Noting};
use super::given_up::GivenUp;
use super::{CONNECTION_WINDOW, Over, STREAM_WINDOW, Target};
use crate::client::pool::Counters;
use crate::client::{
    ClientConfig, Connection, Error, Failure, FailureKind, HttpVersion, PoolStatistics,
};
use bytes::Bytes;
use http::{HeaderMap, Method};
use reqwest::{Client, Proxy, Response};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::time::Instant;

/// The connections of one endpoint.
#[derive(Debug)]
pub(super) struct Borrowed {
    kept: Mutex<Kept>,
    /// Which of those that keep theirs an attempt was given up on; `None` for one that keeps none.
    given_up: GivenUp<Option<u64>>,
    /// Keeps none: what goes over it goes over a fresh connection. Made when first needed, which is seldom.
    fresh: OnceLock<Client>,
    config: ClientConfig,
    access: Access,
    counters: Counters,
}

/// Those that are kept.
#[derive(Debug)]
struct Kept {
    client: Client,
    /// How many came before it, each in the place of another.
    number: u64,
}

/// An answer whose head has arrived, with what it came over.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) response: Response,
    pub(super) first_byte: Instant,
    pub(super) connection: Connection,
}

impl Borrowed {
    pub(super) fn new(config: &ClientConfig, access: &Access) -> Result<Self, Error> {
        Ok(Self {
            kept: Mutex::new(Kept {
                client: keeping(config, access)?,
                number: 0,
            }),
            given_up: GivenUp::default(),
            fresh: OnceLock::new(),
            config: config.clone(),
            access: access.clone(),
            counters: Counters::default(),
        })
    }

    /// Sends a request and returns with the head of its answer. Dropping the future, or the answer before its end, closes
    /// the connection, or resets the stream over HTTP/2.
    pub(super) async fn send(
        &self,
        method: Method,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
        over: Over,
    ) -> Result<Answer, Failure> {
        let (client, number) = self.client(over)?;
        let request = client
            .request(method, target.url.clone())
            .headers(headers)
            .body(body);
        let awaited = self.given_up.attempt(number);
        let (answered, connection) = connection::watch(request.send()).await;
        awaited.begun();
        let response = answered.map_err(|error| {
            // Over HTTP/2 a request has long begun on a connection that others used before: its end says nothing of when.
            let waited_idle = match self.config.http_version {
                HttpVersion::One => connection,
                HttpVersion::Two => Connection::Fresh,
            };
            unanswered(&error, waited_idle)
        });
        self.counters.note(|figures| match (&response, connection) {
            (Err(failure), _) if failure.kind == FailureKind::Connect => figures.failed += 1,
            (_, Connection::Fresh) => figures.created += 1,
            (_, Connection::Reused) => figures.reused += 1,
        });
        Ok(Answer {
            response: response?,
            first_byte: Instant::now(),
            connection,
        })
    }

    /// What became of its connections so far, as far as the library tells.
    pub(super) fn statistics(&self) -> PoolStatistics {
        self.counters.read()
    }

    /// Lets the next request make a connection in place of the one that a request was given up on, where they share one.
    /// Requests under way go on over it.
    pub(super) fn renew(&self) {
        let is_shared = self.config.http_version == HttpVersion::Two;
        let Some(swallower) = self.given_up.take().flatten().filter(|_| is_shared) else {
            return;
        };
        let mut kept = self.kept();
        // Others may have been given up on it too, and it is replaced already.
        if kept.number == swallower
            // Like the one before, of which all has been read and checked.
            && let Ok(client) = keeping(&self.config, &self.access)
        {
            *kept = Kept {
                client,
                number: swallower + 1,
            };
        }
    }

    /// A client whose connections are as the turn wants them, with its number if it keeps them.
    fn client(&self, over: Over) -> Result<(Client, Option<u64>), Failure> {
        match (over, self.fresh.get()) {
            (Over::Any, _) => {
                let kept = self.kept();
                Ok((kept.client.clone(), Some(kept.number)))
            }
            (Over::Fresh, Some(fresh)) => Ok((fresh.clone(), None)),
            (Over::Fresh, None) => {
                let made = client(&self.config, &self.access, 0);
                let made = made.map_err(|error| Failure::caused(FailureKind::Invalid, &error))?;
                Ok((self.fresh.get_or_init(|| made).clone(), None))
            }
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A client that keeps its connections, unless none are to be kept. How many is not limited, since the load decides that.
fn keeping(config: &ClientConfig, access: &Access) -> Result<Client, Error> {
    let idle = config.pool.kept().map_or(0, |_| usize::MAX);
    client(config, access, idle)
}

/// A client that keeps so many idle connections. Everything is off that would send, or send elsewhere, behind the caller's
/// back: retries, proxies of the environment, redirects.
fn client(config: &ClientConfig, access: &Access, idle: usize) -> Result<Client, Error> {
    let connect_deadline = config.connect_deadline.duration();
    let builder = Client::builder()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle)
        .connector_layer(Noting)
        .connect_timeout(connect_deadline);
    let builder = match config.http_version {
        HttpVersion::One => builder.http1_only(),
        HttpVersion::Two => builder
            .http2_prior_knowledge()
            .http2_initial_stream_window_size(STREAM_WINDOW)
            .http2_initial_connection_window_size(CONNECTION_WINDOW),
    };
    let builder = match &config.proxy {
        Some(url) => builder.proxy(proxy(url)?),
        None => builder.no_proxy(),
    };
    let builder = match config.pool.kept() {
        Some(kept) => {
            let builder = builder.pool_idle_timeout(kept.idle_for.duration());
            match kept.health_check {
                Some(period) => builder
                    .http2_keep_alive_interval(period.duration())
                    .http2_keep_alive_timeout(connect_deadline)
                    .http2_keep_alive_while_idle(true),
                None => builder,
            }
        }
        None => builder,
    };
    access
        .rest(builder)?
        .build()
        .map_err(|error| Error::Setup(Box::new(error)))
}

fn proxy(url: &str) -> Result<Proxy, Error> {
    Proxy::all(url).map_err(|error| Error::Setup(Box::new(error)))
}

/// Classifies an error that came before the head of an answer.
fn unanswered(error: &reqwest::Error, connection: Connection) -> Failure {
    let kind = if error.is_connect() {
        FailureKind::Connect
    } else if error.is_builder() {
        FailureKind::Invalid
    } else if connection::is_unprocessed(error) {
        FailureKind::Stale
    } else {
        match connection {
            Connection::Fresh => FailureKind::Closed,
            Connection::Reused => FailureKind::Stale,
        }
    };
    Failure::caused(kind, error)
}
