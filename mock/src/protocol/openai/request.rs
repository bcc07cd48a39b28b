//! What a request for text says. Unknown fields are accepted, as real servers do; known ones are held to their types,
//! and an error names the field.

use super::refusal::Refusal;
use crate::backend::accept_tokens;
use crate::words;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use std::fmt;

/// How one form of request is read.
pub(super) type Read = fn(&[u8]) -> Result<Asked, Refusal>;

/// A request for text that can be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) model: String,
    pub(super) prompt_tokens: u64,
    pub(super) max_tokens: Option<u32>,
    /// `None` when the answer is to come in one piece.
    pub(super) stream: Option<Stream>,
}

/// Does a stream end with a chunk that holds the usage?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stream {
    WithUsage,
    WithoutUsage,
}

#[derive(Deserialize)]
struct Chat {
    messages: Option<Vec<Message>>,
    max_completion_tokens: Option<i64>,
    max_tokens: Option<i64>,
    model: Option<String>,
    n: Option<i64>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct Message {
    role: Option<String>,
    content: Option<Tokens>,
}

#[derive(Deserialize)]
struct Completion {
    prompt: Option<Tokens>,
    max_tokens: Option<i64>,
    model: Option<String>,
    n: Option<i64>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// Reads a chat request.
pub(super) fn chat(body: &[u8]) -> Result<Asked, Refusal> {
    let chat: Chat = parse(body)?;
    let messages = required(chat.messages, "messages")?;
    if messages.is_empty() {
        return Err(Refusal::bad_request(
            "Expected at least one message in `messages`.",
            Some("messages"),
        ));
    }
    if let Some(index) = messages.iter().position(|message| message.role.is_none()) {
        return Err(missing(&format!("messages[{index}].role")));
    }
    let prompt = messages
        .iter()
        .filter_map(|message| message.content.as_ref());
    Ok(Asked {
        model: required(chat.model, "model")?,
        prompt_tokens: prompt.map(|Tokens(tokens)| tokens).sum(),
        max_tokens: match chat.max_completion_tokens {
            Some(_) => tokens(chat.max_completion_tokens, "max_completion_tokens")?,
            None => tokens(chat.max_tokens, "max_tokens")?,
        },
        stream: stream(chat.n, chat.stream, chat.stream_options.as_ref())?,
    })
}

/// Reads a completion request.
pub(super) fn completion(body: &[u8]) -> Result<Asked, Refusal> {
    let completion: Completion = parse(body)?;
    let Tokens(prompt_tokens) = required(completion.prompt, "prompt")?;
    Ok(Asked {
        model: required(completion.model, "model")?,
        prompt_tokens,
        max_tokens: tokens(completion.max_tokens, "max_tokens")?,
        stream: stream(
            completion.n,
            completion.stream,
            completion.stream_options.as_ref(),
        )?,
    })
}

/// Parses once; only a body that fails is parsed again, to say where.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| {
        if !error.is_data() {
            return Refusal::bad_request(
                format!("Could not parse the body as JSON: {error}."),
                None,
            );
        }
        match serde_path_to_error::deserialize::<_, T>(&mut serde_json::Deserializer::from_slice(
            body,
        )) {
            Err(error) if error.path().iter().next().is_some() => {
                let path = error.path().to_string();
                Refusal::bad_request(
                    format!("Could not read `{path}`: {}.", error.inner()),
                    Some(&path),
                )
            }
            Err(_) | Ok(_) => {
                Refusal::bad_request(format!("Could not read the body: {error}."), None)
            }
        }
    })
}

fn required<T>(value: Option<T>, field: &str) -> Result<T, Refusal> {
    value.ok_or_else(|| missing(field))
}

fn missing(field: &str) -> Refusal {
    Refusal::bad_request(format!("Missing required field `{field}`."), Some(field))
}

fn tokens(asked: Option<i64>, field: &str) -> Result<Option<u32>, Refusal> {
    let accept = |asked| {
        accept_tokens(asked)
            .map_err(|error| Refusal::bad_request(format!("`{field}`: {error}."), Some(field)))
    };
    asked.map(accept).transpose()
}

fn stream(
    n: Option<i64>,
    stream: Option<bool>,
    options: Option<&StreamOptions>,
) -> Result<Option<Stream>, Refusal> {
    if n.is_some_and(|n| n != 1) {
        return Err(Refusal::bad_request(
            "`n` is not supported: expected 1 or nothing.",
            Some("n"),
        ));
    }
    let usage = match options.and_then(|options| options.include_usage) {
        Some(true) => Stream::WithUsage,
        Some(false) | None => Stream::WithoutUsage,
    };
    Ok((stream == Some(true)).then_some(usage))
}

/// The size of a prompt or content, counted while it is read and never kept: a text, a list of content parts, a list
/// with one text, or a list of token ids.
#[derive(Debug)]
struct Tokens(u64);

impl<'de> Deserialize<'de> for Tokens {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokensVisitor)
    }
}

struct TokensVisitor;

impl<'de> Visitor<'de> for TokensVisitor {
    type Value = Tokens;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of parts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Tokens, E> {
        Ok(Tokens(words::count(text)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Tokens, A::Error> {
        let mut tokens = 0;
        let mut texts = 0;
        while let Some(part) = parts.next_element()? {
            tokens += match part {
                Part::Text(words) => {
                    texts += 1;
                    words
                }
                Part::Content(words) => words,
                Part::TokenId => 1,
            };
        }
        if texts > 1 {
            return Err(serde::de::Error::custom(
                "expected one prompt in one request, found several",
            ));
        }
        Ok(Tokens(tokens))
    }
}

/// One element of a list.
enum Part {
    /// `"one two three"`
    Text(u64),
    /// `{"type":"text","text":"one two three"}`; parts without text count nothing
    Content(u64),
    /// `1234`
    TokenId,
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a content part or a token id")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Text(words::count(text)))
    }

    fn visit_u64<E>(self, _id: u64) -> Result<Part, E> {
        Ok(Part::TokenId)
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut fields: A) -> Result<Part, A::Error> {
        let mut tokens = 0;
        while let Some(field) = fields.next_key::<String>()? {
            if field == "text" {
                tokens = words::count(&fields.next_value::<String>()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Part::Content(tokens))
    }
}
