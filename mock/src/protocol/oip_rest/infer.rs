//! One inference request, from its bytes to its answer.

use super::answer::{Answer, Envelope, Usage};
use super::call::Call;
use super::refusal::Refusal;
use super::request::{self, Binary};
use crate::backend::Backend;
use crate::course::{Course, Delivery, Finish};
use crate::journal::{End, Operation, Protocol};
use crate::protocol::oip::{self, Address};
use crate::protocol::rest::{self, Head, Torn, collect, mislabel, wide};
use crate::signature::{OUTPUT, Wanted};
use crate::tensor::Tensor;
use crate::visit::Visit;
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::HeaderMap;

/// A request that was understood.
#[derive(Debug)]
struct Asked {
    id: Option<String>,
    wanted: Wanted,
    binary: Binary,
}

/// Answers an inference request.
pub(super) async fn answer(backend: &Backend, call: &Call, request: Request) -> Response {
    let connection = request.extensions().get();
    let mut visit = backend.arrive(Protocol::OipRest, Operation::Infer, connection);
    let (parts, body) = request.into_parts();
    let head = Head::read(&parts.headers);
    let mut response =
        match understand(backend, call, &parts.headers, body, &head, &mut visit).await {
            Ok(asked) => respond(backend, call, asked, visit).await,
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
    let (header, mut binary) = request::split(headers, &body)?;
    let mut header = request::header(&header)?;
    let id = header.id.take().filter(|id| !id.is_empty());
    address.id = id.as_deref().or(head.id());
    let given = header.given(&mut binary)?;
    let wanted = oip::understand(backend, visit, address, &given)?;
    Ok(Asked {
        binary: header.binary(),
        wanted,
        id,
    })
}

async fn respond(backend: &Backend, call: &Call, asked: Asked, mut visit: Visit) -> Response {
    let course = match backend.decide(&mut visit, Delivery::Whole).await {
        Ok(course) => course,
        Err(refused) => return Refusal::from(refused).into_response(),
    };
    let (usage, tensors) = match asked.wanted {
        Wanted::Text(_) => {
            let text = course.wording().text(visit.entry().output_tokens);
            let usage = course.tells_usage().then(|| Usage::of(visit.entry()));
            (usage, vec![Tensor::text(OUTPUT, &text)])
        }
        Wanted::Tensors(tensors) => (None, tensors),
    };
    let envelope = Envelope::new(asked.id.as_deref(), &call.model, usage);
    match Answer::try_new(&envelope, &tensors, &asked.binary) {
        Ok(answer) => deliver(answer, course, visit).await,
        Err(refusal) => {
            visit.end(End::Refused);
            refusal.into_response()
        }
    }
}

/// Waits until an answer in one piece is due, and hands over as much of it as the course allows.
pub(super) async fn deliver(answer: Answer, course: Course, mut visit: Visit) -> Response {
    let sent = course.ticker.tokens();
    let whole = visit.entry().output_tokens.max(1);
    let due = course.ticker.last_token().await;
    let answer = match course.spoil {
        None => answer,
        spoil => answer.spoiled(spoil),
    };
    let answer = answer.framed();
    let mut response = match course.finish {
        // Only streams fail in their middle.
        Finish::Properly | Finish::Fail(_) => {
            answer.into_response(|bytes| rest::whole(bytes, course.drip, (sent, due), visit))
        }
        Finish::BreakOff | Finish::FallSilent | Finish::Sever(_) => {
            visit.wrote(sent, due);
            let length = answer.bytes().len();
            // The part of the bytes that is the part of the tokens, but neither none nor all.
            let part = wide(length) * u64::from(sent.min(whole)) / u64::from(whole);
            let kept = usize::try_from(part).unwrap_or(length);
            let kept = kept.clamp(1, length.saturating_sub(1).max(1));
            answer.into_response(|bytes| {
                let start = bytes.slice(..kept.min(length));
                Body::new(Torn::new(start, wide(length), course.finish, visit))
            })
        }
    };
    mislabel(response.headers_mut(), course.spoil);
    response
}
