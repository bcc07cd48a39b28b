//! Where each of the client's settings came from: default, file, environment, `--set` or sweep.

mod left_out;

use super::explain::flow;
use super::sweep::Axis;
use crate::client::{ClientConfig, ClientFile};
use crate::scenario::{Document, Origin, Path};
use serde::Serialize;
use serde_json::Value;

/// One setting, its value as a file would write it, and who set it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its path, such as `client.retry.attempts`.
    pub path: String,
    /// Its value, or all its values if it is swept: `rest, grpc`.
    pub value: String,
    /// Who set it.
    pub origin: Origin,
}

/// Every setting of the client, in `document` as it is in the first stage.
pub(super) fn client(document: &Document, client: &ClientConfig, axes: &[Axis]) -> Vec<Setting> {
    configuration(document, &Path::root().key("client"), client, axes)
}

/// Every setting of a client's file and of its endpoints.
pub(super) fn client_file(document: &Document, file: &ClientFile) -> Vec<Setting> {
    let endpoints = Path::root().key("endpoints");
    let mut settings = configuration(document, &Path::root(), &file.config, &[]);
    for (index, endpoint) in file.endpoints.iter().enumerate() {
        let place = endpoints.index(index);
        settings.extend(all(document, &place, &written(endpoint), &[]));
    }
    settings
}

/// Every setting of a configuration that stands at `path`, those with their defaults included.
fn configuration(
    document: &Document,
    path: &Path,
    config: &ClientConfig,
    axes: &[Axis],
) -> Vec<Setting> {
    let schema = schemars::schema_for!(ClientConfig).to_value();
    let tree = left_out::filled(&written(config), &schema);
    all(document, path, &tree, axes)
}

fn written(block: &impl Serialize) -> Value {
    serde_json::to_value(block)
        .unwrap_or_else(|_| unreachable!("settings hold text keys and finite numbers"))
}

/// Every setting in the block `tree`, which stands at `path`.
fn all(document: &Document, path: &Path, tree: &Value, axes: &[Axis]) -> Vec<Setting> {
    let mut leaves = Vec::new();
    collect(path, tree, &mut leaves);
    leaves
        .into_iter()
        .map(|(path, value)| setting(document, axes, &path, value))
        .collect()
}

fn collect<'a>(path: &Path, value: &'a Value, leaves: &mut Vec<(Path, &'a Value)>) {
    match value.as_object() {
        Some(block) => block
            .iter()
            .for_each(|(key, value)| collect(&path.key(key), value, leaves)),
        None => leaves.push((path.clone(), value)),
    }
}

fn setting(document: &Document, axes: &[Axis], path: &Path, value: &Value) -> Setting {
    Setting {
        path: path.to_string(),
        value: match axes.iter().find(|axis| axis.path == *path) {
            Some(swept) => swept.values.iter().map(flow).collect::<Vec<_>>().join(", "),
            None if value.is_null() => "none".to_owned(),
            None => flow(value),
        },
        origin: document.origin(path),
    }
}
