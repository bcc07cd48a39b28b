//! Every setting that a scenario can have, read off its schema, so that a setting in the wrong block can be told where it
//! belongs.

use super::Scenario;
use serde_json::{Map, Value};

/// More places than this help nobody.
const PLACES: usize = 3;

/// The blocks below `place` that have a setting called `name`, as they are seen from there, such as `load.closed` for
/// `in_flight` from the root; none if there are too many. `place` ends with a dot unless it is the root.
pub(super) fn blocks_with(name: &str, place: &str) -> Vec<String> {
    let schema = schemars::schema_for!(Scenario).to_value();
    let definitions = schema
        .get("$defs")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let mut found = Vec::new();
    search(&schema, name, "", &definitions, &mut found);
    found.dedup();
    let seen = found.into_iter().filter_map(|block| {
        let inside = format!("{block}.").strip_prefix(place)?.to_owned();
        Some(inside.trim_end_matches('.').to_owned())
    });
    let found: Vec<String> = seen.collect();
    if found.len() > PLACES {
        Vec::new()
    } else {
        found
    }
}

/// Does a scenario have a setting called `name` at its root?
pub(super) fn is_at_root(name: &str) -> bool {
    let schema = schemars::schema_for!(Scenario).to_value();
    let properties = schema.get("properties");
    properties.is_some_and(|properties| properties.get(name).is_some())
}

/// What stands in a script describes requests and answers; nobody who misspells a setting means it.
const SCRIPT: &str = "target.stubs";

/// Walks the schema of one block. The types of a scenario do not contain themselves, so this ends.
fn search(
    schema: &Value,
    name: &str,
    path: &str,
    definitions: &Map<String, Value>,
    found: &mut Vec<String>,
) {
    if path.starts_with(SCRIPT) {
        return;
    }
    let refers = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|to| definitions.get(to.strip_prefix("#/$defs/")?));
    if let Some(definition) = refers {
        search(definition, name, path, definitions, found);
    }
    for choice in ["oneOf", "anyOf", "allOf"]
        .iter()
        .filter_map(|list| schema.get(list)?.as_array())
        .flatten()
    {
        search(choice, name, path, definitions, found);
    }
    for (key, setting) in schema
        .get("properties")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if key == name {
            found.push(path.to_owned());
        }
        let inside = if path.is_empty() {
            key.clone()
        } else {
            format!("{path}.{key}")
        };
        search(setting, name, &inside, definitions, found);
    }
    if let Some(element) = schema.get("items") {
        search(element, name, &format!("{path}[..]"), definitions, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_in_the_blocks_that_have_it() {
        assert_eq!(blocks_with("in_flight", ""), ["load.closed"]);
        assert_eq!(
            blocks_with("rate", ""),
            ["load.open.constant", "load.open.poisson", "load.open.gamma"]
        );
        assert_eq!(
            blocks_with("http", ""),
            [
                "target.mock.capacity.when_full",
                "target.mock.faults[..].status",
                "target.mock.faults[..].error_event"
            ]
        );
        assert_eq!(blocks_with("measure", ""), ["phases"]);
        assert_eq!(blocks_with("nothing", ""), [""; 0]);
        assert_eq!(blocks_with("attempts", "client."), ["retry"]);
    }

    #[test]
    fn a_setting_of_the_whole_file_is_found_there() {
        assert_eq!(blocks_with("purpose", ""), [""]);
    }
}
