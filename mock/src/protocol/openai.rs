//! OpenAI's REST API, as the official SDKs and the servers that imitate it speak it: models, chat completions and
//! completions, in one piece or as server-sent events, and embeddings. axum routes the requests; the handlers read bodies and paths by
//! themselves, because what an extractor refuses would not come in the form that clients of this API read.

mod choice;
mod embedding;
mod fitting;
mod form;
mod fragments;
mod generate;
mod logprobs;
mod models;
mod refusal;
mod request;
mod telling;

use crate::admin::metrics_page;
use crate::backend::Backend;
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use form::{CHAT, COMPLETION};
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, StatusCode, Uri};
use refusal::Refusal;
use std::sync::Arc;

const CHAT_COMPLETIONS: &str = "/v1/chat/completions";
const COMPLETIONS: &str = "/v1/completions";
const EMBEDDINGS: &str = "/v1/embeddings";

/// The whole API over `backend`, ready for requests of any connection. An empty name of a model is a model that does not
/// exist, not an unknown URL. Dropping the future of a call gives its request up.
pub(crate) fn router(backend: &Arc<Backend>) -> Router {
    Router::new()
        .route(CHAT_COMPLETIONS, post(chat))
        .route(COMPLETIONS, post(completion))
        .route(EMBEDDINGS, post(embedding))
        .route("/v1/models", get_only(models::list))
        .route("/v1/models/", get_only(models::one))
        .route("/v1/models/{*name}", get_only(models::one))
        .route("/health", get_only(health))
        .route("/metrics", get_only(metrics_page))
        .fallback(unknown_url)
        .method_not_allowed_fallback(wrong_method)
        .with_state(Arc::clone(backend))
}

/// `get` alone would answer HEAD too, which the servers of this API refuse.
fn get_only<H, T>(handler: H) -> MethodRouter<Arc<Backend>>
where
    H: Handler<T, Arc<Backend>>,
    T: 'static,
{
    get(handler).head(wrong_method)
}

/// The answer to whoever sends no key.
pub(crate) fn locked() -> Response {
    Refusal::locked().into_response()
}

async fn chat(State(backend): State<Arc<Backend>>, request: Request) -> Response {
    generate::answer(&backend, request, &CHAT).await
}

async fn completion(State(backend): State<Arc<Backend>>, request: Request) -> Response {
    generate::answer(&backend, request, &COMPLETION).await
}

async fn embedding(State(backend): State<Arc<Backend>>, request: Request) -> Response {
    embedding::answer(&backend, request).await
}

async fn health() -> Response {
    json(StatusCode::OK, r#"{"status":"ok"}"#)
}

async fn unknown_url(method: Method, url: Uri) -> Refusal {
    Refusal::unknown_url(&method, url.path())
}

async fn wrong_method(method: Method, url: Uri) -> impl IntoResponse {
    let allowed = match url.path() {
        CHAT_COMPLETIONS | COMPLETIONS | EMBEDDINGS => "POST",
        _ => "GET",
    };
    let refusal = Refusal::wrong_method(&method, url.path(), allowed);
    ([(ALLOW, allowed)], refusal)
}

/// An answer in JSON.
fn json(status: StatusCode, body: impl Into<Body>) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
