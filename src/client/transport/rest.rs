//! What all REST protocols share: the two ways to an endpoint, the headers of a request, statuses, bodies and errors.

mod answer;
mod body;
mod gzip;
mod response;

pub(super) use answer::{Dialect, Mark, Read};
pub(super) use body::Body;
pub(super) use response::{Response, read};

use super::access::Access;
use super::borrowed::Borrowed;
use super::pool::Pool;
use super::{Delta, Opened, Over, Turn};
use crate::client::error::excerpt;
use crate::client::{ClientConfig, Error, Failure, FailureKind, PoolStatistics, Pushback, Request};
use bytes::Bytes;
use http::header::{
    ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER,
};
use http::{Method, Uri};
use reqwest::Url;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How often a request was sent before: what the official SDKs call it.
const RETRY_COUNT: HeaderName = HeaderName::from_static("x-stainless-retry-count");
/// How many seconds the client will wait at most: what the official SDKs call it.
const TIMEOUT: HeaderName = HeaderName::from_static("x-stainless-timeout");
const ALMOST_A_SECOND: Duration = Duration::from_nanos(999_999_999);
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The most that is read of the body of an error status.
const ERROR_LIMIT: usize = 64 * 1024;

/// Where an operation is.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) url: Url,
    /// What of it stands in a request over a connection to its host.
    pub(super) path: Uri,
}

impl Target {
    /// # Errors
    /// [`FailureKind::Invalid`] for a path that no request can hold.
    pub(super) fn of(url: Url) -> Result<Self, Failure> {
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        let path = Uri::try_from(path);
        let path = path.map_err(|error| Failure::caused(FailureKind::Invalid, &error))?;
        Ok(Self { url, path })
    }

    /// One that is known when an endpoint is prepared.
    ///
    /// # Errors
    /// [`Error::Setup`] for a path that no request can hold.
    pub(super) fn prepared(url: Url) -> Result<Self, Error> {
        Self::of(url).map_err(|failure| Error::Setup(Box::new(failure)))
    }
}

/// The way to one endpoint.
#[derive(Debug)]
pub(super) struct Way {
    connections: Connections,
    /// Are compressed answers asked for?
    gzip: bool,
}

/// What requests go over.
#[derive(Debug)]
enum Connections {
    /// Over connections of our own: HTTP/1.1, straight to the endpoint.
    Ours(Arc<Pool>),
    /// Over those of the library beneath: HTTP/2, or through a proxy.
    Borrowed(Box<Borrowed>),
}

impl Way {
    /// The way to `base`. An idle connection that is to show that it is alive is asked for the head of `sign_of_life`.
    pub(super) fn new(
        base: &Url,
        config: &ClientConfig,
        access: &Access,
        sign_of_life: &Target,
    ) -> Result<Self, Error> {
        let connections = if config.is_borrowed() {
            Connections::Borrowed(Box::new(Borrowed::new(config, access)?))
        } else {
            let sign_of_life = sign_of_life.path.clone();
            Connections::Ours(Pool::new(base, config, access, sign_of_life)?)
        };
        Ok(Self {
            connections,
            gzip: config.gzip,
        })
    }

    /// Sends a request for inference with this body, and returns with the head of its answer.
    pub(super) async fn infer(
        &self,
        target: &Target,
        request: &Request,
        turn: Turn,
        body: Body,
        dialect: Dialect,
    ) -> Result<Opened, Failure> {
        let response = self.ask(target, request, turn, body).await?;
        response.opened(|response| {
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
        target: &Target,
        first: &Request,
        turn: Turn,
        body: Bytes,
        read: impl FnOnce(&[u8], Instant) -> Result<Vec<Delta>, Failure> + Send + 'static,
    ) -> Result<Opened, Failure> {
        let response = self.ask(target, first, turn, Body::from(body)).await?;
        response.opened(|response| Ok(answer::together(response, read)))
    }

    async fn ask(
        &self,
        target: &Target,
        request: &Request,
        turn: Turn,
        body: Body,
    ) -> Result<Response, Failure> {
        let mut headers = headers(request, turn)?;
        body.mark(&mut headers);
        let sent = self.send(Method::POST, target, headers, body.bytes, turn.over);
        accepted(sent.await?).await
    }

    /// Sends the empty object to a target that is itself a command, which may be done twice.
    pub(super) async fn command(&self, target: &Target) -> Result<Response, Failure> {
        let headers = HeaderMap::from_iter([(CONTENT_TYPE, JSON)]);
        let body = Bytes::from_static(b"{}");
        self.repeatable(Method::POST, target, headers, body).await
    }

    /// Asks for what may be asked for twice.
    pub(super) async fn get(&self, target: &Target) -> Result<Response, Failure> {
        self.repeatable(Method::GET, target, HeaderMap::new(), Bytes::new())
            .await
    }

    /// Makes the connections that are wanted before the first request.
    pub(super) async fn warm_up(&self) {
        match &self.connections {
            Connections::Ours(pool) => pool.warm_up().await,
            // The library connects with a request alone.
            Connections::Borrowed(_) => {}
        }
    }

    /// Lets the next request go over another connection, where several share one: each has its own over ours, which is closed
    /// with it.
    pub(super) fn renew(&self) {
        match &self.connections {
            Connections::Ours(_) => {}
            Connections::Borrowed(borrowed) => borrowed.renew(),
        }
    }

    /// What became of its connections so far.
    pub(super) fn statistics(&self) -> PoolStatistics {
        match &self.connections {
            Connections::Ours(pool) => pool.statistics(),
            Connections::Borrowed(borrowed) => borrowed.statistics(),
        }
    }

    /// Sends a request, and once more where a kept connection closed as it was used again.
    async fn repeatable(
        &self,
        method: Method,
        target: &Target,
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Response, Failure> {
        let send = |over| self.send(method.clone(), target, headers.clone(), body.clone(), over);
        match send(Over::Any).await {
            Err(failure) if failure.kind == FailureKind::Stale => send(Over::Fresh).await,
            asked => asked,
        }
    }

    async fn send(
        &self,
        method: Method,
        target: &Target,
        mut headers: HeaderMap,
        body: Bytes,
        over: Over,
    ) -> Result<Response, Failure> {
        if self.gzip {
            headers.insert(ACCEPT_ENCODING, GZIP);
        }
        let answered = match &self.connections {
            Connections::Ours(pool) => {
                let mut request = http::Request::new(body);
                *request.method_mut() = method;
                *request.uri_mut() = target.path.clone();
                *request.headers_mut() = headers;
                Response::ours(pool.send(request, over).await?)
            }
            Connections::Borrowed(borrowed) => {
                let sent = borrowed.send(method, target, headers, body, over);
                Response::borrowed(sent.await?)
            }
        };
        Ok(answered.decoded(self.gzip))
    }
}

/// The headers of a request, with its id and its earlier attempts.
fn headers(request: &Request, turn: Turn) -> Result<HeaderMap, Failure> {
    // With room for what the way adds.
    let mut headers = HeaderMap::with_capacity(8);
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
    let status = response.status;
    if status.is_success() {
        return Ok(response);
    }
    let pushback = pushback(&response.headers);
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
