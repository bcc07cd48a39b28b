//! The two forms of answer, written down: what stands around an id, a model, the choices and their usage in a chat answer
//! and in a plain completion. Everything that is the same for all tokens of a request is put together once.

use super::choice::{Choice, Says, escape};
use super::logprobs::Logprobs;
use super::request::{self, Read, Stream};
use super::telling::{Event, Telling, Voice};
use crate::journal::Operation;
use std::ops::Range;

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
    /// How a whole choice is written.
    whole: fn(&mut Body, &Choice, Option<Logprobs>, &str),
    /// Around one token of a stream.
    token: Around,
    /// What opens the stream of a choice.
    opening: Option<&'static str>,
    /// Around the finish reason that closes the stream of a choice.
    closing: &'static str,
}

/// What stands before and after something.
#[derive(Debug, Clone, Copy)]
struct Around(&'static str, &'static str);

/// `/v1/chat/completions`
pub(super) const CHAT: Form = Form {
    operation: Operation::Chat,
    read: request::chat,
    id_prefix: "chatcmpl-",
    object: "chat.completion",
    chunk_object: "chat.completion.chunk",
    whole: message,
    token: Around(r#""delta":{"content":""#, r#""},"logprobs":"#),
    opening: Some(
        r#""delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}"#,
    ),
    closing: r#""delta":{},"logprobs":null,"finish_reason":"#,
};

/// `/v1/completions`
pub(super) const COMPLETION: Form = Form {
    operation: Operation::Completion,
    read: request::completion,
    id_prefix: "cmpl-",
    object: "text_completion",
    chunk_object: "text_completion",
    whole: text,
    token: Around(r#""text":""#, r#"","logprobs":"#),
    opening: None,
    closing: r#""text":"","logprobs":null,"finish_reason":"#,
};

/// Around a token of reasoning, as vLLM tells it.
const THOUGHT: Around = Around(r#""delta":{"reasoning_content":""#, r#""},"logprobs":"#);

/// Around a token of a call's arguments.
const ARGUMENT: Around = Around(
    r#""delta":{"tool_calls":[{"index":0,"function":{"arguments":""#,
    r#""}}]},"logprobs":"#,
);

/// What one answer says besides its choices.
#[derive(Debug, Clone, Copy)]
pub(super) struct Facts<'a> {
    pub(super) id: &'a str,
    pub(super) model: &'a str,
    pub(super) prompt_tokens: u64,
    pub(super) completion_tokens: u32,
    pub(super) reasoning_tokens: u32,
    pub(super) logprobs: Option<Logprobs>,
    /// Are the token counts told?
    pub(super) tells_usage: bool,
}

impl Facts<'_> {
    fn usage(&self) -> String {
        let (prompt, completion) = (self.prompt_tokens, u64::from(self.completion_tokens));
        let total = prompt.saturating_add(completion);
        let details = match self.reasoning_tokens {
            0 => String::new(),
            tokens => {
                format!(r#","completion_tokens_details":{{"reasoning_tokens":{tokens}}}"#)
            }
        };
        format!(
            r#"{{"prompt_tokens":{prompt},"completion_tokens":{completion},"total_tokens":{total}{details}}}"#
        )
    }
}

/// An answer in one piece while it is written.
#[derive(Debug)]
pub(super) struct Body {
    pub(super) bytes: Vec<u8>,
    /// The length of the body up to the last token of its first choice that is sent.
    pub(super) torn_at: Option<usize>,
    /// How many tokens of its first choice are sent.
    sent: u32,
}

impl Body {
    fn push(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// The text of some tokens, between quotes.
    fn tokens(&mut self, choice: &Choice, tokens: Range<u32>) {
        let until = self.sent.clamp(tokens.start, tokens.end);
        choice.push(tokens.start..until, &mut self.bytes);
        if until < tokens.end || self.sent == tokens.end {
            self.torn_at.get_or_insert(self.bytes.len());
        }
        choice.push(until..tokens.end, &mut self.bytes);
    }

    fn ending(&mut self, choice: &Choice, logprobs: Option<Logprobs>) {
        self.push(r#","logprobs":"#);
        let spoken = choice.spoken(&(0..choice.tokens()));
        let told = logprobs.filter(|_| !matches!(choice.says, Says::Call { .. }));
        match told {
            Some(logprobs) => {
                let mut offset = choice.echo.as_ref().map_or(0, |echo| echo.chars().count());
                logprobs.push(choice, spoken, &mut offset, &mut self.bytes);
            }
            None => self.push("null"),
        }
        self.push(r#","finish_reason":"#);
        self.push(choice.ending.reason());
        self.push("}");
    }
}

/// A whole choice of a chat answer.
fn message(body: &mut Body, choice: &Choice, logprobs: Option<Logprobs>, id: &str) {
    let spoken = choice.spoken(&(0..choice.tokens()));
    body.push(r#""message":{"role":"assistant""#);
    if choice.reasoning > 0 {
        body.push(r#","reasoning_content":""#);
        body.tokens(choice, 0..choice.reasoning);
        body.push("\"");
    }
    match &choice.says {
        Says::Words { .. } | Says::Json { .. } => {
            body.push(r#","content":""#);
            body.tokens(choice, spoken);
            body.push(r#"","refusal":null}"#);
        }
        Says::Call { function, .. } => {
            body.push(r#","content":null,"refusal":null,"tool_calls":[{"#);
            body.push(&call(id, choice.index, function));
            body.tokens(choice, spoken);
            body.push(r#""}}]}"#);
        }
    }
    body.ending(choice, logprobs);
}

/// A whole choice of a completion.
fn text(body: &mut Body, choice: &Choice, logprobs: Option<Logprobs>, _id: &str) {
    body.push(r#""text":""#);
    escape(choice.echo.as_deref().unwrap_or_default(), &mut body.bytes);
    body.tokens(choice, 0..choice.tokens());
    body.push("\"");
    body.ending(choice, logprobs);
}

/// `"id":"call_golden-0","type":"function","function":{"name":"f","arguments":"`
fn call(id: &str, index: u32, function: &str) -> String {
    let id = escaped("call_", &format!("{id}-{index}"));
    let function = escaped("", function);
    format!(r#""id":{id},"type":"function","function":{{"name":{function},"arguments":""#)
}

impl Form {
    /// An answer in one piece, of whose first choice so many tokens are sent if it breaks off.
    pub(super) fn whole(&self, facts: Facts<'_>, choices: &[Choice], sent: u32) -> Body {
        let mut body = Body {
            bytes: self.head(self.object, facts).into_bytes(),
            torn_at: None,
            sent,
        };
        for choice in choices {
            body.push(if choice.index == 0 { "[" } else { "," });
            body.push(&format!(r#"{{"index":{},"#, choice.index));
            (self.whole)(&mut body, choice, facts.logprobs, facts.id);
        }
        body.push("]");
        if facts.tells_usage {
            body.push(r#","usage":"#);
            body.push(&facts.usage());
        }
        body.push("}");
        body
    }

    /// All that a stream will need.
    pub(super) fn telling(&self, facts: Facts<'_>, choices: &[Choice], stream: Stream) -> Telling {
        let stream = if facts.tells_usage {
            stream
        } else {
            Stream::WithoutUsage
        };
        let head = format!("data: {}", self.head(self.chunk_object, facts));
        let tail = match stream {
            Stream::WithUsage => "],\"usage\":null}\n\n",
            Stream::WithoutUsage => "]}\n\n",
        };
        let mut end = String::new();
        for choice in choices {
            let (index, reason) = (choice.index, choice.ending.reason());
            let parts = [
                &head,
                &format!(r#"[{{"index":{index},"#),
                self.closing,
                reason,
                "}",
                tail,
            ];
            for part in parts {
                end.push_str(part);
            }
        }
        if stream == Stream::WithUsage {
            end.push_str(&head);
            end.push_str("[],\"usage\":");
            end.push_str(&facts.usage());
            end.push_str("}\n\n");
        }
        let voice = |choice: &Choice| self.voice(choice.clone(), &head, tail, facts);
        Telling {
            voices: choices.iter().map(voice).collect(),
            end,
        }
    }

    fn voice(&self, choice: Choice, head: &str, tail: &str, facts: Facts<'_>) -> Voice {
        let head = format!(r#"{head}[{{"index":{},"#, choice.index);
        let event = |Around(before, after), logprobs| {
            let before = format!("{head}{before}");
            let rest = format!(r#","finish_reason":null}}{tail}"#);
            match logprobs {
                None => Event {
                    before,
                    after: format!("{after}null{rest}"),
                    logprobs: None,
                },
                Some(logprobs) => Event {
                    before,
                    after: after.to_owned(),
                    logprobs: Some((logprobs, rest)),
                },
            }
        };
        let mut opening = Vec::new();
        if let Some(constant) = self.opening {
            opening = format!("{head}{constant}{tail}").into_bytes();
        } else if let Some(prompt) = &choice.echo {
            let Event { before, after, .. } = event(self.token, None);
            opening = before.into_bytes();
            escape(prompt, &mut opening);
            opening.extend_from_slice(after.as_bytes());
        }
        let (spoken, call_opening) = match &choice.says {
            Says::Words { .. } | Says::Json { .. } => (event(self.token, facts.logprobs), None),
            Says::Call { function, .. } => {
                let call = call(facts.id, choice.index, function);
                let opening = format!(
                    r#"{head}"delta":{{"tool_calls":[{{"index":0,{call}"}}}}]}},"logprobs":null,"finish_reason":null}}{tail}"#
                );
                (event(ARGUMENT, None), Some(opening))
            }
        };
        Voice {
            opening,
            thought: (choice.reasoning > 0).then(|| event(THOUGHT, None)),
            call_opening,
            spoken,
            offset: choice.echo.as_ref().map_or(0, |echo| echo.chars().count()),
            choice,
        }
    }

    /// `{"id":...,"choices":`
    fn head(&self, object: &str, facts: Facts<'_>) -> String {
        let id = escaped(self.id_prefix, facts.id);
        let model = escaped("", facts.model);
        format!(r#"{{"id":{id},"object":"{object}","created":{CREATED},"model":{model},"choices":"#)
    }
}

/// A JSON string of both parts.
pub(super) fn escaped(prefix: &str, text: &str) -> String {
    serde_json::Value::String(format!("{prefix}{text}")).to_string()
}
