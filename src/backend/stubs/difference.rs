//! What keeps a request from being the one that a stub expects, place by place: `body.messages[0].content: expected
//! "hello", found "goodbye"`. Pure; a request without any difference is the one that is expected.

use crate::plan::{ExpectedBody, StubRequest};
use serde_json::Value;
use wiremock::Request;

/// One place in which a request differs from what is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The place: `method`, `path`, `headers.accept`, `body.messages[0].content`.
    pub place: String,
    /// What is expected there, as JSON, or `nothing`.
    pub expected: String,
    /// What was found there, as JSON, or `nothing`.
    pub found: String,
}

/// More differences than this say no more than that it is another request.
const MOST: usize = 20;

/// The longest that a value is quoted, in characters.
const LONGEST: usize = 120;

/// Headers whose values belong in no report.
const SECRET: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "api-key",
];

impl Difference {
    /// Is it about the first line of the request, its method and path?
    pub(super) fn is_of_the_line(&self) -> bool {
        self.place == METHOD || self.place == PATH
    }
}

const METHOD: &str = "method";
const PATH: &str = "path";
const BODY: &str = "body";

/// All differences, at most twenty.
pub(super) fn between(expected: &StubRequest, found: &Request) -> Vec<Difference> {
    let mut differences = Differences(Vec::new());
    let method = found.method.as_str();
    if expected.method != method {
        differences.add(METHOD, &quoted(&expected.method), &quoted(method));
    }
    let path = match found.url.query() {
        Some(query) => format!("{}?{query}", found.url.path()),
        None => found.url.path().to_owned(),
    };
    if expected.path != path {
        differences.add(PATH, &quoted(&expected.path), &quoted(&path));
    }
    for (name, value) in &expected.headers {
        header(&mut differences, name, value, found);
    }
    if let Some(body) = &expected.body {
        compare_body(&mut differences, body, &found.body);
    }
    differences.0
}

fn header(differences: &mut Differences, name: &str, expected: &str, request: &Request) {
    let values: Vec<String> = request
        .headers
        .get_all(name)
        .iter()
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    if values.iter().any(|value| value == expected) {
        return;
    }
    let place = format!("headers.{name}");
    let is_secret = SECRET.contains(&name);
    let found = match values.as_slice() {
        [] => NOTHING.to_owned(),
        _ if is_secret => "another value".to_owned(),
        values => quoted(&values.join(", ")),
    };
    let expected = if is_secret {
        "the given value".to_owned()
    } else {
        quoted(expected)
    };
    differences.add(&place, &expected, &found);
}

fn compare_body(differences: &mut Differences, expected: &ExpectedBody, bytes: &[u8]) {
    let (expected, others) = match expected {
        ExpectedBody::Exact(value) => (value, Others::Refused),
        ExpectedBody::Partial(value) => (value, Others::Allowed),
    };
    match serde_json::from_slice(bytes) {
        Ok(found) => compare(differences, BODY, expected, &found, others),
        Err(_) if bytes.is_empty() => differences.add(BODY, &json(expected), NOTHING),
        Err(_) => {
            let text = quoted(&String::from_utf8_lossy(bytes));
            differences.add(BODY, &json(expected), &format!("what is no JSON: {text}"));
        }
    }
}

/// Whether a block may have keys that are not expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Others {
    Allowed,
    Refused,
}

/// Compares two values and what is inside of them. As deep as the JSON parser lets a body be, which is 128 levels.
fn compare(
    differences: &mut Differences,
    place: &str,
    expected: &Value,
    found: &Value,
    others: Others,
) {
    match (expected, found) {
        (Value::Object(expected), Value::Object(found)) => {
            for (key, value) in expected {
                let inside = format!("{place}.{key}");
                match found.get(key) {
                    Some(found) => compare(differences, &inside, value, found, others),
                    None => differences.add(&inside, &json(value), NOTHING),
                }
            }
            let surplus = found.iter().filter(|(key, _)| !expected.contains_key(*key));
            for (key, value) in surplus.filter(|_| others == Others::Refused) {
                differences.add(&format!("{place}.{key}"), NOTHING, &json(value));
            }
        }
        (Value::Array(expected), Value::Array(found)) => {
            for index in 0..expected.len().max(found.len()) {
                let inside = format!("{place}[{index}]");
                match (expected.get(index), found.get(index)) {
                    (Some(value), Some(found)) => {
                        compare(differences, &inside, value, found, others);
                    }
                    (Some(value), None) => differences.add(&inside, &json(value), NOTHING),
                    (None, Some(found)) => differences.add(&inside, NOTHING, &json(found)),
                    (None, None) => {}
                }
            }
        }
        // 1 and 1.0 are one number, whoever wrote them.
        (Value::Number(a), Value::Number(b))
            if (a.is_f64() || b.is_f64()) && a.as_f64() == b.as_f64() => {}
        (expected, found) if expected == found => {}
        (expected, found) => differences.add(place, &json(expected), &json(found)),
    }
}

/// Collects differences up to a limit.
struct Differences(Vec<Difference>);

impl Differences {
    fn add(&mut self, place: &str, expected: &str, found: &str) {
        if self.0.len() < MOST {
            self.0.push(Difference {
                place: place.to_owned(),
                expected: expected.to_owned(),
                found: found.to_owned(),
            });
        }
    }
}

const NOTHING: &str = "nothing";

fn quoted(text: &str) -> String {
    json(&Value::String(text.to_owned()))
}

/// A value as JSON on one line, shortened in the middle of what is long.
fn json(value: &Value) -> String {
    let text = value.to_string();
    let length = text.chars().count();
    if length <= LONGEST {
        return text;
    }
    let shown: String = text.chars().take(LONGEST).collect();
    format!("{shown}.. ({length} characters)")
}

#[cfg(test)]
mod tests;
