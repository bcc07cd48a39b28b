//! The models that are loaded: `{"object":"list","data":[{"id":"tiny",...}]}`.

use super::form::CREATED;
use super::json;
use super::refusal::Refusal;
use crate::backend::Backend;
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
    let name = encoded.and_then(decode).ok_or_else(|| {
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

/// Undoes the percent-encoding of a path.
fn decode(encoded: &str) -> Option<String> {
    let mut pieces = encoded.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_nonsense_refused() {
        assert_eq!(decode("org/tiny").as_deref(), Some("org/tiny"));
        assert_eq!(decode("org%2Ftiny%20%C3%A9").as_deref(), Some("org/tiny é"));
        for nonsense in ["%", "%2", "%zz", "%ff", "%é"] {
            assert_eq!(decode(nonsense), None, "{nonsense}");
        }
    }
}
