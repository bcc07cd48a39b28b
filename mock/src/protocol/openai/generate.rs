//! One request for text, from its bytes to its answer.

use super::body::{Events, Torn, wide};
use super::form::{Facts, Form, UsageChunk};
use super::json;
use super::refusal::Refusal;
use super::request::{Asked, Delivery, Read};
use super::script::{Close, Script};
use crate::backend::{Backend, LARGEST_BODY, REQUEST_ID, Wish, earlier_attempts};
use crate::behaviour::Course;
use crate::fault::Strike;
use crate::tally::{Outcome, Protocol, Visit};
use crate::words;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How often the request was sent before, as the official SDKs tell it.
const RETRY_COUNT: &str = "x-stainless-retry-count";

/// Sub-second waits, as the official SDKs read them before `Retry-After`.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// Answers a request for text in the given form.
pub(super) async fn answer(backend: &Arc<Backend>, request: Request, form: &Form) -> Response {
    let arrived = Instant::now();
    let mut visit = backend.tally.arrive(Protocol::Rest);
    let (head, body) = request.into_parts();
    let given = head.headers.get(REQUEST_ID);
    let retries = head.headers.get(RETRY_COUNT);
    let mut response = match understand(backend, body, form.read).await {
        Ok(asked) => {
            let id = backend.name(given.and_then(|id| id.to_str().ok()));
            let earlier = earlier_attempts(retries.and_then(|count| count.to_str().ok()));
            let wish = Wish {
                arrived,
                prompt_tokens: asked.prompt_tokens,
                max_tokens: asked.max_tokens,
            };
            Turn {
                id: &id,
                asked: &asked,
                wish,
                form,
            }
            .take(backend.course(&id, earlier), visit)
            .await
        }
        Err(refusal) => {
            visit.settle(Outcome::Refused);
            refusal.into_response()
        }
    };
    if let Some(id) = given {
        response.headers_mut().insert(REQUEST_ID, id.clone());
    }
    response
}

/// Reads a request and makes sure that its model can answer.
async fn understand(backend: &Backend, body: Body, read: Read) -> Result<Asked, Refusal> {
    let asked = read(&collect(body).await?)?;
    backend.repository.require(&asked.model)?;
    Ok(asked)
}

async fn collect(body: Body) -> Result<Bytes, Refusal> {
    if body.size_hint().lower() > wide(LARGEST_BODY) {
        return Err(Refusal::too_large(LARGEST_BODY));
    }
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Refusal::too_large(LARGEST_BODY)),
        Err(error) => Err(Refusal::bad_request(
            format!("Could not read the body: {error}."),
            None,
        )),
    }
}

/// A request that was understood, on its way to an answer.
struct Turn<'a> {
    id: &'a str,
    asked: &'a Asked,
    wish: Wish,
    form: &'a Form,
}

impl Turn<'_> {
    async fn take(&self, course: Course, mut visit: Visit) -> Response {
        match course.strike {
            Some(Strike::Refuse {
                status,
                retry_after,
            }) => {
                visit.settle(Outcome::Status);
                refuse(status, retry_after)
            }
            Some(Strike::Silence) => {
                visit.settle(Outcome::Stall);
                pending().await
            }
            Some(Strike::BreakOff { after_tokens }) => {
                visit.settle(Outcome::Cut);
                self.deliver(course, after_tokens, Close::Never, visit)
                    .await
            }
            None => {
                self.deliver(course, self.wish.tokens(), Close::Properly, visit)
                    .await
            }
        }
    }

    async fn deliver(&self, course: Course, tokens: u32, close: Close, visit: Visit) -> Response {
        match self.asked.delivery {
            Delivery::Whole => self.whole(course, tokens, close, visit).await,
            Delivery::Stream(usage) => self.stream(course, tokens, close, usage, visit),
        }
    }

    async fn whole(&self, course: Course, tokens: u32, close: Close, mut visit: Visit) -> Response {
        let tokens = tokens.min(self.wish.tokens());
        let text = words::text(self.wish.tokens());
        let (mut start, rest) = self.form.whole(self.facts(), &text);
        self.wish.ticker(course, tokens).last_token().await;
        match close {
            Close::Properly => {
                visit.settle(Outcome::Answered);
                start.push_str(&rest);
                json(StatusCode::OK, start)
            }
            Close::Never => {
                let announced = wide(start.len() + rest.len());
                let unsent = text.len() - words::text(tokens).len();
                start.truncate(start.len() - unsent);
                let torn = Torn::new(start.into(), announced);
                json(StatusCode::OK, Body::new(torn))
            }
        }
    }

    fn stream(
        &self,
        course: Course,
        tokens: u32,
        close: Close,
        usage: UsageChunk,
        visit: Visit,
    ) -> Response {
        let chunks = self.form.chunks(self.facts(), usage);
        let script = Script::new(chunks, self.wish.ticker(course, tokens), close);
        let mut response = Response::new(Body::new(Events::new(script, visit)));
        let headers = response.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/event-stream; charset=utf-8"),
        );
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        response
    }

    fn facts(&self) -> Facts<'_> {
        Facts {
            id: self.id,
            model: &self.asked.model,
            prompt_tokens: self.wish.prompt_tokens,
            completion_tokens: self.wish.tokens(),
            max_tokens: self.wish.max_tokens,
        }
    }
}

fn refuse(status: StatusCode, retry_after: Option<Duration>) -> Response {
    let mut response = Refusal::fault(status).into_response();
    if let Some(wait) = retry_after {
        ask_to_wait(response.headers_mut(), wait);
    }
    response
}

/// Whole seconds, rounded up, as HTTP has it, and milliseconds beside them.
fn ask_to_wait(headers: &mut HeaderMap, wait: Duration) {
    let millis = wait.as_nanos().div_ceil(1_000_000);
    let seconds = millis.div_ceil(1000);
    for (name, number) in [(RETRY_AFTER, seconds), (RETRY_AFTER_MS, millis)] {
        if let Ok(value) = HeaderValue::try_from(number.to_string()) {
            headers.insert(name, value);
        }
    }
}
