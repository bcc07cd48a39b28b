//! OpenAI's REST API over HTTP/1.1: chat completions, completions, the list of models. Requests go out as
//! `POST /v1/chat/completions {"model":"tiny","messages":[..],"max_tokens":4}`.

mod answer;
mod wire;

use super::{ANSWER_LIMIT, Opened, Transport};
use crate::client::error::excerpt;
use crate::client::{Error, Failure, FailureKind, Input, Model, ModelState, Protocol, Request};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use inferometer_proto::named;
use reqwest::{Client, Response, Url};
use std::time::Duration;
use tokio::time::Instant;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// How often a request was sent before: what the official SDKs call it.
const RETRY_COUNT: HeaderName = HeaderName::from_static("x-stainless-retry-count");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENT_STREAM: HeaderValue = HeaderValue::from_static("text/event-stream");

/// The most that is read of the body of an error status.
const ERROR_LIMIT: usize = 64 * 1024;

/// An endpoint with its pool of connections.
#[derive(Debug)]
struct Openai {
    http: Client,
    chat_completions: Url,
    completions: Url,
    models: Url,
}

/// Prepares the pool. Everything is off that would send, or send elsewhere, behind the caller's back: retries, proxies of
/// the environment, redirects. Idle connections are kept without limit, since the load decides how many there are.
pub(super) fn prepare(base: &Url, connect_deadline: Duration) -> Result<Box<dyn Transport>, Error> {
    let http = Client::builder()
        .retry(reqwest::retry::never())
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .http1_only()
        .tcp_nodelay(true)
        .pool_max_idle_per_host(usize::MAX)
        .connect_timeout(connect_deadline)
        .build()
        .map_err(|error| Error::Setup(Box::new(error)))?;
    Ok(Box::new(Openai {
        http,
        chat_completions: under(base, "chat/completions"),
        completions: under(base, "completions"),
        models: under(base, "models"),
    }))
}

/// The URL of an operation. A base that already ends in `/v1` is taken as meant.
fn under(base: &Url, operation: &str) -> Url {
    let path = base.path().trim_end_matches('/');
    let prefix = path.strip_suffix("/v1").unwrap_or(path);
    let mut url = base.clone();
    url.set_path(&format!("{prefix}/v1/{operation}"));
    url
}

impl Transport for Openai {
    fn protocol(&self) -> Protocol {
        Protocol::Openai
    }

    fn infer<'a>(
        &'a self,
        request: &'a Request,
        earlier_attempts: u32,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        Box::pin(self.post(request, earlier_attempts))
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { self.get_models().await.map(drop) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        Box::pin(async {
            let body = self.get_models().await?;
            let list: wire::ModelList = named::from_slice(&body).map_err(|e| malformed(&e))?;
            Ok(list.data.into_iter().map(model).collect())
        })
    }
}

impl Openai {
    async fn post(&self, request: &Request, earlier_attempts: u32) -> Result<Opened, Failure> {
        let url = match request.input {
            Input::Chat(_) => &self.chat_completions,
            Input::Prompt(_) => &self.completions,
        };
        let sent = self
            .http
            .post(url.clone())
            .headers(headers(request, earlier_attempts)?)
            .body(wire::body(request).map_err(|e| malformed(&e))?)
            .send();
        let response = sent.await.map_err(|error| unanswered(&error))?;
        let first_byte = Instant::now();
        let response = accepted(response).await?;
        let deltas = if request.stream {
            answer::streamed(response)?
        } else {
            answer::whole(response)
        };
        Ok(Opened { first_byte, deltas })
    }

    async fn get_models(&self) -> Result<Bytes, Failure> {
        let sent = self.http.get(self.models.clone()).send();
        let response = sent.await.map_err(|error| unanswered(&error))?;
        read(&mut accepted(response).await?, ANSWER_LIMIT).await
    }
}

/// What is listed is there to be used: this protocol knows no other state.
fn model(listed: wire::ListedModel) -> Model {
    Model {
        name: listed.id,
        state: ModelState::Loaded,
    }
}

fn headers(request: &Request, earlier_attempts: u32) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::with_capacity(4);
    headers.insert(CONTENT_TYPE, JSON);
    headers.insert(ACCEPT, if request.stream { EVENT_STREAM } else { JSON });
    if !request.id.is_empty() {
        let id = HeaderValue::from_str(&request.id)
            .map_err(|error| Failure::caused(FailureKind::Invalid, &error))?;
        headers.insert(REQUEST_ID, id);
    }
    if earlier_attempts > 0 {
        headers.insert(RETRY_COUNT, HeaderValue::from(earlier_attempts));
    }
    Ok(headers)
}

/// Lets a success pass, and turns any other status into a failure with the server's own words.
async fn accepted(mut response: Response) -> Result<Response, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    let said = match read(&mut response, ERROR_LIMIT).await {
        Ok(body) => wire::error_message(&body),
        Err(unreadable) => unreadable.message,
    };
    let kind = FailureKind::Http(status.as_u16());
    Err(Failure::new(
        kind,
        format!("server answered {status}: {said}"),
    ))
}

/// Reads a body to its end.
async fn read(response: &mut Response, limit: usize) -> Result<Bytes, Failure> {
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
fn unanswered(error: &reqwest::Error) -> Failure {
    let kind = if error.is_connect() {
        FailureKind::Connect
    } else if error.is_builder() {
        FailureKind::Invalid
    } else {
        FailureKind::Closed
    };
    Failure::caused(kind, error)
}

fn broken_off(error: &reqwest::Error) -> Failure {
    Failure::caused(FailureKind::Truncated, error)
}

fn malformed(error: &serde_json::Error) -> Failure {
    let told = error.to_string();
    let kept = excerpt(&told);
    // The error may quote all that the server sent, and tells last where it is.
    let place = if kept.len() < told.len() {
        format!("... at line {} column {}", error.line(), error.column())
    } else {
        String::new()
    };
    let message = format!("expected JSON as the OpenAI API has it: {kept}{place}");
    Failure::new(FailureKind::Malformed, message)
}

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_kept_as_a_prefix_and_v1_is_not_doubled() {
        let urls = [
            "http://h:1",
            "http://h:1/",
            "http://h:1/v1",
            "http://h:1/v1/",
            "http://h:1/llm",
            "http://h:1/llm/v1",
        ]
        .map(|base| under(&Url::parse(base).unwrap(), "models").to_string());

        let plain = "http://h:1/v1/models";
        let prefixed = "http://h:1/llm/v1/models";
        assert_eq!(urls, [plain, plain, plain, plain, prefixed, prefixed]);
    }
}
