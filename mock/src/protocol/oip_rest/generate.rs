//! Triton's `generate` extension: a JSON object whose keys are a model's inputs goes in, and one whose keys are its outputs
//! comes out, whole or as an event for each piece of text. There is no mark at the end of a stream. With `"stream": false` a
//! stream is one event, as Triton's vLLM backend has it.
//!
//! ```text
//! {"text_input":"one two","max_tokens":3}  ->  {"model_name":"tiny","model_version":"1",...,"text_output":" alpha bravo charlie"}
//! ```

use super::answer::{Answer, Envelope, Usage, stream_of_events};
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

/// A request that was understood.
#[derive(Debug)]
struct Asked {
    id: Option<String>,
    wanted: Wanted,
    form: Form,
}

/// In what form an answer is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A JSON object.
    Object,
    /// An event for each piece of text.
    Events,
    /// The whole as one event.
    OneEvent,
}

impl Form {
    /// The form of an answer by this call to a request that says so much of `stream`.
    fn of(delivery: Delivery, stream: Option<bool>) -> Result<Self, Refusal> {
        match (delivery, stream) {
            (Delivery::Whole, Some(false) | None) => Ok(Self::Object),
            (Delivery::Streamed, Some(true) | None) => Ok(Self::Events),
            (Delivery::Streamed, Some(false)) => Ok(Self::OneEvent),
            // Triton's words for a model that answers in pieces.
            (Delivery::Whole, Some(true)) => Err(Refusal::invalid(
                "generate expects model to produce exactly 1 response, use generate stream for model that generates \
                 various number of responses",
            )),
        }
    }

    fn delivery(self) -> Delivery {
        match self {
            Self::Object | Self::OneEvent => Delivery::Whole,
            Self::Events => Delivery::Streamed,
        }
    }
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
    let mut response = match understand(
        backend,
        call,
        delivery,
        &parts.headers,
        body,
        &head,
        &mut visit,
    )
    .await
    {
        Ok(asked) => respond(backend, call, asked, visit).await,
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
    delivery: Delivery,
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
    let form = Form::of(delivery, prompt.stream)?;
    let id = prompt.id.filter(|id| !id.is_empty());
    address.id = id.as_deref().or(head.id());
    let given = Given {
        inputs: prompt.inputs,
        outputs: Vec::new(),
        max_tokens: prompt.max_tokens,
    };
    let wanted = oip::understand(backend, visit, address, &given)?;
    Ok(Asked { id, wanted, form })
}

async fn respond(backend: &Backend, call: &Call, asked: Asked, mut visit: Visit) -> Response {
    let course = match backend.decide(&mut visit, asked.form.delivery()).await {
        Ok(course) => course,
        Err(refused) => return Refusal::from(refused).into_response(),
    };
    let envelope = Envelope::new(asked.id.as_deref(), &call.model, None);
    match asked.form {
        Form::Events => streamed(&envelope, asked.wanted, course, visit),
        form @ (Form::Object | Form::OneEvent) => {
            whole(&envelope, asked.wanted, form, course, visit).await
        }
    }
}

async fn whole(
    envelope: &Envelope<'_>,
    wanted: Wanted,
    form: Form,
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
        Ok(answer) if form == Form::OneEvent => deliver(answer.into_event(), course, visit).await,
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
    let mut response = Response::new(Events::body(pieces, course, visit));
    let headers = response.headers_mut();
    stream_of_events(headers);
    mislabel(headers, spoil);
    response
}
