//! Both REST protocols on one port, behind the keys if there are any: without one,
//! `{"error":{"message":"Expected a key of this server ...","type":"authentication_error",...}}` below `/v1`.

use super::Head;
use crate::backend::Backend;
use crate::protocol::{oip_rest, openai};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use std::sync::Arc;

/// All routes of the port, ready for requests of any connection. Dropping the future of a call gives its request up.
pub(crate) fn router(backend: &Arc<Backend>) -> Router {
    let router = openai::router(backend).merge(oip_rest::router(backend));
    if backend.keys.are_needless() {
        return router;
    }
    router.layer(from_fn_with_state(Arc::clone(backend), guard))
}

/// Lets those through who may ask, and everybody who asks for health, as the probes of an orchestrator do.
async fn guard(State(backend): State<Arc<Backend>>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let open = path == "/health" || path.starts_with("/v2/health/");
    if open || backend.keys.admit(request.headers()) {
        return next.run(request).await;
    }
    let mut response = if path == "/v2" || path.starts_with("/v2/") {
        oip_rest::locked()
    } else {
        openai::locked()
    };
    let headers = response.headers_mut();
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    Head::read(request.headers()).mark(headers);
    response
}
