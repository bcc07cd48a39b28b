//! What a request says of tools and of structured output, and the JSON that answers it. The first look at a request
//! passes their schemas over; only an answer that needs one looks again.

use super::{parse, refuse};
use crate::protocol::openai::choice::Instead;
use crate::protocol::openai::fitting::fitting;
use crate::protocol::openai::fragments::Fragments;
use crate::protocol::openai::refusal::Refusal;
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use serde_json::{Value, json};
use std::fmt;
use std::sync::Arc;

/// `{"type":"function","function":{"name":"f","parameters":{...}}}`
#[derive(Debug, Deserialize)]
pub(super) struct Tool {
    function: Option<Function>,
}

#[derive(Debug, Deserialize)]
struct Function {
    name: String,
}

/// Which tool is to be called.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ToolChoice {
    /// `"none"` and `"auto"`: this backend never calls a tool of its own accord.
    Free,
    /// `"required"`
    Any,
    /// `{"type":"function","function":{"name":"f"}}`
    Named(String),
}

impl<'de> Deserialize<'de> for ToolChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ToolChoiceVisitor)
    }
}

struct ToolChoiceVisitor;

impl<'de> Visitor<'de> for ToolChoiceVisitor {
    type Value = ToolChoice;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`none`, `auto`, `required` or a function")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<ToolChoice, E> {
        match text {
            "none" | "auto" => Ok(ToolChoice::Free),
            "required" => Ok(ToolChoice::Any),
            _ => Err(E::unknown_variant(text, &["none", "auto", "required"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, fields: A) -> Result<ToolChoice, A::Error> {
        #[derive(Deserialize)]
        struct Named {
            function: Function,
        }
        let named = Named::deserialize(MapAccessDeserializer::new(fields))?;
        Ok(ToolChoice::Named(named.function.name))
    }
}

/// `{"type":"json_schema","json_schema":{"name":"point","schema":{...}}}`
#[derive(Debug, Deserialize)]
pub(super) struct ResponseFormat {
    r#type: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Format {
    Text,
    JsonObject,
    JsonSchema,
}

/// The call that a request wants.
pub(super) fn call(
    body: &[u8],
    tools: Option<&[Tool]>,
    wanted: Option<&ToolChoice>,
) -> Result<Option<Instead>, Refusal> {
    let mut functions = tools
        .unwrap_or_default()
        .iter()
        .enumerate()
        .filter_map(|(place, tool)| Some((place, &tool.function.as_ref()?.name)));
    let found = match wanted {
        None | Some(ToolChoice::Free) => return Ok(None),
        Some(ToolChoice::Any) => functions.next().ok_or_else(|| {
            let message = "`tool_choice` needs a function in `tools`.";
            refuse("tool_choice", message)
        })?,
        Some(ToolChoice::Named(wanted)) => {
            functions.find(|(_, name)| *name == wanted).ok_or_else(|| {
                let message = format!("There is no function `{wanted}` in `tools`.");
                refuse("tool_choice", message)
            })?
        }
    };
    let (place, name) = found;
    let body: Value = parse(body)?;
    let schema = body.pointer(&format!("/tools/{place}/function/parameters"));
    Ok(Some(Instead::Call {
        function: name.as_str().into(),
        arguments: written(schema.unwrap_or(&json!({}))),
    }))
}

/// The JSON that a request wants instead of words.
pub(super) fn structured(
    body: &[u8],
    format: Option<&ResponseFormat>,
) -> Result<Option<Instead>, Refusal> {
    let text = match format.map(|format| format.r#type) {
        None | Some(Format::Text) => return Ok(None),
        Some(Format::JsonObject) => written(&json!({"properties": {"answer": {"type": "string"}}})),
        Some(Format::JsonSchema) => {
            let body: Value = parse(body)?;
            let schema = body.pointer("/response_format/json_schema/schema");
            written(schema.ok_or_else(|| super::missing("response_format.json_schema.schema"))?)
        }
    };
    Ok(Some(Instead::Json(text)))
}

fn written(schema: &Value) -> Arc<Fragments> {
    Arc::new(Fragments::new(fitting(schema).to_string()))
}
