//! OpenAI's REST API, as the official SDKs and the servers that imitate it speak it: models, chat completions and
//! completions, in one piece or as server-sent events. One match instead of a router: the way from bytes to bytes is
//! what a load test measures against.

mod body;
mod form;
mod generate;
mod models;
mod refusal;
mod request;
mod script;

pub(crate) use body::Body;

use crate::backend::Backend;
use bytes::Bytes;
use form::{CHAT, COMPLETION};
use http::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, Response, StatusCode};
use refusal::Refusal;
use std::sync::Arc;

/// Answers one request. Dropping the future gives the request up.
pub(crate) async fn answer<B>(backend: &Arc<Backend>, request: Request<B>) -> Response<Body>
where
    B: hyper::body::Body<Data = Bytes>,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let path = request.uri().path();
    match path {
        "/v1/chat/completions" if is(&request, &Method::POST) => {
            generate::answer(backend, request, &CHAT).await
        }
        "/v1/completions" if is(&request, &Method::POST) => {
            generate::answer(backend, request, &COMPLETION).await
        }
        "/v1/models" if is(&request, &Method::GET) => json(StatusCode::OK, models::list(backend)),
        "/health" if is(&request, &Method::GET) => json(StatusCode::OK, r#"{"status":"ok"}"#),
        "/v1/chat/completions" | "/v1/completions" => wrong_method(request.method(), path, "POST"),
        "/v1/models" | "/health" => wrong_method(request.method(), path, "GET"),
        _ => match path.strip_prefix("/v1/models/") {
            Some(_) if !is(&request, &Method::GET) => wrong_method(request.method(), path, "GET"),
            Some(name) => models::one(backend, name).unwrap_or_else(Refusal::into_response),
            None => Refusal::unknown_url(request.method(), path).into_response(),
        },
    }
}

fn is<B>(request: &Request<B>, method: &Method) -> bool {
    request.method() == method
}

fn wrong_method(method: &Method, path: &str, allowed: &'static str) -> Response<Body> {
    let mut response = Refusal::wrong_method(method, path, allowed).into_response();
    response
        .headers_mut()
        .insert(ALLOW, HeaderValue::from_static(allowed));
    response
}

/// A whole JSON answer.
fn json(status: StatusCode, body: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(Body::whole(body.into()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
