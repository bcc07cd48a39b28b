//! The lines that the harness and an adapter say to each other: one JSON object each, with one key that names it. What an
//! adapter may say that is not known here is a mistake of the adapter's, told with the line.

use crate::client::{Endpoint, FailureKind, Message, Request};
use serde::{Deserialize, Serialize};

/// What an adapter is told.
#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Told<'a> {
    /// First of all: where the target is.
    Start {
        /// The version of these lines.
        version: u32,
        endpoints: &'a [Endpoint],
    },
    /// Send this request, now.
    Infer(Infer<'a>),
    /// Give this request up; nothing more is to be said of it.
    Cancel { id: &'a str },
}

/// A request, in the words of OpenAI's API: `messages` or `prompt`.
#[derive(Debug, Serialize)]
pub(super) struct Infer<'a> {
    id: &'a str,
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<&'a [Message]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    max_tokens: u32,
    stream: bool,
}

impl<'a> From<&'a Request> for Infer<'a> {
    fn from(request: &'a Request) -> Self {
        Self {
            id: &request.id,
            model: &request.model,
            messages: request.input.messages(),
            prompt: request.input.prompt(),
            max_tokens: request.max_tokens,
            stream: request.stream,
        }
    }
}

impl Told<'_> {
    /// As a line, with its end. Strings and numbers can always be written.
    pub(super) fn line(&self) -> Vec<u8> {
        let mut line = serde_json::to_vec(self).unwrap_or_default();
        line.push(b'\n');
        line
    }
}

/// What an adapter says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Said {
    /// Once: requests may come.
    Ready {},
    /// The head of an answer has arrived.
    Head { id: String },
    /// So many output tokens have arrived.
    Tokens { id: String, count: u32 },
    /// An answer is complete.
    Done {
        id: String,
        #[serde(default)]
        prompt_tokens: Option<u64>,
        #[serde(default)]
        completion_tokens: Option<u64>,
        #[serde(default)]
        attempts: Option<u32>,
    },
    /// A request has failed.
    Failed { id: String, kind: Kind },
}

impl Said {
    /// Reads one line.
    pub(super) fn parse(line: &[u8]) -> serde_json::Result<Self> {
        inferometer_proto::named::from_slice(line)
    }

    /// The request that it is about.
    pub(super) fn id(&self) -> Option<&str> {
        match self {
            Self::Ready {} => None,
            Self::Head { id }
            | Self::Tokens { id, .. }
            | Self::Done { id, .. }
            | Self::Failed { id, .. } => Some(id),
        }
    }
}

/// A kind of failure by the name that reports have for it, such as `connect`, `http_503` or `grpc_14`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Kind(pub(super) FailureKind);

/// The kinds that an adapter may name beside those with a status.
const NAMED: [FailureKind; 7] = [
    FailureKind::Connect,
    FailureKind::Closed,
    FailureKind::Truncated,
    FailureKind::Deadline,
    FailureKind::Stalled,
    FailureKind::Malformed,
    FailureKind::Invalid,
];

impl TryFrom<String> for Kind {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let kind = NAMED.into_iter().find(|kind| kind.to_string() == name);
        let status = |prefix: &str| name.strip_prefix(prefix);
        let http = || status("http_")?.parse().ok().map(FailureKind::Http);
        let grpc = || status("grpc_")?.parse().ok().map(FailureKind::Grpc);
        kind.or_else(http).or_else(grpc).map(Self).ok_or_else(|| {
            format!(
                "expected connect, closed, truncated, deadline, stalled, malformed, invalid, http_STATUS or grpc_CODE, found `{name}`"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::{Input, Protocol};

    #[test]
    fn an_adapter_is_told_in_the_words_of_openais_api() {
        let request = Request {
            id: "s0-1".to_owned(),
            model: "tiny".to_owned(),
            input: Input::Prompt("a\nb".to_owned()),
            max_tokens: 4,
            stream: true,
            temperature: None,
            top_p: None,
        };
        let endpoints = [Endpoint::new(Protocol::Openai, "http://h:1")];
        let told = [
            Told::Start {
                version: 1,
                endpoints: &endpoints,
            },
            Told::Infer((&request).into()),
            Told::Cancel { id: "s0-1" },
        ];

        let lines: Vec<u8> = told.iter().flat_map(Told::line).collect();

        assert_eq!(
            String::from_utf8(lines).unwrap(),
            r#"{"start":{"version":1,"endpoints":[{"protocol":"openai","url":"http://h:1"}]}}
{"infer":{"id":"s0-1","model":"tiny","prompt":"a\nb","max_tokens":4,"stream":true}}
{"cancel":{"id":"s0-1"}}
"#
        );
    }

    #[test]
    fn what_an_adapter_says_is_read_and_nothing_else() {
        let said = |line: &str| Said::parse(line.as_bytes()).map_err(|error| error.to_string());
        let id = || "a".to_owned();
        let kind = Kind(FailureKind::Http(503));

        assert_eq!(said(r#"{"ready":{}}"#), Ok(Said::Ready {}));
        assert_eq!(said(r#"{"head":{"id":"a"}}"#), Ok(Said::Head { id: id() }));
        assert_eq!(
            said(r#"{"failed":{"id":"a","kind":"http_503"}}"#),
            Ok(Said::Failed { id: id(), kind })
        );
        assert!(said(r#"{"done":{"id":"a","tokens":3}}"#).is_err());
        assert!(said(r#"{"failed":{"id":"a","kind":"http_"}}"#).is_err());
        assert!(said("").is_err());
    }

    #[test]
    fn no_line_of_an_adapter_is_more_than_it_says() {
        let honest: &[&[u8]] = &[
            br#"{"ready":{}}"#,
            br#"{"tokens":{"id":"s0-1","count":3}}"#,
            br#"{"done":{"id":"s0-1","prompt_tokens":3,"completion_tokens":4,"attempts":1}}"#,
            br#"{"failed":{"id":"s0-1","kind":"grpc_14"}}"#,
        ];

        inferometer_fuzz::hold(honest, |line| {
            if let Ok(said) = Said::parse(line) {
                assert!(said.id().is_none_or(|id| id.len() <= line.len()));
            }
        });
    }
}
