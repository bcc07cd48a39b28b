//! What a mock's file described, in its own words, a line for each part: `latency   { lognormal: { median: 20ms, sigma:
//! 0.4 } }`. Keys and tokens are counted, not shown.

use super::quote;
use crate::plan::flow;
use inferometer_mock::{MockSpec, ModelSpec};
use serde::Serialize;
use serde_json::Value;
use std::fmt::Write as _;

/// The longest line, in characters.
const WIDEST: usize = super::examples::WIDEST;

/// More models, or more faults, than this are counted.
const MOST: usize = 10;

/// All that is not as it would be without a file.
pub(super) fn text(spec: &MockSpec) -> String {
    let mut lines = models(spec);
    if let (Value::Object(fields), Value::Object(usual)) =
        (spec.shown(), MockSpec::default().shown())
    {
        for (name, value) in &fields {
            match name.as_str() {
                // The models stand above.
                "models" => {}
                "api_keys" => lines.push(line(name, &keys(spec.api_keys.len()))),
                "faults" => lines.extend(list(
                    name,
                    value.as_array().into_iter().flatten().map(inside).collect(),
                )),
                _ if usual.get(name) != Some(value) && !value.is_null() => {
                    lines.push(line(name, &flow(value)));
                }
                _ => {}
            }
        }
    }
    lines.join("\n")
}

fn keys(count: usize) -> String {
    match count {
        1 => "1, which every client has to send".to_owned(),
        count => format!("{count}, of which every client has to send one"),
    }
}

fn models(spec: &MockSpec) -> Vec<String> {
    let usual = [ModelSpec::named("tiny")];
    let models = match spec.models.as_slice() {
        [] => &usual,
        some => some,
    };
    list("models", models.iter().map(model).collect())
}

/// `large: not loaded, load_time: 2s`.
fn model(model: &ModelSpec) -> String {
    let mut told = format!(
        "{}: {}",
        model.name,
        if model.loaded { "loaded" } else { "not loaded" }
    );
    let (fields, usual) = (value_of(model), value_of(&ModelSpec::named(&model.name)));
    for (name, value) in fields.as_object().into_iter().flatten() {
        if name != "loaded" && usual.get(name) != Some(value) {
            // Writing to a string never fails.
            let _ = write!(told, ", {name}: {}", flow(value));
        }
    }
    told
}

/// A value of the specification, which is made of text and numbers that JSON can always say.
fn value_of(part: &impl Serialize) -> Value {
    serde_json::to_value(part).unwrap_or_default()
}

/// A block without its outer braces.
fn inside(value: &Value) -> String {
    let text = flow(value);
    let inside = text
        .strip_prefix("{ ")
        .and_then(|text| text.strip_suffix(" }"));
    inside.map(str::to_owned).unwrap_or(text)
}

/// A line for each, the title before the first of them, and a count of those that are too many.
fn list(title: &str, items: Vec<String>) -> Vec<String> {
    let more = items.len().saturating_sub(MOST);
    let mut lines: Vec<String> = items
        .into_iter()
        .take(MOST)
        .zip(std::iter::once(title).chain(std::iter::repeat("")))
        .map(|(item, title)| line(title, &item))
        .collect();
    if more > 0 {
        lines.push(line("", &format!("and {more} more")));
    }
    lines
}

fn line(title: &str, text: &str) -> String {
    let line = format!("  {title:<16}  {}", quote::visible(text));
    if line.chars().count() <= WIDEST {
        return line.trim_end().to_owned();
    }
    let kept: String = line.chars().take(WIDEST - 3).collect();
    format!("{kept}...")
}
