//! What all REST protocols share: the pool of connections, the headers of a request, statuses, bodies and errors.

mod answer;

pub(super) use answer::{Dialect, Mark};

use super::access::Access;
use super::connection::{self, Noting};
use super::{Delta, Opened, Over, Turn};
use crate::client::error::excerpt;
use crate::client::{
    ClientConfig, Connection, Error, Failure, FailureKind, HttpVersion, Pushback, Request,
};
use bytes::Bytes;
use futures_util::stream::BoxStream;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Proxy, RequestBuilder, Response, Url};
use serde_json::Value;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How often a request was sent before: what the official SDKs call it.
const RETRY_COUNT: HeaderName = HeaderName::from_static("x-stainless-retry-count");
/// How many seconds the client will wait at most: what the official SDKs call it.
const TIMEOUT: HeaderName = HeaderName::from_static("x-stainless-timeout");
const ALMOST_A_SECOND: Duration = Duration::from_nanos(999_999_999);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The most that is read of the body of an error status.
const ERROR_LIMIT: usize = 64 * 1024;

/// The connections of one endpoint.
#[derive(Debug)]
pub(super) struct Pool {
    kept: Client,
    /// Keeps none: what goes over it goes over a fresh connection. Made when first needed, which is seldom.
    fresh: OnceLock<Client>,
    config: ClientConfig,
    access: Access,
}

impl Pool {
    pub(super) fn new(config: &ClientConfig, access: &Access) -> Result<Self, Error> {
        Ok(Self {
            // Without limit, since the load decides how many there are.
            kept: client(config, access, usize::MAX)?,
            fresh: OnceLock::new(),
            config: config.clone(),
            access: access.clone(),
        })
    }

    /// A client whose connections are as the turn wants them.
    fn client(&self, over: Over) -> Result<&Client, Failure> {
        match (over, self.fresh.get()) {
            (Over::Any, _) => Ok(&self.kept),
            (Over::Fresh, Some(fresh)) => Ok(fresh),
            (Over::Fresh, None) => {
                let made = client(&self.config, &self.access, 0);
                let made = made.map_err(|error| Failure::caused(FailureKind::Invalid, &error))?;
                Ok(self.fresh.get_or_init(|| made))
            }
        }
    }

    /// Sends a request for inference with this body, and returns with the head of its answer.
    pub(super) async fn infer(
        &self,
        url: &Url,
        request: &Request,
        turn: Turn,
        body: Bytes,
        dialect: Dialect,
    ) -> Result<Opened, Failure> {
        let asked = self.ask(url, request, turn, body).await?;
        asked.opened(|response| {
            Ok(if request.stream {
                answer::streamed(response, dialect)?
            } else {
                answer::whole(response, dialect)
            })
        })
    }

    /// Likewise for several requests in one body, whose whole answer `read` takes apart: a delta for each. The first of them
    /// gives the headers.
    pub(super) async fn infer_together(
        &self,
        url: &Url,
        first: &Request,
        turn: Turn,
        body: Bytes,
        read: impl FnOnce(&[u8], Instant) -> Result<Vec<Delta>, Failure> + Send + 'static,
    ) -> Result<Opened, Failure> {
        let asked = self.ask(url, first, turn, body).await?;
        asked.opened(|response| Ok(answer::together(response, read)))
    }

    async fn ask(
        &self,
        url: &Url,
        request: &Request,
        turn: Turn,
        body: Bytes,
    ) -> Result<Asked, Failure> {
        let post = self.client(turn.over)?.post(url.clone());
        let post = post.headers(headers(request, turn)?).body(body);
        let (response, connection) = self.head(post).await?;
        let first_byte = Instant::now();
        Ok(Asked {
            response: accepted(response).await?,
            first_byte,
            connection,
        })
    }

    /// Sends the empty object to a URL that is itself a command, which may be done twice.
    pub(super) async fn command(&self, url: &Url) -> Result<Response, Failure> {
        self.repeatable(|client| {
            let post = client.post(url.clone());
            post.header(CONTENT_TYPE, JSON).body("{}")
        })
        .await
    }

    /// Asks for what may be asked for twice.
    pub(super) async fn get(&self, url: &Url) -> Result<Response, Failure> {
        self.repeatable(|client| client.get(url.clone())).await
    }

    /// Sends a request, and once more where a kept connection closed as it was used again.
    async fn repeatable(
        &self,
        request: impl Fn(&Client) -> RequestBuilder,
    ) -> Result<Response, Failure> {
        let asked = self.head(request(&self.kept)).await;
        let (response, _) = match asked {
            Err(failure) if failure.kind == FailureKind::Stale => {
                self.head(request(self.client(Over::Fresh)?)).await?
            }
            asked => asked?,
        };
        Ok(response)
    }

    async fn head(&self, request: RequestBuilder) -> Result<(Response, Connection), Failure> {
        let (answered, connection) = connection::watch(request.send()).await;
        let answered = answered.map_err(|error| {
            // Over HTTP/2 a request has long begun on a connection that others used before: its end says nothing of when.
            let waited_idle = match self.config.http_version {
                HttpVersion::One => connection,
                HttpVersion::Two => Connection::Fresh,
            };
            unanswered(&error, waited_idle)
        });
        Ok((answered?, connection))
    }
}

/// An answer whose head was read and says success.
struct Asked {
    response: Response,
    first_byte: Instant,
    connection: Connection,
}

