//! Scripted stubs: exact expectations on what a client sends, and what it is answered:
//!
//! ```yaml
//! - request: { method: POST, path: /v1/chat/completions, body: { partial: { model: tiny } } }
//!   respond: { status: 503, headers: { retry-after: "0" } }
//!   times: 1
//! ```

use super::super::phases::within_a_day;
use crate::units::Period;
use http::{HeaderName, HeaderValue, Method};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// More stubs than this are no script that anybody reads.
const MOST: usize = 100;

/// Whether the order of a script is a part of what it asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StubOrder {
    /// Different requests may come in any order. Stubs of one request are used up one after the other all the same.
    #[default]
    Any,
    /// Requests must come in the order of the list: a stub is called only once those above it have been called as often
    /// as they must be, and none of them after it.
    AsListed,
}

/// What one kind of request is answered, and how often it must come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Stub {
    /// Which requests it answers.
    pub request: StubRequest,
    /// What it answers.
    pub respond: StubResponse,
    /// How often it must be called.
    pub times: Times,
}

/// How often a stub must be called. It answers no more than it may be called; the next that fits takes over then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// At least so often.
    pub at_least: u64,
    /// At most so often; above zero and not below `at_least`.
    pub at_most: Option<u64>,
}

/// The requests that a stub answers. Whatever is left out may be anything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StubRequest {
    /// The HTTP method, in capital letters.
    #[serde(deserialize_with = "method")]
    #[schemars(extend("pattern" = "^[A-Z]+$"))]
    pub method: String,
    /// The path, without a query.
    #[serde(deserialize_with = "path")]
    #[schemars(extend("pattern" = "^/[^?#]*$"))]
    pub path: String,
    /// Headers that must be there with exactly these values; others may be there too.
    #[serde(
        default,
        deserialize_with = "headers",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub headers: BTreeMap<String, String>,
    /// The body, which must be JSON.
    #[serde(
        default,
        deserialize_with = "super::some",
        skip_serializing_if = "Option::is_none"
    )]
    pub body: Option<ExpectedBody>,
}

/// What a request's body must be. The order of keys never matters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedBody {
    /// This and nothing else.
    Exact(#[schemars(schema_with = "value")] Value),
    /// This, with whatever other keys in any of its blocks. Lists have exactly the elements given.
    Partial(#[schemars(schema_with = "value")] Value),
}

/// What a stub answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StubResponse {
    /// The HTTP status, 200 to 599.
    #[serde(default = "ok", deserialize_with = "status")]
    #[schemars(range(min = 200, max = 599))]
    pub status: u16,
    /// Headers. The `content-type` fits the body when left out.
    #[serde(
        default,
        deserialize_with = "headers",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub headers: BTreeMap<String, String>,
    /// The body; empty when left out.
    #[serde(
        default,
        deserialize_with = "super::some",
        skip_serializing_if = "Option::is_none"
    )]
    pub body: Option<StubBody>,
    /// How long the whole answer is held back. At most 24h.
    #[serde(default, deserialize_with = "within_a_day")]
    pub delay: Period,
}

/// The body of an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StubBody {
    /// A value, sent as `application/json`.
    Json(#[schemars(schema_with = "value")] Value),
    /// A text, sent as `text/plain`.
    Text(#[schemars(schema_with = "text")] String),
}

/// What one kind of request is answered, and how often it must come: at least once when nothing is said.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// Which requests it answers.
    request: StubRequest,
    /// What it answers.
    respond: StubResponse,
    /// It is called exactly so often. Not beside `at_least` and `at_most`.
    #[serde(
        default,
        deserialize_with = "times",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 1))]
    times: Option<u64>,
    /// It is called at least so often; 1 when nothing is said, 0 beside `at_most`.
    #[serde(
        default,
        deserialize_with = "super::some",
        skip_serializing_if = "Option::is_none"
    )]
    at_least: Option<u64>,
    /// It is called at most so often.
    #[serde(
        default,
        deserialize_with = "times",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 1))]
    at_most: Option<u64>,
}

