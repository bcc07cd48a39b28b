//! Settings that are left out when a configuration is written because they have their defaults: who asks what a client
//! does wants to see them too.

use serde_json::{Map, Value};

/// The `written` block of this `schema`, with every setting that it leaves out: at its default, or `null` where nothing is
/// done unless it is set.
pub(super) fn filled(written: &Value, schema: &Value) -> Value {
    let definitions = schema.get("$defs").unwrap_or(&Value::Null);
    fill(written, schema, definitions)
}

/// The types of a configuration do not contain themselves, so this ends.
fn fill(written: &Value, schema: &Value, definitions: &Value) -> Value {
    let properties = properties(schema, definitions);
    let (Some(written), Some(properties)) = (written.as_object(), properties) else {
        return written.clone();
    };
    let filled = properties.iter().map(|(key, schema)| {
        let default = schema.get("default").unwrap_or(&Value::Null);
        let value = written.get(key).unwrap_or(default);
        (key.clone(), fill(value, schema, definitions))
    });
    Value::Object(filled.collect())
}

/// The settings of a block, whether it is described here, elsewhere, or may be left out.
fn properties<'a>(schema: &'a Value, definitions: &'a Value) -> Option<&'a Map<String, Value>> {
    let reference = |schema: &'a Value| schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/");
    let choices = schema.get("anyOf").and_then(Value::as_array);
    let named = reference(schema).or_else(|| choices?.iter().find_map(reference));
    let described = named.and_then(|name| definitions.get(name));
    described.unwrap_or(schema).get("properties")?.as_object()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ClientConfig;

    fn schema() -> Value {
        schemars::schema_for!(ClientConfig).to_value()
    }

    fn written(config: &ClientConfig) -> Value {
        serde_json::to_value(config).unwrap()
    }

    /// The block without what is null in it.
    fn without_null(value: Value) -> Value {
        let Value::Object(block) = value else {
            return value;
        };
        let set = block.into_iter().filter(|(_, value)| !value.is_null());
        set.map(|(key, value)| (key, without_null(value))).collect()
    }

    #[test]
    fn the_schema_says_the_default_of_each_setting() {
        let default = ClientConfig::default();
        let filled = filled(&written(&default), &schema());

        let read: ClientConfig = serde_json::from_value(without_null(filled.clone())).unwrap();

        assert_eq!(read, default);
        for setting in [
            "/model_list_ttl",
            "/http_version",
            "/tls/roots",
            "/retry/repeats",
        ] {
            assert!(
                filled
                    .pointer(setting)
                    .is_some_and(|value| !value.is_null()),
                "{setting} in {filled}"
            );
        }
    }

    #[test]
    fn a_setting_that_is_null_when_left_out_may_be_left_out() {
        fn check(path: &str, filled: &Value, schema: &Value, definitions: &Value) {
            for (key, schema) in properties(schema, definitions).into_iter().flatten() {
                let path = format!("{path}.{key}");
                // What is left out has nothing inside.
                let Some(value) = filled.get(key) else {
                    continue;
                };
                let text = schema.to_string();
                assert!(
                    !value.is_null() || text.contains("\"null\""),
                    "{path} has a default that its schema does not say: add #[schemars(extend(\"default\" = ..))]"
                );
                check(&path, value, schema, definitions);
            }
        }
        let schema = schema();
        let filled = filled(&written(&ClientConfig::default()), &schema);
        let definitions = schema.get("$defs").unwrap();

        check("client", &filled, &schema, definitions);
    }
}