impl Asked {
    /// The same, with what `read` makes of the rest.
    fn opened(
        self,
        read: impl FnOnce(Response) -> Result<BoxStream<'static, Result<Delta, Failure>>, Failure>,
    ) -> Result<Opened, Failure> {
        Ok(Opened {
            first_byte: self.first_byte,
            connection: self.connection,
            deltas: read(self.response)?,
        })
    }
}

/// A client that keeps so many idle connections. Everything is off that would send, or send elsewhere, behind the caller's
/// back: retries, proxies of the environment, redirects.
fn client(config: &ClientConfig, access: &Access, idle: usize) -> Result<Client, Error> {
    let builder = Client::builder()
        .retry(reqwest::retry::never())
        .redirect(reqwest::redirect::Policy::none())
        .tcp_nodelay(true)
        .pool_max_idle_per_host(idle)
        .connector_layer(Noting)
        .connect_timeout(config.connect_deadline.duration());
    let builder = match config.http_version {
        HttpVersion::One => builder.http1_only(),
        HttpVersion::Two => builder.http2_prior_knowledge(),
    };
    let builder = match &config.proxy {
        Some(url) => builder.proxy(proxy(url)?),
        None => builder.no_proxy(),
    };
    access
        .rest(builder)?
        .build()
        .map_err(|error| Error::Setup(Box::new(error)))
}

fn proxy(url: &str) -> Result<Proxy, Error> {
    Proxy::all(url).map_err(|error| Error::Setup(Box::new(error)))
}

/// The headers of a request, with its id and its earlier attempts.
fn headers(request: &Request, turn: Turn) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, if request.stream { EVENT_STREAM } else { JSON });
    if !request.id.is_empty() {
        let id = HeaderValue::from_str(&request.id)
            .map_err(|error| Failure::caused(FailureKind::Invalid, &error))?;
        headers.insert(REQUEST_ID, id);
    }
    if turn.earlier_attempts > 0 {
        headers.insert(RETRY_COUNT, HeaderValue::from(turn.earlier_attempts));
    }
    // Whole seconds, and no fewer than there are: a server that gives up early would take away from the deadline.
    let seconds = (turn.time_left + ALMOST_A_SECOND).as_secs();
    headers.insert(TIMEOUT, HeaderValue::from(seconds));
    Ok(headers)
}

/// Lets a success pass, and turns any other status into a failure with the server's own words.
pub(super) async fn accepted(mut response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let pushback = pushback(response.headers());
    let said = match read(&mut response, ERROR_LIMIT).await {
        Ok(body) => error_message(&body),
        Err(unreadable) => unreadable.message,
    };
    let kind = FailureKind::Http(status.as_u16());
    let failure = Failure::new(kind, format!("server answered {status}: {said}"));
    Err(failure.pushed_back(pushback))
}

/// When a server wants to be asked again: `retry-after-ms`, which is finer and which the official SDKs read first, or
/// `Retry-After` in seconds (RFC 9110, 10.2.3). A date there is not read, as the clocks of two machines need not agree.
fn pushback(headers: &HeaderMap) -> Option<Pushback> {
    let number = |name: &str| -> Option<f64> { headers.get(name)?.to_str().ok()?.parse().ok() };
    let millis = number("retry-after-ms").map(|millis| millis / 1e3);
    let seconds = millis.or_else(|| number(RETRY_AFTER.as_str()))?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .map(Pushback::After)
}

/// Reads a body to its end.
pub(super) async fn read(response: &mut Response, limit: usize) -> Result<Bytes, Failure> {
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(|error| broken_off(&error))? {
        if body.len() + piece.len() > limit {
            let message = format!("expected a body of at most {limit} bytes, found a longer one");
            return Err(Failure::new(FailureKind::Malformed, message));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body.into())
}

/// Classifies an error that came before the head of an answer.
fn unanswered(error: &reqwest::Error, connection: Connection) -> Failure {
    let kind = if error.is_connect() {
        FailureKind::Connect
    } else if error.is_builder() {
        FailureKind::Invalid
    } else {
        match connection {
            Connection::Fresh => FailureKind::Closed,
            Connection::Reused => FailureKind::Stale,
        }
    };
    Failure::caused(kind, error)
}

pub(super) fn broken_off(error: &reqwest::Error) -> Failure {
    Failure::caused(FailureKind::Truncated, error)
}

/// An answer that is not what its protocol says; `expected` names what that would be.
pub(super) fn malformed(expected: &str, error: &serde_json::Error) -> Failure {
    let told = error.to_string();
    let kept = excerpt(&told);
    // The error may quote all that the server sent, and tells last where it is.
    let place = if kept.len() < told.len() {
        format!("... at line {} column {}", error.line(), error.column())
    } else {
        String::new()
    };
    Failure::new(
        FailureKind::Malformed,
        format!("expected {expected}: {kept}{place}"),
    )
}

/// What an error body says, whichever of the known forms it has: `{"error":{"message":..}}`, `{"error":".."}`,
/// `{"detail":..}`, `{"message":".."}` or plain text.
pub(super) fn error_message(body: &[u8]) -> String {
    match serde_json::from_slice::<Value>(body) {
        Ok(value) => said(value.get("error").or(value.get("detail")).unwrap_or(&value)),
        Err(_) => excerpt(String::from_utf8_lossy(body).trim()),
    }
}

/// The beginning of what an error object says.
pub(super) fn said(error: &Value) -> String {
    match error.get("message").unwrap_or(error) {
        Value::String(text) => excerpt(text),
        other @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::Array(_)
        | Value::Object(_)) => excerpt(&other.to_string()),
    }
}
