//! The models and their states: `{"models":[{"name":"tiny","state":"loaded","reason":null}]}`.

use super::json;
use super::refusal::Refusal;
use crate::backend::Backend;
use crate::repository::{Error, State as Life};
use axum::extract::{Path, State};
use axum::response::Response;
use http::StatusCode;
use serde::Serialize;
use std::sync::Arc;

#[derive(Serialize)]
struct List<'a> {
    models: Vec<Model<'a>>,
}

#[derive(Serialize)]
struct Model<'a> {
    name: &'a str,
    state: &'static str,
    /// Why its last load failed.
    reason: Option<String>,
}

impl<'a> Model<'a> {
    fn new((name, life): (&'a str, Life)) -> Self {
        let state = match life {
            Life::Unloaded => "unloaded",
            Life::Loading => "loading",
            Life::Loaded => "loaded",
            Life::Unloading => "unloading",
            Life::Failed(_) => "failed",
        };
        let reason = match life {
            Life::Failed(reason) => Some(reason.to_string()),
            Life::Unloaded | Life::Loading | Life::Loaded | Life::Unloading => None,
        };
        Self {
            name,
            state,
            reason,
        }
    }
}

/// All models, in the order of the specification.
pub(super) async fn list(State(backend): State<Arc<Backend>>) -> Response {
    json(&List {
        models: backend.repository.index().map(Model::new).collect(),
    })
}

/// Loads or unloads a model and answers with it: a load once it is ready or has failed, an unload at once. A name may
/// have slashes in it: the verb is what follows the last.
pub(super) async fn change(
    State(backend): State<Arc<Backend>>,
    Path(model_and_verb): Path<String>,
) -> Result<Response, Refusal> {
    let repository = &backend.repository;
    let name = match model_and_verb.rsplit_once('/') {
        Some((name, "load")) => {
            repository.load(name).await?;
            name
        }
        Some((name, "unload")) => {
            repository.unload(name)?;
            name
        }
        Some(_) | None => {
            let message =
                "expected /admin/models/NAME/load or /admin/models/NAME/unload".to_owned();
            return Err(Refusal::new(StatusCode::NOT_FOUND, message));
        }
    };
    let mut index = repository.index();
    let found = index.find(|(listed, _)| *listed == name);
    let found = found.ok_or_else(|| Error::Unknown(name.to_owned()))?;
    Ok(json(&Model::new(found)))
}
