//! Triton's `generate` extension: a JSON object whose keys are a model's inputs goes in, and one whose keys are its outputs
//! comes out, whole or as an event for each piece of text. There is no mark at the end of a stream.
//!
//! ```text
//! {"text_input":"one two","max_tokens":3}  ->  {"model_name":"tiny","model_version":"1",...,"text_output":" alpha bravo charlie"}
//! ```

use super::answer::{Answer, Envelope, Usage};
use super::call::Call;
use super::infer::deliver;
use super::prompt::Prompt;
use super::refusal::Refusal;
use super::request;
use super::telling::Pieces;
use crate::backend::Backend;
use crate::course::{Course, Delivery};
use crate::journal::{End, Operation, Protocol};
use crate::protocol::oip::{self, Address, Given};
use crate::protocol::rest::{Events, Head, collect, mislabel};
use crate::signature::{OUTPUT, Wanted};
use crate::tensor::Tensor;
use crate::visit::Visit;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};

/// A request that was understood.
#[derive(Debug)]
struct Asked {
    id: Option<String>,
    wanted: Wanted,
}

/// Answers a request to generate.
pub(super) async fn answer(
    backend: &Backend,
    call: &Call,
    delivery: Delivery,
    request: Request,
) -> Response {
    let connection = request.extensions().get();
    let mut visit = backend.arrive(Protocol::OipRest, Operation::Generate, connection);
    let (parts, body) = request.into_parts();
    let head = Head::read(&parts.headers);
    let mut response =
        match understand(backend, call, &parts.headers, body, &head, &mut visit).await {
            Ok(asked) => respond(backend, call, asked, delivery, visit).await,
            Err(refusal) => {
                visit.end(End::Refused);
                refusal.into_response()
            }
        };
    head.mark(response.headers_mut());
    response
}

async fn understand(
    backend: &Backend,
    call: &Call,
    headers: &HeaderMap,
    body: Body,
    head: &Head,
    visit: &mut Visit,
) -> Result<Asked, Refusal> {
    let mut address = Address {
        id: head.id(),
        attempt: head.attempt,
        model: &call.model,
        version: &call.version,
    };
    oip::address(backend, visit, address)?;
    request::require_plain(headers)?;
    let body = collect(body, backend.body_read).await?;
    let signature = backend.signatures.of(&call.model);
    let prompt = Prompt::read(&body, signature)?;
    let id = prompt.id.filter(|id| !id.is_empty());
    address.id = id.as_deref().or(head.id());
    let given = Given {
        inputs: prompt.inputs,
        outputs: Vec::new(),
        max_tokens: prompt.max_tokens,
    };
    let wanted = oip::understand(backend, visit, address, &given)?;
    Ok(Asked { id, wanted })
}

async fn respond(
    backend: &Backend,
    call: &Call,
    asked: Asked,
    delivery: Delivery,
    mut visit: Visit,
) -> Response {
    let course = match backend.decide(&mut visit, delivery).await {
        Ok(course) => course,
        Err(refused) => return Refusal::from(refused).into_response(),
    };
    let envelope = Envelope::new(asked.id.as_deref(), &call.model, None);
    match delivery {
        Delivery::Whole => whole(&envelope, asked.wanted, course, visit).await,
        Delivery::Streamed => streamed(&envelope, asked.wanted, course, visit),
    }
}

async fn whole(
    envelope: &Envelope<'_>,
    wanted: Wanted,
    course: Course,
    mut visit: Visit,
) -> Response {
    let answer = match wanted {
        Wanted::Text(_) => {
            let text = course.wording().text(visit.entry().output_tokens);
            let usage = course.tells_usage().then(|| Usage::of(visit.entry()));
            Answer::generated(envelope, usage.as_ref(), &[Tensor::text(OUTPUT, &text)])
        }
        Wanted::Tensors(tensors) => Answer::generated(envelope, None, &tensors),
    };
    match answer {
        Ok(answer) => deliver(answer, course, visit).await,
        Err(refusal) => {
            visit.end(End::Refused);
            refusal.into_response()
        }
    }
}

fn streamed(envelope: &Envelope<'_>, wanted: Wanted, course: Course, mut visit: Visit) -> Response {
    let pieces = match wanted {
        Wanted::Text(_) => Ok(Pieces::of_text(envelope, course.wording())),
        Wanted::Tensors(tensors) => Pieces::of_tensors(envelope, &tensors),
    };
    let pieces = match pieces {
        Ok(pieces) => pieces,
        Err(refusal) => {
            visit.end(End::Refused);
            return refusal.into_response();
        }
    };
    let spoil = course.spoil;
    let mut response = Response::new(Body::new(Events::new(pieces, course, visit)));
    let headers = response.headers_mut();
    let events = HeaderValue::from_static("text/event-stream; charset=utf-8");
    headers.insert(CONTENT_TYPE, events);
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    mislabel(headers, spoil);
    response
}
