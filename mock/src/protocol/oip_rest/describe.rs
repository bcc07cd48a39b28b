//! What the server says of itself and its models, and the repository: none of it counts as a request.

use super::call::{Action, Call};
use super::json;
use super::refusal::Refusal;
use super::request::parse;
use super::statistics;
use crate::backend::Backend;
use crate::protocol::oip::{self, EXTENSIONS, PLATFORM, SERVER, VERSION};
use crate::protocol::rest::collect;
use crate::repository::State;
use crate::spec::TensorSpec;
use axum::body::Body;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};

#[derive(Serialize)]
struct Server {
    name: &'static str,
    version: &'static str,
    extensions: [&'static str; 5],
}

#[derive(Serialize)]
struct Model<'a> {
    name: &'a str,
    versions: [&'static str; 1],
    platform: &'static str,
    inputs: &'a [TensorSpec],
    outputs: &'a [TensorSpec],
}

/// As much of Triton's model configuration as clients read.
#[derive(Serialize)]
struct Configuration<'a> {
    name: &'a str,
    platform: &'static str,
    max_batch_size: u32,
    input: Vec<Configured<'a>>,
    output: Vec<Configured<'a>>,
}

#[derive(Serialize)]
struct Configured<'a> {
    name: &'a str,
    data_type: &'static str,
    dims: &'a [i64],
}

#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    version: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

#[derive(Deserialize, Default)]
struct Wish {
    ready: Option<bool>,
}

/// Answers whatever is not inference.
pub(super) async fn answer(
    backend: &Backend,
    call: &Call,
    body: Body,
) -> Result<Response, Refusal> {
    match call.action {
        Action::Server => Ok(described(&Server {
            name: SERVER,
            version: env!("CARGO_PKG_VERSION"),
            extensions: EXTENSIONS,
        })),
        Action::Model => {
            known(backend, call)?;
            Ok(described(&model(backend, &call.model)))
        }
        Action::Configuration => {
            known(backend, call)?;
            Ok(described(&configuration(backend, &call.model)))
        }
        Action::Statistics => {
            let figures = oip::statistics(backend, &call.model, &call.version)?;
            Ok(described(&statistics::all(&figures)))
        }
        Action::ModelReady => match known(backend, call) {
            Ok(State::Loaded) => Ok(Response::default()),
            Ok(_) | Err(_) => Err(Refusal::not_ready()),
        },
        Action::Load => {
            backend.repository.load(&call.model).await?;
            Ok(json(StatusCode::OK, Body::empty()))
        }
        Action::Unload => {
            backend.repository.unload(&call.model)?;
            Ok(json(StatusCode::OK, Body::empty()))
        }
        Action::Index => index(backend, body).await,
        Action::Live | Action::Ready => Ok(Response::default()),
        Action::Infer | Action::Generate(_) => unreachable!("answered elsewhere"),
    }
}

/// Lists the repository, or what is ready of it if the body says so.
async fn index(backend: &Backend, body: Body) -> Result<Response, Refusal> {
    let body = collect(body, backend.body_read).await?;
    let wish = if body.is_empty() {
        Wish::default()
    } else {
        parse(&body)?
    };
    let only_ready = wish.ready.unwrap_or_default();
    let listed: Vec<_> = backend
        .repository
        .index()
        .filter(|&(_, state)| !only_ready || state == State::Loaded)
        .map(|(name, state)| {
            let (state, reason) = oip::state(state);
            Listed {
                name,
                version: VERSION,
                state,
                reason,
            }
        })
        .collect();
    Ok(described(&listed))
}

/// The state of a model that there is, in a version that it has.
fn known(backend: &Backend, call: &Call) -> Result<State, Refusal> {
    let state = backend.repository.state(&call.model)?;
    oip::require_version(&call.model, &call.version)?;
    Ok(state)
}

fn model<'a>(backend: &'a Backend, name: &'a str) -> Model<'a> {
    let signature = backend.signatures.of(name);
    Model {
        name,
        versions: [VERSION],
        platform: PLATFORM,
        inputs: &signature.inputs,
        outputs: &signature.outputs,
    }
}

fn configuration<'a>(backend: &'a Backend, name: &'a str) -> Configuration<'a> {
    let signature = backend.signatures.of(name);
    Configuration {
        name,
        platform: PLATFORM,
        // Shapes are whole, batch included, as Triton has it for a model without batching of its own.
        max_batch_size: 0,
        input: signature.inputs.iter().map(configured).collect(),
        output: signature.outputs.iter().map(configured).collect(),
    }
}

fn configured(spec: &TensorSpec) -> Configured<'_> {
    Configured {
        name: &spec.name,
        data_type: spec.datatype.configured(),
        dims: &spec.shape,
    }
}

fn described(body: &impl Serialize) -> Response {
    json(StatusCode::OK, serde_json::to_vec(body).unwrap_or_default())
}
