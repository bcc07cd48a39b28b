//! The Open Inference Protocol over REST, as Triton speaks it: health, metadata and repository, inference with tensors in
//! JSON and in the binary extension, and the text of the `generate` extension in one piece or as events. Paths are taken
//! apart here, because the name of a model may hold anything once it is percent-decoded.
//!
//! ```text
//! POST /v2/models/resnet/infer {"inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"data":[0.5,1]}]}
//! ```

mod answer;
mod call;
mod describe;
mod generate;
mod infer;
mod prompt;
mod refusal;
mod request;
mod statistics;
mod telling;

use crate::backend::Backend;
use crate::protocol::rest::Head;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use call::{Action, Call};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderValue};
use refusal::Refusal;
use std::sync::Arc;

/// The routes of the protocol over `backend`, to stand beside others on one port. Dropping the future of a call gives its
/// request up.
pub(crate) fn router(backend: &Arc<Backend>) -> Router {
    Router::new()
        .route("/v2", any(answer))
        .route("/v2/", any(answer))
        .route("/v2/{*rest}", any(answer))
        .with_state(Arc::clone(backend))
}

/// The answer to whoever sends no key.
pub(crate) fn locked() -> Response {
    Refusal::locked().into_response()
}

async fn answer(State(backend): State<Arc<Backend>>, request: Request) -> Response {
    let Some(call) = Call::read(request.uri().path()) else {
        return Refusal::unknown_url(request.uri().path()).into_response();
    };
    let allowed = call.action.method();
    if request.method() != allowed {
        return Refusal::wrong_method(request.method(), &allowed).into_response();
    }
    match call.action {
        Action::Infer => infer::answer(&backend, &call, request).await,
        Action::Generate(delivery) => generate::answer(&backend, &call, delivery, request).await,
        Action::Live
        | Action::Ready
        | Action::Server
        | Action::Model
        | Action::ModelReady
        | Action::Configuration
        | Action::Statistics
        | Action::Index
        | Action::Load
        | Action::Unload => {
            let head = Head::read(request.headers());
            let answer = describe::answer(&backend, &call, request.into_body()).await;
            let mut response = answer.unwrap_or_else(IntoResponse::into_response);
            head.mark(response.headers_mut());
            response
        }
    }
}

/// An answer in JSON.
fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
