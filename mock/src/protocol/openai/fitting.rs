//! JSON that fits a JSON Schema, for tool calls and structured output: `{"city":"alpha","days":1}` for an object with a
//! string and an integer. Types, properties, items, `enum`, `const`, `minimum`, `anyOf`, `oneOf`, the first of `allOf` and
//! references within the schema are heeded, as the SDKs write them; lengths, patterns and formats are not.

use crate::words;
use serde_json::{Map, Value};

/// Values deeper than this are null, so that a schema that refers to itself comes to an end.
const DEEPEST: u32 = 16;

/// Nothing is added to a value of about so many bytes, so that a schema that doubles itself at every depth does so too.
const LARGEST: usize = 64 * 1024;

/// What a value is taken to cost besides its texts, in bytes.
const VALUE: usize = 8;

/// A value that fits `schema`; the same each time.
pub(super) fn fitting(schema: &Value) -> Value {
    let mut author = Author {
        root: schema,
        bytes: 0,
        strings: 0,
    };
    author.value(schema, 0)
}

struct Author<'a> {
    root: &'a Value,
    /// About how many bytes were written.
    bytes: usize,
    /// How many strings: each gets a word of its own.
    strings: u32,
}

impl Author<'_> {
    fn value(&mut self, schema: &Value, depth: u32) -> Value {
        self.bytes += VALUE;
        if depth > DEEPEST || self.is_full() {
            return Value::Null;
        }
        if let Some(fixed) = fixed(schema) {
            self.bytes += fixed.to_string().len();
            return fixed.clone();
        }
        if let Some(other) = self.other(schema) {
            return self.value(other, depth + 1);
        }
        match kind(schema) {
            "object" => self.object(schema, depth),
            "array" => self.array(schema, depth),
            "string" => self.string(),
            "integer" | "number" => schema.get("minimum").cloned().unwrap_or(1.into()),
            "boolean" => true.into(),
            _ => Value::Null,
        }
    }

    fn is_full(&self) -> bool {
        self.bytes > LARGEST
    }

    fn object(&mut self, schema: &Value, depth: u32) -> Value {
        let properties = schema.get("properties").and_then(Value::as_object);
        let mut object = Map::new();
        for (name, schema) in properties.into_iter().flatten() {
            if self.is_full() {
                break;
            }
            self.bytes += name.len();
            object.insert(name.clone(), self.value(schema, depth + 1));
        }
        object.into()
    }

    fn array(&mut self, schema: &Value, depth: u32) -> Value {
        let least = schema.get("minItems").and_then(Value::as_u64);
        let most = schema.get("maxItems").and_then(Value::as_u64);
        let items = least.unwrap_or(1).max(1).min(most.unwrap_or(u64::MAX));
        let mut array = Vec::new();
        if let Some(item) = schema.get("items") {
            for _ in 0..items {
                if self.is_full() {
                    break;
                }
                array.push(self.value(item, depth + 1));
            }
        }
        array.into()
    }

    fn string(&mut self) -> Value {
        let word = words::word(self.strings).trim_start();
        self.strings += 1;
        word.into()
    }
}

impl<'a> Author<'a> {
    /// The schema that stands in for one, if one does.
    fn other<'s>(&self, schema: &'s Value) -> Option<&'s Value>
    where
        'a: 's,
    {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            return self.root.pointer(reference.strip_prefix('#')?);
        }
        ["anyOf", "oneOf", "allOf"]
            .iter()
            .find_map(|name| schema.get(name)?.get(0))
    }
}

/// The value that a schema prescribes, or the first of those.
fn fixed(schema: &Value) -> Option<&Value> {
    let constant = schema.get("const");
    constant.or_else(|| schema.get("enum").and_then(|values| values.get(0)))
}

/// The type of a schema, or the first of several; an object where none is told.
fn kind(schema: &Value) -> &str {
    let kind = schema.get("type");
    let first = kind.map(|kind| kind.get(0).unwrap_or(kind));
    first.map_or("object", |kind| kind.as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_have_the_types_that_their_schema_names() {
        let schema = json!({"type": "object", "properties": {
            "city": {"type": "string"}, "unit": {"enum": ["C", "F"]}, "days": {"type": "integer", "minimum": 3},
            "near": {"type": ["number", "null"]}, "alerts": {"type": "boolean"},
            "tags": {"type": "array", "items": {"type": "string"}, "minItems": 2}, "nothing": {"type": "null"},
            "any": {"anyOf": [{"const": 7}, {"type": "null"}]}, "point": {"$ref": "#/$defs/Point"},
        }, "$defs": {"Point": {"properties": {"x": {"type": "number"}}}}});

        assert_eq!(
            fitting(&schema).to_string(),
            r#"{"city":"alpha","unit":"C","days":3,"near":1,"alerts":true,"tags":["bravo","charlie"],"nothing":null,"any":7,"point":{"x":1}}"#
        );
    }

    #[test]
    fn schemas_without_end_and_without_sense_come_to_an_end() {
        let doubling = json!({"properties": {"a": {"$ref": "#"}, "b": {"$ref": "#"}}});
        let wide = json!({"type": "array", "minItems": u64::MAX, "items": {"type": "boolean"}});

        assert!(fitting(&doubling).to_string().len() < 100_000);
        assert_eq!(fitting(&wide).as_array().unwrap().len(), 8192);
        for senseless in [
            json!(null),
            json!([]),
            json!({"$ref": 5}),
            json!({"$ref": "a"}),
        ] {
            assert_eq!(fitting(&senseless), json!({}), "{senseless}");
        }
    }
}
