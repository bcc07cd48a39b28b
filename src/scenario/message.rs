//! The deserializer's messages in the reader's words, with a suggestion where a name was misspelt.

use super::document::Contents;
use super::setting;
use serde_json::Value;

/// A message, retold.
#[derive(Debug, PartialEq)]
pub(super) struct Told {
    /// What was expected and what was found.
    pub(super) text: String,
    /// What to do.
    pub(super) hint: Option<String>,
    /// The name that is not known.
    pub(super) culprit: Option<String>,
    /// Is the error about the name of a setting, not about its value?
    pub(super) is_about_a_key: bool,
    /// Do two settings exclude each other?
    pub(super) is_a_conflict: bool,
}

/// How far from a known name a misspelt one may be to be recognised, from 0 (anything) to 1 (the same).
const SIMILAR: f64 = 0.75;

/// Retells `message`, which is about `value` in a file of these contents.
pub(super) fn explain(message: &str, value: Option<&Value>, contents: Contents) -> Told {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let unknown_field = message.starts_with("unknown field");
    if unknown_field || message.starts_with("unknown variant") {
        return Told {
            text: message.replacen("unknown variant", "unknown choice", 1),
            hint: quoted.split_first().and_then(|(name, known)| {
                suggestion(name, known).or_else(|| elsewhere(name, contents))
            }),
            culprit: quoted.first().map(|name| (*name).to_owned()),
            is_about_a_key: unknown_field,
            is_a_conflict: false,
        };
    }
    let text = plain(message, value);
    let is_missing = ["neither", "none"].iter().any(|word| text.ends_with(word));
    let is_a_conflict = text.starts_with("expected exactly one") && !is_missing;
    Told {
        text,
        hint: is_a_conflict.then(|| "keep one of them".to_owned()),
        culprit: None,
        is_about_a_key: false,
        is_a_conflict,
    }
}

/// Retells `message`, which is about a secret or what stands beside one, without anything that was found. `is_key` if it is
/// about the key of an endpoint.
pub(super) fn conceal(message: &str, is_key: bool) -> Told {
    let expected = message.split_once(", expected ");
    let text = match expected {
        Some((_, expected)) => format!("expected {}, found something else", wanted(expected)),
        None => "expected something else".to_owned(),
    };
    Told {
        text,
        hint: is_key.then(|| {
            "name the place of the key: `api_key: { env: NAME }` or `api_key: { file: PATH }`"
                .to_owned()
        }),
        culprit: None,
        is_about_a_key: false,
        is_a_conflict: false,
    }
}

/// `did you mean ...`, if one of `known` is like `name`.
pub(super) fn suggestion(name: &str, known: &[&str]) -> Option<String> {
    known
        .iter()
        .map(|candidate| (strsim::jaro_winkler(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= SIMILAR)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| format!("did you mean `{candidate}`?"))
}

/// Where a setting belongs that stands in the wrong block.
fn elsewhere(name: &str, contents: Contents) -> Option<String> {
    let blocks = setting::blocks_with(name, contents.place_in_a_scenario());
    if blocks.is_empty() && contents == Contents::Client {
        return setting::is_at_root(name).then(|| {
            format!("`{name}` belongs in a scenario, and this was read as the file of a client")
        });
    }
    let blocks: Vec<String> = blocks.iter().map(|block| format!("`{block}`")).collect();
    match blocks.as_slice() {
        [] => None,
        [root] if root == "``" => Some(format!("`{name}` belongs at the top of the file")),
        some => Some(format!("`{name}` belongs in {}", some.join(" or "))),
    }
}

/// Turns `invalid type: integer `10`, expected struct Phases` into `expected a block of settings, found the number 10`.
fn plain(message: &str, value: Option<&Value>) -> String {
    if message.starts_with("invalid length ") && value.is_some_and(Value::is_object) {
        return one_choice(value);
    }
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .or_else(|| message.strip_prefix("invalid value: "))
        .and_then(|both| both.split_once(", expected "))
    else {
        return message.to_owned();
    };
    if expected == "map with a single key" {
        return one_choice(value);
    }
    format!(
        "expected {}, found {}",
        wanted(expected),
        given(found, value)
    )
}

fn wanted(expected: &str) -> String {
    match expected {
        "u32" | "u64" | "usize" => "a whole number".to_owned(),
        "u16" => "a whole number up to 65535".to_owned(),
        "f64" => "a number".to_owned(),
        "a string" => "a text".to_owned(),
        "a boolean" => "`true` or `false`".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a block of settings".to_owned(),
        "string or map" => "a name or a block of settings".to_owned(),
        "unit variant" => "the name alone".to_owned(),
        "newtype variant" => "settings behind this name".to_owned(),
        other if other.starts_with("struct ") || other.starts_with("enum ") => {
            "a block of settings".to_owned()
        }
        other => other.to_owned(),
    }
}

fn given(found: &str, value: Option<&Value>) -> String {
    match value {
        Some(Value::Null) => "nothing".to_owned(),
        Some(Value::Bool(value)) => format!("`{value}`"),
        Some(Value::Number(number)) => format!("the number `{number}`"),
        Some(Value::String(text)) => format!("the text `{text}`"),
        Some(Value::Array(_)) => "a list".to_owned(),
        Some(Value::Object(_)) => "a block of settings".to_owned(),
        None if found == "unit variant" => "the name alone".to_owned(),
        None => found.to_owned(),
    }
}

/// A block that should hold one choice holds none or several.
fn one_choice(value: Option<&Value>) -> String {
    let keys: Vec<String> = value
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(key, _)| format!("`{key}`"))
        .collect();
    match keys.as_slice() {
        [] => "expected exactly one choice, found an empty block".to_owned(),
        several => format!(
            "expected exactly one choice, found {}",
            several.join(" and ")
        ),
    }
}
