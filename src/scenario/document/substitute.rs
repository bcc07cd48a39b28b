//! Variables in values: `${NAME}` is the environment variable `NAME`, `${NAME:-default}` falls back to `default`.
//! `$$` is a plain dollar sign.

use super::super::error::Error;
use super::parse_value;
use serde_json::Value;
use std::collections::BTreeMap;

/// Why a variable could not be filled in.
#[derive(Debug, PartialEq)]
pub(super) enum Missing {
    /// It is not set and has no default.
    Unset(String),
    /// A `${` without its `}`.
    Unclosed,
    /// What stands in its place cannot be read as a value.
    Unreadable { name: String, reason: String },
}

impl Missing {
    /// The error that tells about it, at the place that `error` already names.
    pub(super) fn report(self, error: Error) -> Error {
        match self {
            Self::Unset(name) => error
                .message(format!("the environment variable `{name}` is not set"))
                .hint(format!("set it, or give a default: `${{{name}:-value}}`")),
            Self::Unclosed => error
                .message("expected `}` after `${`")
                .hint("write `$$` for a plain dollar sign"),
            Self::Unreadable { name, reason } => error.message(format!(
                "the value of the variable `{name}` cannot be read: {reason}"
            )),
        }
    }
}

/// `text` with its variables filled in. If it is one variable and nothing else, its value is read as YAML, so that
/// `"${IN_FLIGHT:-10}"` is a number.
pub(super) fn variables(
    text: String,
    environment: &BTreeMap<String, String>,
) -> Result<Value, Missing> {
    if !text.contains('$') {
        return Ok(Value::String(text));
    }
    let mut filled = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once('$') {
        filled.push_str(before);
        if let Some(inside) = after.strip_prefix('{') {
            let (variable, behind) = inside.split_once('}').ok_or(Missing::Unclosed)?;
            let (name, value) = look_up(variable, environment)?;
            if before.is_empty() && filled.is_empty() && behind.is_empty() {
                return parse_value(&value).map_err(|reason| Missing::Unreadable { name, reason });
            }
            filled.push_str(&value);
            rest = behind;
        } else {
            filled.push('$');
            rest = after.strip_prefix('$').unwrap_or(after);
        }
    }
    filled.push_str(rest);
    Ok(Value::String(filled))
}

fn look_up(
    variable: &str,
    environment: &BTreeMap<String, String>,
) -> Result<(String, String), Missing> {
    let (name, default) = match variable.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (variable, None),
    };
    // As in a shell, `:-` also replaces a variable that is set to nothing.
    let set = environment
        .get(name)
        .map(String::as_str)
        .filter(|value| default.is_none() || !value.is_empty());
    match set.or(default) {
        Some(value) => Ok((name.to_owned(), value.to_owned())),
        None => Err(Missing::Unset(name.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(text: &str) -> Result<Value, Missing> {
        let environment = [("HOST", "example.org"), ("N", "12"), ("EMPTY", "")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        variables(text.to_owned(), &BTreeMap::from(environment))
    }

    #[test]
    fn variables_inside_a_text_are_replaced() {
        assert_eq!(
            fill("http://${HOST}:${PORT:-80}/"),
            Ok("http://example.org:80/".into())
        );
        assert_eq!(fill("a $5 note, $${HOST}"), Ok("a $5 note, ${HOST}".into()));
    }

    #[test]
    fn a_lone_variable_keeps_its_type() {
        assert_eq!(fill("${N}"), Ok(12.into()));
        assert_eq!(fill("${EMPTY:-true}"), Ok(true.into()));
        assert_eq!(fill("${DEADLINE:-2s}"), Ok("2s".into()));
    }

    #[test]
    fn a_variable_that_is_not_set_is_named() {
        assert_eq!(
            fill("${NOWHERE}"),
            Err(Missing::Unset("NOWHERE".to_owned()))
        );
        assert_eq!(fill("${HOST"), Err(Missing::Unclosed));
    }
}
