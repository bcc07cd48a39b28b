//! The specification as it is at present, and changes of it: `PATCH /admin/behaviour` with
//! `{"latency":{"fixed":"50ms"},"faults":null}` replaces the latency and takes the faults back to none.

use super::json;
use super::refusal::Refusal;
use crate::backend::Backend;
use crate::protocol::collect;
use crate::spec::MockSpec;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use inferometer_proto::named::{self, Named};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// What can be changed while the mock runs: all that is decided anew for every request.
const CHANGEABLE: &[&str] = &[
    "seed",
    "latency",
    "per_prompt_token",
    "per_output_token",
    "jitter",
    "tokens_per_chunk",
    "coalesce",
    "faults",
];

/// The specification as it is at present.
pub(super) async fn spec(State(backend): State<Arc<Backend>>) -> Response {
    json(&present(&backend))
}

/// Replaces the fields that are named, each as a whole; null stands for a field's default.
pub(super) async fn behaviour(
    State(backend): State<Arc<Backend>>,
    body: Body,
) -> Result<Response, Refusal> {
    let named: Map<String, Value> = read(&backend, body).await?;
    change(&backend, named)
}

/// Replaces the faults.
pub(super) async fn faults(
    State(backend): State<Arc<Backend>>,
    body: Body,
) -> Result<Response, Refusal> {
    let faults: Vec<Value> = read(&backend, body).await?;
    let named = [("faults".to_owned(), Value::Array(faults))];
    change(&backend, named.into_iter().collect())
}

async fn read<T: DeserializeOwned>(backend: &Backend, body: Body) -> Result<T, Refusal> {
    let bytes = collect(body, backend.body_read).await?;
    named::from_slice(&bytes)
        .map_err(|error| Refusal::bad_request(format!("could not read the body: {error}")))
}

fn change(backend: &Backend, named: Map<String, Value>) -> Result<Response, Refusal> {
    if let Some(field) = named
        .keys()
        .find(|name| !CHANGEABLE.contains(&name.as_str()))
    {
        let expected = CHANGEABLE.join("`, `");
        let message = format!("expected fields that can be changed, `{expected}`, found `{field}`");
        return Err(Refusal::bad_request(message).about(field));
    }
    for (name, value) in &named {
        if let Some(field) = file_within(value, name) {
            let message = format!(
                "expected `quantiles` or `samples`, found `{field}`: the admin API makes the mock read no file"
            );
            return Err(Refusal::bad_request(message).about(field));
        }
    }
    backend.change(|spec| {
        *spec = overlaid(spec, named)?;
        Ok::<_, Refusal>(())
    })?;
    Ok(json(&present(backend)))
}

/// Where in a value a file is named as a measured latency. Whoever may change the mock may not thereby read what stands on
/// its machine. How deep values are nested is bounded by their parser.
fn file_within(value: &Value, path: &str) -> Option<String> {
    match value {
        Value::Object(block) => block.iter().find_map(|(name, value)| {
            let path = format!("{path}.{name}");
            if name == FILE {
                return Some(path);
            }
            file_within(value, &path)
        }),
        Value::Array(list) => {
            let mut items = list.iter().enumerate();
            items.find_map(|(index, value)| file_within(value, &format!("{path}[{index}]")))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// The key behind which a latency names its file. No other field of what can be changed is called so.
const FILE: &str = "file";

/// The specification with some of its fields replaced.
fn overlaid(spec: &MockSpec, named: Map<String, Value>) -> Result<MockSpec, Refusal> {
    let mut whole = spec.fields();
    for (name, value) in named {
        if value.is_null() {
            whole.remove(&name);
        } else {
            whole.insert(name, value);
        }
    }
    serde_path_to_error::deserialize(Named(Value::Object(whole))).map_err(|error| {
        let field = error.path().to_string();
        let message = format!("{} in `{field}`", error.inner());
        Refusal::bad_request(message).about(field)
    })
}

fn present(backend: &Backend) -> Value {
    backend.behaviour().spec().shown()
}
