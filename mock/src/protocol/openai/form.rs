//! The two forms of answer, written down: what stands around an id, a model, a text and its usage in a chat answer and
//! in a plain completion. Everything that is the same for all tokens of a request is put together once.

use super::request::{self, Read, Stream};
use crate::journal::Operation;
use std::fmt::Write;

/// The `created` of every answer and model, in seconds since 1970. It never moves, so that the same request gets the
/// same bytes.
pub(super) const CREATED: u64 = 1_700_000_000;

/// One of the two forms of answer.
#[derive(Debug)]
pub(super) struct Form {
    /// What the journal calls it.
    pub(super) operation: Operation,
    /// How a request for it is read.
    pub(super) read: Read,
    /// What an answer's id begins with.
    id_prefix: &'static str,
    /// The `object` of a whole answer.
    object: &'static str,
    /// The `object` of a chunk.
    chunk_object: &'static str,
    /// Around the text of a whole answer.
    whole: Around,
    /// Around one token of a stream.
    token: Around,
    /// The choice that opens a stream.
    opening: Option<&'static str>,
    /// Around the finish reason that closes a stream.
    closing: Around,
}

/// What stands before and after something.
#[derive(Debug)]
struct Around(&'static str, &'static str);

/// `/v1/chat/completions`
pub(super) const CHAT: Form = Form {
    operation: Operation::Chat,
    read: request::chat,
    id_prefix: "chatcmpl-",
    object: "chat.completion",
    chunk_object: "chat.completion.chunk",
    whole: Around(
        r#"{"index":0,"message":{"role":"assistant","content":""#,
        r#"","refusal":null},"logprobs":null,"finish_reason":"#,
    ),
    token: Around(
        r#"{"index":0,"delta":{"content":""#,
        r#""},"logprobs":null,"finish_reason":null}"#,
    ),
    opening: Some(
        r#"{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
    ),
    closing: Around(
        r#"{"index":0,"delta":{},"logprobs":null,"finish_reason":"#,
        "}",
    ),
};

/// `/v1/completions`
pub(super) const COMPLETION: Form = Form {
    operation: Operation::Completion,
    read: request::completion,
    id_prefix: "cmpl-",
    object: "text_completion",
    chunk_object: "text_completion",
    whole: Around(
        r#"{"index":0,"text":""#,
        r#"","logprobs":null,"finish_reason":"#,
    ),
    token: Around(
        r#"{"index":0,"text":""#,
        r#"","logprobs":null,"finish_reason":null}"#,
    ),
    opening: None,
    closing: Around(
        r#"{"index":0,"text":"","logprobs":null,"finish_reason":"#,
        "}",
    ),
};

/// The finish reason as JSON: an answer that was asked for a number of tokens ends because of it.
fn finish_reason(max_tokens: Option<u32>) -> &'static str {
    match max_tokens {
        Some(_) => r#""length""#,
        None => r#""stop""#,
    }
}

/// What one answer says besides its text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) model: &'a str,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u32,
    pub(super) max_tokens: Option<u32>,
}

impl Facts<'_> {
    fn usage(&self) -> String {
        let (prompt, completion) = (self.prompt_tokens, u64::from(self.completion_tokens));
        let total = prompt.saturating_add(completion);
        format!(
            r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total}}}"#
        )
    }
}

impl Form {
    /// The beginning of an answer, up to and with its text, and the rest of it.
    pub(super) fn whole(&self, facts: Facts<'_>, text: &str) -> (String, String) {
        let Around(before, after) = self.whole;
        let mut start = self.head(self.object, facts);
        start.push('[');
        start.push_str(before);
        start.push_str(text);
        let finish = finish_reason(facts.max_tokens);
        let usage = facts.usage();
        (start, format!(r#"{after}{finish}}}],"usage":{usage}}}"#))
    }

    /// All that a stream will need.
    pub(super) fn chunks(&self, facts: Facts<'_>, stream: Stream) -> Chunks {
        let head = format!("data: {}", self.head(self.chunk_object, facts));
        let tail = match stream {
            Stream::WithUsage => "],\"usage\":null}\n\n",
            Stream::WithoutUsage => "]}\n\n",
        };
        let mut end = String::new();
        let finish = finish_reason(facts.max_tokens);
        // Writing to a string cannot fail.
        let _ = write!(
            end,
            "{head}[{}{finish}{}{tail}",
            self.closing.0, self.closing.1
        );
        if stream == Stream::WithUsage {
            let _ = write!(end, "{head}[],\"usage\":{}}}\n\n", facts.usage());
        }
        Chunks {
            opening: self
                .opening
                .map(|opening| format!("{head}[{opening}{tail}")),
            before_token: format!("{head}[{}", self.token.0),
            after_token: format!("{}{tail}", self.token.1),
            end,
        }
    }

    /// `{"id":...,"choices":`
    fn head(&self, object: &str, facts: Facts<'_>) -> String {
        let id = escaped(self.id_prefix, facts.id);
        let model = escaped("", facts.model);
        format!(r#"{{"id":{id},"object":"{object}","created":{CREATED},"model":{model},"choices":"#)
    }
}

/// The constant parts of one stream.
#[derive(Debug)]
pub(super) struct Chunks {
    /// Goes out with the first token.
    pub(super) opening: Option<String>,
    pub(super) before_token: String,
    pub(super) after_token: String,
    /// The finish reason, and the usage if it is wanted.
    pub(super) end: String,
}

/// A JSON string of both parts.
fn escaped(prefix: &str, text: &str) -> String {
    serde_json::Value::String(format!("{prefix}{text}")).to_string()
}
