//! Variants: named sets of settings, one of which may be laid over the rest of the scenario. Two of them are what
//! `inferometer ab` compares.
//!
//! ```yaml
//! variants:
//!   pooled: { client.pool.max_connections: 50 }
//!   unpooled: { client.pool: off }
//! ```

use super::document::{Document, Origin, Part, Path};
use super::error::Error;
use serde_json::Value;

/// The parts of a scenario that a variant may change.
const CHANGED: [&str; 8] = [
    "adapter", "client", "load", "phases", "seed", "streams", "target", "workload",
];

fn block() -> Path {
    Path::root().key("variants")
}

/// The names of the document's variants, in the order of the file.
pub(crate) fn names(document: &Document) -> Vec<String> {
    match document.get(&block()) {
        Some(Value::Object(variants)) => variants.keys().cloned().collect(),
        Some(_) | None => Vec::new(),
    }
}

/// The document with its variant of this name laid over it.
///
/// # Errors
/// When there is no such variant, or it changes what no variant may.
pub(crate) fn laid(document: &Document, name: &str) -> Result<Document, Error> {
    let place = block().key(name);
    let settings = match document.get(&place) {
        Some(Value::Object(settings)) => settings.clone(),
        Some(_) => {
            let told = "expected a block of paths, each with a value";
            return Err(document
                .error(&place, Part::Value, told)
                .hint("for example `variants: { unpooled: { client.pool: off } }`"));
        }
        None => return Err(unknown(document, name)),
    };
    settings
        .into_iter()
        .try_fold(document.clone(), |document, (key, value)| {
            let path = Path::parse(&key);
            let at = place.key(&key);
            let may_change = CHANGED
                .iter()
                .any(|part| Path::root().key(part).contains(&path));
            if may_change {
                document.overridden(&path, value, Origin::Variant(at))
            } else {
                let parts = CHANGED.map(|part| format!("`{part}`")).join(", ");
                let told = format!("expected the path of a setting below {parts}");
                let error = document.error(&at, Part::Key, told);
                Err(error.hint("write it as it is nested, for example `client.pool`"))
            }
        })
}

fn unknown(document: &Document, name: &str) -> Error {
    let names = names(document);
    let hint = match nearest(&names, name) {
        Some(nearest) => format!("did you mean `{nearest}`?"),
        None if names.is_empty() => {
            "name it under `variants`, or give a setting as `path=value`".to_owned()
        }
        None => format!("there are {}", names.join(", ")),
    };
    let told = format!("expected the name of a variant, found `{name}`");
    document.error(&block(), Part::Key, told).hint(hint)
}

fn nearest<'a>(names: &'a [String], name: &str) -> Option<&'a String> {
    names
        .iter()
        .map(|known| (strsim::jaro_winkler(known, name), known))
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .filter(|(similarity, _)| *similarity > 0.8)
        .map(|(_, known)| known)
}
