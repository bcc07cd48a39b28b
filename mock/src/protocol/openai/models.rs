//! The models that are loaded: `{"object":"list","data":[{"id":"tiny",...}]}`.

use super::form::CREATED;
use super::json;
use super::refusal::Refusal;
use crate::backend::Backend;
use crate::protocol::rest::percent_decode;
use crate::repository::Error;
use axum::extract::State;
use axum::response::Response;
use http::{StatusCode, Uri};
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct List<'a> {
    object: &'static str,
    data: Vec<Model<'a>>,
}

#[derive(Serialize)]
struct Model<'a> {
    id: &'a str,
    object: &'static str,
    created: u64,
    owned_by: &'static str,
}

impl<'a> Model<'a> {
    fn new(id: &'a str) -> Self {
        Self {
            id,
            object: "model",
            created: CREATED,
            owned_by: "inferometer",
        }
    }
}

/// All models that can answer now.
pub(super) async fn list(State(backend): State<Arc<Backend>>) -> Response {
    let list = List {
        object: "list",
        data: backend.repository.ready().map(Model::new).collect(),
    };
    ok(&list)
}

/// One model, named by the rest of the path; one that is not loaded is not there.
pub(super) async fn one(
    State(backend): State<Arc<Backend>>,
    url: Uri,
) -> Result<Response, Refusal> {
    let encoded = url.path().strip_prefix("/v1/models/");
    let name = encoded.and_then(percent_decode).ok_or_else(|| {
        Refusal::bad_request(
            "The model in the path is not valid percent-encoded UTF-8.",
            Some("model"),
        )
    })?;
    if !backend.repository.ready().any(|ready| ready == name) {
        return Err(Error::Unknown(name).into());
    }
    Ok(ok(&Model::new(&name)))
}

fn ok(body: &impl Serialize) -> Response {
    json(StatusCode::OK, serde_json::to_vec(body).unwrap_or_default())
}
