//! One request for embeddings, from its bytes to its answer: `{"model":"tiny","input":["one","two"],"dimensions":3}`.

mod input;
mod vector;

use super::form::escaped;
use super::json;
use super::refusal::Refusal;
use super::request::{parse, refuse, required};
use crate::backend::Backend;
use crate::course::{Course, Delivery, Finish};
use crate::journal::{End, Entry, Operation, Protocol};
use crate::protocol::rest::{Head, Torn, collect, mislabel, spoil_body, whole, wide};
use crate::visit::{Asking, Visit};
use axum::body::Body;
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use input::Inputs;
use serde::Deserialize;

/// The length of a vector when a request does not say it, as common small models have it.
const DEFAULT_DIMENSIONS: u32 = 384;

/// The longest vector.
const MOST_DIMENSIONS: u32 = 4096;

/// The most numbers in one answer, so that no request can ask for memory without end.
const MOST_NUMBERS: u64 = 4 * 1024 * 1024;

#[derive(Deserialize)]
struct Embed {
    dimensions: Option<i64>,
    encoding_format: Option<Encoding>,
    input: Option<Inputs>,
    model: Option<String>,
}

/// How a vector is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Encoding {
    #[default]
    Float,
    Base64,
}

/// A request that can be answered.
#[derive(Debug)]
struct Asked {
    model: String,
    inputs: Inputs,
    dimensions: u32,
    encoding: Encoding,
}

/// Answers a request for embeddings.
pub(super) async fn answer(backend: &Backend, request: Request) -> Response {
    let connection = request.extensions().get();
    let mut visit = backend.arrive(Protocol::Openai, Operation::Embedding, connection);
    let (parts, body) = request.into_parts();
    let head = Head::read(&parts.headers);
    let mut response = match understand(backend, body, &head, &mut visit).await {
        Ok(asked) => respond(backend, &asked, visit).await,
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
    head: &Head,
    visit: &mut Visit,
) -> Result<Asked, Refusal> {
    let asked = read(&collect(body, backend.body_read).await?)?;
    visit.asks(Asking {
        id: head.id(),
        attempt: head.attempt,
        model: &asked.model,
        prompt_tokens: asked.inputs.tokens,
        output_tokens: 0,
    });
    // All vectors come out of one step.
    visit.steps(1);
    visit.hold(backend.repository.require(&asked.model)?);
    Ok(asked)
}

fn read(body: &[u8]) -> Result<Asked, Refusal> {
    let embed: Embed = parse(body)?;
    let inputs = required(embed.input, "input")?;
    let model = required(embed.model, "model")?;
    let dimensions = accept_dimensions(embed.dimensions)?;
    let numbers = wide(inputs.hashes.len()).saturating_mul(dimensions.into());
    if numbers > MOST_NUMBERS {
        let message = format!(
            "`dimensions`: expected at most {MOST_NUMBERS} numbers in one answer, found `{numbers}`."
        );
        return Err(refuse("dimensions", message));
    }
    Ok(Asked {
        model,
        inputs,
        dimensions,
        encoding: embed.encoding_format.unwrap_or_default(),
    })
}

fn accept_dimensions(asked: Option<i64>) -> Result<u32, Refusal> {
    let asked = asked.unwrap_or(DEFAULT_DIMENSIONS.into());
    let accepted = u32::try_from(asked)
        .ok()
        .filter(|dimensions| (1..=MOST_DIMENSIONS).contains(dimensions));
    accepted.ok_or_else(|| {
        let message = format!("`dimensions`: expected 1 to {MOST_DIMENSIONS}, found `{asked}`.");
        refuse("dimensions", message)
    })
}

async fn respond(backend: &Backend, asked: &Asked, mut visit: Visit) -> Response {
    match backend.decide(&mut visit, Delivery::Whole).await {
        Ok(course) => deliver(asked, course, visit).await,
        Err(refused) => Refusal::from(refused).into_response(),
    }
}

/// Waits until the answer is due, and hands over as much of it as the course allows.
async fn deliver(asked: &Asked, course: Course, mut visit: Visit) -> Response {
    let sent = course.ticker.tokens();
    let mut written = write(asked, visit.entry());
    spoil_body(&mut written.bytes, course.spoil);
    let due = course.ticker.last_token().await;
    let mut response = match course.finish {
        // Only streams fail in their middle.
        Finish::Properly | Finish::Fail(_) => {
            let body = whole(written.bytes, course.drip, (0, due), visit);
            json(StatusCode::OK, body)
        }
        Finish::BreakOff | Finish::FallSilent | Finish::Sever(_) => {
            visit.wrote(0, due);
            let announced = wide(written.bytes.len());
            let kept = if sent == 0 {
                written.before
            } else {
                written.after
            };
            written.bytes.truncate(kept);
            let torn = Torn::new(written.bytes.into(), announced, course.finish, visit);
            json(StatusCode::OK, Body::new(torn))
        }
    };
    mislabel(response.headers_mut(), course.spoil);
    response
}

/// An answer, with the places before and after its vectors.
#[derive(Debug)]
struct Written {
    bytes: Vec<u8>,
    before: usize,
    after: usize,
}

fn write(asked: &Asked, entry: &Entry) -> Written {
    let mut bytes = br#"{"object":"list","data":["#.to_vec();
    let before = bytes.len();
    for (index, hash) in asked.inputs.hashes.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let head = format!(r#"{comma}{{"object":"embedding","index":{index},"embedding":"#);
        bytes.extend_from_slice(head.as_bytes());
        let vector = vector::unit(*hash, asked.dimensions);
        match asked.encoding {
            Encoding::Float => {
                // Numbers that are finite can be written, and bytes in memory take them.
                bytes.extend_from_slice(&serde_json::to_vec(&vector).unwrap_or_default());
            }
            Encoding::Base64 => {
                let text = vector::base64(&vector);
                bytes.extend_from_slice(format!(r#""{text}""#).as_bytes());
            }
        }
        bytes.push(b'}');
    }
    let after = bytes.len();
    let (model, tokens) = (escaped("", &asked.model), entry.prompt_tokens);
    let tail = format!(
        r#"],"model":{model},"usage":{{"prompt_tokens":{tokens},"total_tokens":{tokens}}}}}"#
    );
    bytes.extend_from_slice(tail.as_bytes());
    Written {
        bytes,
        before,
        after,
    }
}
