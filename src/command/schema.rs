//! `inferometer schema`: the JSON Schemas of the file formats, for completion and checking in an editor.

use super::Console;
use crate::cli::{self, FileFormat};
use crate::client::ClientFile;
use crate::exit::Exit;
use crate::report;
use crate::scenario::Scenario;
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// What a value looks like that comes from the environment.
const VARIABLE: &str = r"^\$\{.+\}$";

/// Prints the schema asked for.
pub(super) fn schema(arguments: &cli::Schema, console: &Console) -> Exit {
    console.say(&match arguments.format {
        FileFormat::Scenario => text(&scenario()),
        FileFormat::Client => text(&client()),
        FileFormat::Comparison => {
            serde_json::to_string_pretty(&report::comparison::comparison_schema())
                .unwrap_or_else(|_| unreachable!("a schema is JSON"))
        }
        FileFormat::Report => serde_json::to_string_pretty(&report::schema())
            .unwrap_or_else(|_| unreachable!("a schema is JSON")),
    });
    Exit::Passed
}

/// The schema of scenarios.
pub fn scenario() -> Value {
    document::<Scenario>("urn:inferometer:schema:scenario:v1")
}

/// The schema of a client's file.
pub fn client() -> Value {
    document::<ClientFile>("urn:inferometer:schema:client:v1")
}

/// The schema as a document, in JSON Schema draft 7, which every YAML editor understands; tools know it by `id`.
fn document<T: JsonSchema>(id: &str) -> Value {
    let schema = SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<T>()
        .to_value();
    let Value::Object(mut root) = plain(schema) else {
        unreachable!("the schema of a struct is a block");
    };
    let head = root
        .remove("$schema")
        .map(|draft| ("$schema".to_owned(), draft));
    let id = ("$id".to_owned(), Value::String(id.to_owned()));
    head.into_iter()
        .chain([id])
        .chain(root)
        .collect::<Map<_, _>>()
        .into()
}

/// A schema as text, indented, with a line break at the end: what stands in a file of `reports/schema/`.
pub fn text(schema: &Value) -> String {
    format!("{schema:#}\n")
}

/// The schema without what only its generator needs: a setting that can be left out is not therefore allowed to be
/// null, and a description is one paragraph. Single values may also be a variable.
fn plain(schema: Value) -> Value {
    match schema {
        Value::Object(block) => {
            let block = block
                .into_iter()
                .filter(|(key, value)| !(key == "default" && value.is_null()));
            let block = block.map(|(key, value)| match (key.as_str(), value) {
                ("description", Value::String(text)) => (key, text.replace('\n', " ").into()),
                ("default", value) => (key, given(value)),
                (_, value) => (key, plain(value)),
            });
            or_variable(without_null(block.collect())).into()
        }
        Value::Array(list) => list.into_iter().map(plain).collect(),
        single @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => single,
    }
}

/// A default without the settings that are left out in it.
fn given(value: Value) -> Value {
    match value {
        Value::Object(block) => {
            let given = block.into_iter().filter(|(_, value)| !value.is_null());
            given
                .map(|(key, value)| (key, self::given(value)))
                .collect::<Map<_, _>>()
                .into()
        }
        single @ (Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_)
        | Value::Array(_)) => single,
    }
}

/// `X or null` becomes `X`.
fn without_null(mut block: Map<String, Value>) -> Map<String, Value> {
    if let Some([kind, Value::String(null)]) = block
        .get("type")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && null == "null"
    {
        let kind = kind.clone();
        block.insert("type".to_owned(), kind);
    }
    if let Some([kind, null]) = block
        .get("anyOf")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        && *null == json!({ "type": "null" })
    {
        let kind = kind.clone();
        block.remove("anyOf");
        block.insert("allOf".to_owned(), json!([kind]));
    }
    block
}

/// Whatever is a number, a switch, a choice or a quantity may also be written `${NAME}` or `${NAME:-default}`.
fn or_variable(mut block: Map<String, Value>) -> Map<String, Value> {
    let kind = block.get("type").and_then(Value::as_str).map(str::to_owned);
    match kind.as_deref() {
        Some(single @ ("integer" | "number" | "boolean")) => {
            block.insert("type".to_owned(), json!([single, "string"]));
            block.insert("pattern".to_owned(), VARIABLE.into());
        }
        Some("string") => {
            if let Some(Value::String(pattern)) = block.get_mut("pattern") {
                *pattern = format!("({pattern})|({VARIABLE})");
            }
        }
        Some(_) | None => {
            if let Some(Value::Array(choices)) = block.get_mut("oneOf")
                && choices.iter().all(|choice| choice.get("const").is_some())
            {
                choices.push(json!({ "type": "string", "pattern": VARIABLE, "description": "From the environment." }));
            }
        }
    }
    block
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_left_out_may_not_be_null() {
        for schema in [scenario(), client()] {
            let text = text(&schema);

            assert!(!text.contains("null"), "{text}");
        }
    }

    #[test]
    fn every_setting_is_described() {
        fn undescribed(path: &str, schema: &Value, found: &mut Vec<String>) {
            for (key, property) in schema
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten()
            {
                if property.get("description").is_none() && property.get("$ref").is_none() {
                    found.push(format!("{path}.{key}"));
                }
            }
            for part in schema
                .get("oneOf")
                .and_then(Value::as_array)
                .into_iter()
                .flatten()
            {
                undescribed(path, part, found);
            }
        }
        let mut found = Vec::new();

        for (file, schema) in [("scenario", scenario()), ("client", client())] {
            undescribed(file, &schema, &mut found);
            for (name, definition) in schema["definitions"].as_object().unwrap() {
                undescribed(name, definition, &mut found);
            }
        }

        assert_eq!(found, [""; 0]);
    }
}
