//! One request for text, from its bytes to its answer.

use super::choice::Choice;
use super::form::{Facts, Form};
use super::json;
use super::refusal::Refusal;
use super::request::{Asked, Stream};
use crate::backend::Backend;
use crate::course::{Course, Delivery, Finish};
use crate::journal::{End, Protocol};
use crate::metrics::Finished;
use crate::protocol::rest::{Events, Head, Torn, collect, mislabel, spoil_body, whole, wide};
use crate::visit::{Asking, Visit};
use crate::words::Wording;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use std::sync::Arc;

/// Answers a request for text in the given form.
pub(super) async fn answer(backend: &Arc<Backend>, request: Request, form: &Form) -> Response {
    let connection = request.extensions().get();
    let mut visit = backend.arrive(Protocol::Openai, form.operation, connection);
    let (parts, body) = request.into_parts();
    let head = Head::read(&parts.headers);
    let mut response = match understand(backend, body, form, &head, &mut visit).await {
        Ok(asked) => respond(backend, asked, form, visit).await,
        Err(refusal) => {
            visit.end(End::Refused);
            refusal.into_response()
        }
    };
    head.mark(response.headers_mut());
    response
}

/// Reads a request, notes what it asks for, and makes sure that its model can answer.
async fn understand(
    backend: &Backend,
    body: Body,
    form: &Form,
    head: &Head,
    visit: &mut Visit,
) -> Result<Asked, Refusal> {
    let asked = (form.read)(&collect(body, backend.body_read).await?)?;
    visit.asks(Asking {
        id: head.id(),
        attempt: head.attempt,
        model: &asked.model,
        prompt_tokens: asked.prompt_tokens,
        output_tokens: asked.choices.iter().map(Choice::tokens).sum(),
    });
    // The choices go forward together; even an answer without a token takes the time to find that out.
    let longest = asked.choices.iter().map(Choice::tokens).max();
    visit.steps(longest.unwrap_or_default().max(1));
    if asked.choices.iter().any(Choice::is_full) {
        visit.finishes(Finished::Length);
    }
    visit.hold(backend.repository.require(&asked.model)?);
    Ok(asked)
}

async fn respond(
    backend: &Arc<Backend>,
    mut asked: Asked,
    form: &Form,
    mut visit: Visit,
) -> Response {
    let delivery = match asked.stream {
        Some(_) => Delivery::Streamed,
        None => Delivery::Whole,
    };
    let course = match backend.decide(&mut visit, delivery).await {
        Ok(course) => course,
        Err(refused) => return Refusal::from(refused).into_response(),
    };
    if course.wording() == Wording::Wrong {
        let choices = std::mem::take(&mut asked.choices);
        asked.choices = choices.into_iter().map(Choice::wrong).collect();
    }
    let spoil = course.spoil;
    let mut response = match asked.stream {
        Some(stream) => streamed(&asked, stream, form, course, visit),
        None => one_piece(&asked, form, course, visit).await,
    };
    mislabel(response.headers_mut(), spoil);
    response
}

async fn one_piece(asked: &Asked, form: &Form, course: Course, mut visit: Visit) -> Response {
    let sent = course.ticker.tokens();
    let mut body = form.whole(facts(asked, &visit, &course), &asked.choices, sent);
    spoil_body(&mut body.bytes, course.spoil);
    let due = course.ticker.last_token().await;
    match course.finish {
        // Only streams fail in their middle.
        Finish::Properly | Finish::Fail(_) => {
            let written = (visit.entry().output_tokens, due);
            json(
                StatusCode::OK,
                whole(body.bytes, course.drip, written, visit),
            )
        }
        Finish::BreakOff | Finish::FallSilent | Finish::Sever(_) => {
            let first = asked.choices.first().map_or(0, Choice::tokens);
            visit.wrote(sent.min(first), due);
            let announced = wide(body.bytes.len());
            body.bytes.truncate(body.torn_at.unwrap_or_default());
            let torn = Torn::new(body.bytes.into(), announced, course.finish, visit);
            json(StatusCode::OK, Body::new(torn))
        }
    }
}

fn streamed(asked: &Asked, stream: Stream, form: &Form, course: Course, visit: Visit) -> Response {
    let facts = facts(asked, &visit, &course);
    let telling = form.telling(facts, &asked.choices, stream);
    let mut response = Response::new(Events::body(telling, course, visit));
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/event-stream; charset=utf-8"),
    );
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn facts<'a>(asked: &'a Asked, visit: &'a Visit, course: &Course) -> Facts<'a> {
    let entry = visit.entry();
    Facts {
        id: &entry.id,
        model: &asked.model,
        prompt_tokens: entry.prompt_tokens,
        completion_tokens: entry.output_tokens,
        reasoning_tokens: asked.choices.iter().map(|choice| choice.reasoning).sum(),
        logprobs: asked.logprobs,
        tells_usage: course.tells_usage(),
    }
}
