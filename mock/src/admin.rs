//! The admin API: what a mock is and does, and how to change it while it runs. It has a port of its own, so that nothing
//! that the mock does to requests can reach it: no fault, no limit, no key, no TLS. Who may use it says [`guard`].
//!
//! ```text
//! GET   /admin/health                      {"status":"ok"}
//! GET   /admin/spec                        the specification as it is at present, without its secrets
//! PATCH /admin/behaviour                   {"latency":{"fixed":"50ms"}}: what is named is replaced
//! PUT   /admin/faults                      [{"status":{"share":"5%","http":503}}]
//! GET   /admin/models                      {"models":[{"name":"tiny","state":"loaded"}]}
//! POST  /admin/models/{name}/load|unload   answers with the model
//! GET   /admin/counters                    requests by protocol and by what became of them
//! GET   /admin/journal?from=0&most=1000    JSON lines, each an entry; where to read on stands in x-journal-next
//! POST  /admin/reset                       empties counters and journal, begins time anew
//! GET   /metrics                           the page that Prometheus reads
//! ```

mod change;
mod guard;
mod journal;
mod models;
mod refusal;

use crate::ascii::ascii;
use crate::backend::Backend;
use crate::metrics;
use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::{get, patch, post, put};
use guard::Guard;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use http::{Method, StatusCode, Uri};
use refusal::Refusal;
use serde::Serialize;
use std::sync::Arc;

/// The whole API over `backend`. Dropping the future of a call gives it up; a load that has begun goes on.
pub(crate) fn router(backend: &Arc<Backend>) -> Router {
    let guard = Guard::new(&backend.behaviour().spec().admin);
    Router::new()
        .route("/admin/health", get(health))
        .route("/admin/spec", get(change::spec))
        .route("/admin/behaviour", patch(change::behaviour))
        .route("/admin/faults", put(change::faults))
        .route("/admin/models", get(models::list))
        .route("/admin/models/{*model_and_verb}", post(models::change))
        .route("/admin/counters", get(counters))
        .route("/admin/journal", get(journal::read))
        .route("/admin/reset", post(reset))
        .route("/metrics", get(metrics_page))
        .fallback(unknown_url)
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(Arc::new(guard), guard::admit))
        .with_state(Arc::clone(backend))
}

async fn health() -> Response {
    json(&Health { status: "ok" })
}

#[derive(Serialize)]
struct Health {
    status: &'static str,
}

async fn counters(State(backend): State<Arc<Backend>>) -> Response {
    json(&backend.counters())
}

async fn reset(State(backend): State<Arc<Backend>>) -> Response {
    backend.reset();
    json(&backend.counters())
}

/// The page of metrics, also on the REST port, where vLLM has it.
pub(crate) async fn metrics_page(State(backend): State<Arc<Backend>>) -> Response {
    let mut response = Response::new(Body::from(backend.ledger.metrics.page()));
    response.headers_mut().insert(
        CONTENT_TYPE,
        HeaderValue::from_static(metrics::CONTENT_TYPE),
    );
    response
}

async fn unknown_url(method: Method, url: Uri) -> Refusal {
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!("there is no {method} {}", url.path()),
    )
}

async fn wrong_method(method: Method, url: Uri) -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        format!("{} does not accept {method}", url.path()),
    )
}

/// An answer in JSON.
fn json(value: &impl Serialize) -> Response {
    let mut response = Response::new(Body::from(ascii(value)));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // A browser is not to guess at anything that stands in here.
    headers.insert(NO_SNIFFING, HeaderValue::from_static("nosniff"));
    response
}

const NO_SNIFFING: HeaderName = HeaderName::from_static("x-content-type-options");
