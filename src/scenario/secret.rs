//! Settings that no message, plan or report may show: `target.mock.api_keys`, `target.mock.admin` with its token, and the
//! `api_key` of an endpoint, where somebody may have written a key in place of where to find it. So is a URL with a user,
//! wherever it stands: `http://user:password@host`.

use super::document::{Path, Step};
use serde_json::Value;

/// The keys behind which secrets stand, wherever they are.
const BLOCKS: [&str; 3] = ["api_keys", "api_key", "admin"];

/// Likewise where a text is looked at that may not be read yet: the environment of a server that is launched, where somebody
/// may have written a secret in place of where to find it.
const IN_TEXTS: [&str; 4] = ["api_keys", "api_key", "admin", "environment"];

/// Does the path lead to a secret, or into a block that has one?
pub(super) fn leads_to(path: &Path) -> bool {
    path.steps()
        .iter()
        .any(|step| matches!(step, Step::Key(key) if BLOCKS.contains(&key.as_str())))
}

/// Does the path lead to the key of an endpoint?
pub(super) fn leads_to_key(path: &Path) -> bool {
    path.steps()
        .iter()
        .any(|step| matches!(step, Step::Key(key) if key == "api_key"))
}

/// Does a secret stand somewhere in the value?
pub(super) fn stands_in(value: &Value) -> bool {
    match value {
        Value::Object(block) => block
            .iter()
            .any(|(key, value)| BLOCKS.contains(&key.as_str()) || stands_in(value)),
        Value::Array(list) => list.iter().any(stands_in),
        Value::String(text) => has_user(text),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Does the text name a block of secrets, or a user in a URL? Whether it is YAML at all does not matter.
pub(super) fn is_named_in(text: &str) -> bool {
    has_user(text)
        || IN_TEXTS.iter().any(|key| {
            text.match_indices(key).any(|(at, _)| {
                let before = text.get(..at).unwrap_or_default();
                let behind = text.get(at + key.len()..).unwrap_or_default();
                !before.ends_with(is_of_a_name) && !behind.starts_with(is_of_a_name)
            })
        })
}

/// Is there a URL in the text with something before its host, which may be a password?
fn has_user(text: &str) -> bool {
    text.match_indices("://").any(|(at, scheme)| {
        let behind = text.get(at + scheme.len()..).unwrap_or_default();
        let end = behind.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#'));
        let authority = end.map_or(Some(behind), |end| behind.get(..end));
        authority.is_some_and(|authority| authority.contains('@'))
    })
}

fn is_of_a_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// May a secret stand in this line of the text, counted from 0? Its key is in the line, or in one above that the line goes
/// on from.
pub(super) fn may_stand_in_line(text: &str, line: usize) -> bool {
    let mut block = None;
    for (number, text) in text.lines().enumerate() {
        let letters = text.trim_start();
        let indent = text.len() - letters.len();
        let goes_on = letters.is_empty() || letters.starts_with(['-', ']', '}']);
        if block.is_some_and(|outer| indent <= outer) && !goes_on {
            block = None;
        }
        if block.is_none() && is_named_in(text) {
            block = Some(indent);
        }
        if number == line {
            return block.is_some();
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn secrets_are_found_by_their_path_and_in_a_value() {
        for path in [
            "target.mock.api_keys",
            "target.mocks.first.api_keys[0]",
            "api_keys",
            "target.mock.admin.token",
            "target.mock.admin",
            "target.endpoints[0].api_key",
        ] {
            assert!(leads_to(&Path::parse(path)), "{path}");
        }
        assert!(!leads_to(&Path::parse("target.mock.per_output_token")));
        assert!(stands_in(&json!([{ "mock": { "api_keys": ["a"] } }])));
        assert!(!stands_in(&json!({ "mock": { "seed": 7 } })));
    }

    #[test]
    fn a_key_of_a_secret_is_found_as_a_whole_word() {
        for text in [
            "api_keys: [a]",
            "{\"admin\": 1}",
            "target.mock.admin.token=a",
            "url: http://me:a@b, weight: 2",
            "environment: { HF_TOKEN: a }",
        ] {
            assert!(is_named_in(text), "{text}");
        }
        for text in [
            "administrator: 1",
            "prompt: { tokens: 3 }",
            "my_api_keys",
            "http://a/@b",
        ] {
            assert!(!is_named_in(text), "{text}");
        }
    }

    #[test]
    fn the_lines_of_a_secret_reach_until_the_next_key() {
        let text =
            "mock:\n  api_keys:\n  - a\n    - b\n\n  seed: 7\n  admin: { token: c }\nname: x\n";

        let secret: Vec<usize> = (0..8)
            .filter(|line| may_stand_in_line(text, *line))
            .collect();

        assert_eq!(secret, [1, 2, 3, 4, 6]);
    }
}