impl TryFrom<File> for Stub {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        let times = match (file.times, file.at_least, file.at_most) {
            (Some(times), None, None) => Times {
                at_least: times,
                at_most: Some(times),
            },
            (None, None, None) => Times {
                at_least: 1,
                at_most: None,
            },
            (None, at_least, at_most) => Times {
                at_least: at_least.unwrap_or_default(),
                at_most,
            },
            (Some(_), _, _) => {
                return Err(
                    "expected `times` alone, found `at_least` or `at_most` beside it".to_owned(),
                );
            }
        };
        if let Some(at_most) = times.at_most.filter(|at_most| *at_most < times.at_least) {
            let at_least = times.at_least;
            return Err(format!(
                "expected `at_most` not below `at_least`, found {at_most} and {at_least}"
            ));
        }
        Ok(Self {
            request: file.request,
            respond: file.respond,
            times,
        })
    }
}

impl From<Stub> for File {
    fn from(stub: Stub) -> Self {
        let Times { at_least, at_most } = stub.times;
        let is_exact = at_most == Some(at_least);
        Self {
            request: stub.request,
            respond: stub.respond,
            times: at_most.filter(|_| is_exact),
            at_least: (!is_exact).then_some(at_least),
            at_most: at_most.filter(|_| !is_exact),
        }
    }
}

pub(super) fn stubs<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<Stub>>, D::Error> {
    let stubs = Vec::deserialize(deserializer)?;
    if (1..=MOST).contains(&stubs.len()) {
        return Ok(Some(stubs));
    }
    let found = stubs.len();
    Err(D::Error::custom(format_args!(
        "expected 1 to {MOST} stubs, found {found}"
    )))
}

fn value(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "description": "any value" })
}

fn text(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "description": "a text, sent as it is", "type": "string" })
}

fn ok() -> u16 {
    200
}

fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    match u64::deserialize(deserializer)? {
        0 => Err(D::Error::custom("expected at least 1 call, found `0`")),
        times => Ok(Some(times)),
    }
}

fn method<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    let is_method = Method::from_bytes(text.as_bytes()).is_ok();
    if is_method && text.chars().all(|letter| letter.is_ascii_uppercase()) {
        return Ok(text);
    }
    Err(D::Error::custom(format_args!(
        "expected a method such as GET or POST, found `{text}`"
    )))
}

fn path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.starts_with('/') && !text.contains(['?', '#']) {
        return Ok(text);
    }
    Err(D::Error::custom(format_args!(
        "expected a path such as /v1/chat/completions, without a query, found `{text}`"
    )))
}

fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let status = u16::deserialize(deserializer)?;
    if (200..=599).contains(&status) {
        return Ok(status);
    }
    Err(D::Error::custom(format_args!(
        "expected a status from 200 to 599, found `{status}`"
    )))
}

/// Headers by their names in small letters.
fn headers<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<BTreeMap<String, String>, D::Error> {
    struct Headers;
    impl<'de> Visitor<'de> for Headers {
        type Value = BTreeMap<String, String>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a block of headers")
        }
        fn visit_map<A: MapAccess<'de>>(self, mut block: A) -> Result<Self::Value, A::Error> {
            let mut headers = BTreeMap::new();
            while let Some(name) = block.next_key::<String>()? {
                let value = block.next_value_seed(Header(&name))?;
                headers.insert(name.to_ascii_lowercase(), value);
            }
            Ok(headers)
        }
    }
    deserializer.deserialize_map(Headers)
}

/// Reads the value of the header that is called so. The name is judged here, so that an error stands at it.
struct Header<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Header<'_> {
    type Value = String;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<String, D::Error> {
        let value = String::deserialize(deserializer)?;
        if HeaderName::from_bytes(self.0.as_bytes()).is_err() {
            let name = self.0;
            return Err(D::Error::custom(format_args!(
                "expected the name of a header such as retry-after, found `{name}`"
            )));
        }
        if HeaderValue::from_str(&value).is_err() {
            return Err(D::Error::custom(
                "expected a header's value: one line of printable characters",
            ));
        }
        Ok(value)
    }
}
