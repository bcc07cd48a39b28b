//! The JSON of the protocol: bodies written from borrowed requests, answers read without a tree of values. Unknown fields
//! are ignored; `null` and absent mean the same.

use crate::client::{FailureKind, Message, Request, Usage};
use bytes::Bytes;
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

/// A request as it is sent, for both operations: one has `messages`, the other `prompt`.
#[derive(Debug, Serialize)]
struct Body<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    messages: Option<&'a [Message]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt: Option<&'a str>,
    max_tokens: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

#[derive(Debug, Serialize)]
struct StreamOptions {
    include_usage: bool,
}

/// The body of a request.
pub(super) fn body(request: &Request) -> serde_json::Result<Bytes> {
    let body = Body {
        model: &request.model,
        messages: request.input.messages(),
        prompt: request.input.prompt(),
        max_tokens: request.max_tokens,
        temperature: request.temperature,
        top_p: request.top_p,
        stream: request.stream.then_some(true),
        stream_options: request.stream.then_some(StreamOptions {
            include_usage: true,
        }),
    };
    serde_json::to_vec(&body).map(Bytes::from)
}

/// A whole answer, or one event of a stream: of chat completions or of completions.
#[derive(Debug, Deserialize)]
pub(super) struct Piece<'a> {
    #[serde(borrow, default, deserialize_with = "first")]
    pub(super) choices: Option<Choice<'a>>,
    pub(super) usage: Option<Counted>,
    pub(super) error: Option<Value>,
}

/// The one choice that was asked for.
#[derive(Debug, Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    pub(super) delta: Option<Generated<'a>>,
    #[serde(borrow)]
    pub(super) message: Option<Generated<'a>>,
    pub(super) text: Option<String>,
    pub(super) finish_reason: Option<Box<str>>,
}

/// What a model said, thought or called.
#[derive(Debug, Deserialize)]
pub(super) struct Generated<'a> {
    content: Option<String>,
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    tool_calls: Option<Vec<IgnoredAny>>,
}

/// A text whose length matters, not its content: borrowed unless it holds escapes.
#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Token counts as servers send them, either of which may be missing.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Counted {
    prompt_tokens: Option<u64>,
    completion_tokens: Option<u64>,
}

impl Piece<'_> {
    /// The server's count, when it is whole.
    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage?.whole()
    }
}

impl Counted {
    /// Both counts, when both are there.
    pub(super) fn whole(self) -> Option<Usage> {
        Some(Usage {
            prompt_tokens: self.prompt_tokens?,
            completion_tokens: self.completion_tokens?,
        })
    }
}

impl Choice<'_> {
    /// The text of this choice, and whether anything was generated at all: a role alone, or an empty text, is nothing.
    pub(super) fn generated(&mut self) -> (String, bool) {
        if let Some(text) = self.text.take() {
            let any = !text.is_empty();
            return (text, any);
        }
        let Some(generated) = self.delta.as_mut().or(self.message.as_mut()) else {
            return (String::new(), false);
        };
        let text = generated.content.take().unwrap_or_default();
        let any = !text.is_empty() || generated.is_more_than_text();
        (text, any)
    }
}

impl Generated<'_> {
    /// Does it hold reasoning, a refusal or a tool call? They are generated tokens as well.
    fn is_more_than_text(&self) -> bool {
        [&self.reasoning_content, &self.reasoning, &self.refusal]
            .into_iter()
            .flatten()
            .any(|text| !text.0.is_empty())
            || self
                .tool_calls
                .as_ref()
                .is_some_and(|calls| !calls.is_empty())
    }
}

/// The list of models.
#[derive(Debug, Deserialize)]
pub(super) struct ModelList {
    pub(super) data: Vec<ListedModel>,
}

/// One listed model.
#[derive(Debug, Deserialize)]
pub(super) struct ListedModel {
    pub(super) id: String,
}

/// The first element of a list, without storing the list; `None` when it is empty or `null`.
fn first<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct First<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for First<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list or null")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
            let first = list.next_element()?;
            while list.next_element::<IgnoredAny>()?.is_some() {}
            Ok(first)
        }
    }

    deserializer.deserialize_any(First(PhantomData))
}

/// The status that an error object stands for, inside an answer whose own status says success.
pub(super) fn error_kind(error: &Value) -> FailureKind {
    let code = error.get("code").and_then(Value::as_u64);
    let status = code.and_then(|code| u16::try_from(code).ok());
    FailureKind::Http(
        status
            .filter(|status| (400..600).contains(status))
            .unwrap_or(500),
    )
}
