//! What a request for text says. Unknown fields are accepted, as real servers do; known ones are held to their types and
//! ranges, and an error names the field: `{"model":"tiny","messages":[{"role":"user","content":"a"}],"max_tokens":4}`.

mod echo;
mod prompt;
mod ranges;
mod stop;
mod tool;

use super::choice::{Choice, Wish};
use super::logprobs::Logprobs;
use super::refusal::Refusal;
use crate::protocol::rest;
use inferometer_proto::named::{self, Named};
use prompt::Size;
use ranges::{Draw, accept_draw, accept_logprobs, accept_max_tokens, accept_n, share_out};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use stop::Stop;
use tool::{ResponseFormat, Tool, ToolChoice};

/// How one form of request is read.
pub(super) type Read = fn(&[u8]) -> Result<Asked, Refusal>;

/// A request for text that can be answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) model: String,
    pub(super) prompt_tokens: u64,
    /// What each choice of the answer says; at least one.
    pub(super) choices: Vec<Choice>,
    /// What is told of each token.
    pub(super) logprobs: Option<Logprobs>,
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
    frequency_penalty: Option<f64>,
    logprobs: Option<bool>,
    max_completion_tokens: Option<i64>,
    max_tokens: Option<i64>,
    messages: Option<Vec<Message>>,
    model: Option<String>,
    n: Option<i64>,
    presence_penalty: Option<f64>,
    reasoning_effort: Option<Effort>,
    response_format: Option<ResponseFormat>,
    stop: Option<Stop>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    tool_choice: Option<ToolChoice>,
    tools: Option<Vec<Tool>>,
    top_logprobs: Option<i64>,
    top_p: Option<f64>,
}

#[derive(Deserialize)]
struct Message {
    role: Option<String>,
    content: Option<Size>,
}

#[derive(Deserialize)]
struct Completion {
    echo: Option<bool>,
    frequency_penalty: Option<f64>,
    logprobs: Option<i64>,
    max_tokens: Option<i64>,
    model: Option<String>,
    n: Option<i64>,
    presence_penalty: Option<f64>,
    prompt: Option<Size>,
    stop: Option<Stop>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    top_p: Option<f64>,
}

#[derive(Deserialize)]
struct StreamOptions {
    include_usage: Option<bool>,
}

/// How much a model is to think before it speaks.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Effort {
    None,
    Minimal,
    Low,
    Medium,
    High,
    XHigh,
}

impl Effort {
    /// How many eighths of the tokens are reasoning.
    fn eighths(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Minimal => 1,
            Self::Low => 2,
            Self::Medium => 4,
            Self::High => 6,
            Self::XHigh => 7,
        }
    }
}

/// Reads a chat request.
pub(super) fn chat(body: &[u8]) -> Result<Asked, Refusal> {
    let chat: Chat = parse(body)?;
    let messages = required(chat.messages, "messages")?;
    if messages.is_empty() {
        let message = "Expected at least one message in `messages`.";
        return Err(refuse("messages", message));
    }
    if let Some(index) = messages.iter().position(|message| message.role.is_none()) {
        return Err(missing(&format!("messages[{index}].role")));
    }
    accept_draw(&Draw {
        temperature: chat.temperature,
        top_p: chat.top_p,
        presence_penalty: chat.presence_penalty,
        frequency_penalty: chat.frequency_penalty,
    })?;
    let (max_tokens, field) = match chat.max_completion_tokens {
        Some(_) => (chat.max_completion_tokens, "max_completion_tokens"),
        None => (chat.max_tokens, "max_tokens"),
    };
    let model = required(chat.model, "model")?;
    let called = tool::call(body, chat.tools.as_deref(), chat.tool_choice.as_ref())?;
    let wish = Wish {
        max_tokens: accept_max_tokens(max_tokens, field, 1)?,
        reasoning_eighths: chat.reasoning_effort.map_or(0, Effort::eighths),
        stops: chat.stop.unwrap_or_default().0,
        instead: match called {
            Some(call) => Some(call),
            None => tool::structured(body, chat.response_format.as_ref())?,
        },
    };
    let top = accept_logprobs(chat.top_logprobs, "top_logprobs")?;
    let logprobs = match (chat.logprobs, top) {
        (Some(true), top) => Some(Logprobs::Chat {
            top: top.unwrap_or_default(),
        }),
        (Some(false) | None, None) => None,
        (Some(false) | None, Some(_)) => {
            let message = "`top_logprobs` needs `logprobs` to be true.";
            return Err(refuse("top_logprobs", message));
        }
    };
    let sizes = messages.iter().filter_map(|message| message.content);
    Ok(Asked {
        model,
        prompt_tokens: sizes.map(|size| size.tokens).sum(),
        choices: share_out(&wish, 1, accept_n(chat.n)?, logprobs, field)?,
        logprobs,
        stream: stream(chat.stream, chat.stream_options.as_ref()),
    })
}

/// Reads a completion request.
pub(super) fn completion(body: &[u8]) -> Result<Asked, Refusal> {
    let completion: Completion = parse(body)?;
    let prompt = required(completion.prompt, "prompt")?;
    let model = required(completion.model, "model")?;
    accept_draw(&Draw {
        temperature: completion.temperature,
        top_p: completion.top_p,
        presence_penalty: completion.presence_penalty,
        frequency_penalty: completion.frequency_penalty,
    })?;
    let echoes = completion.echo == Some(true);
    let fewest = u32::from(!echoes);
    let wish = Wish {
        max_tokens: accept_max_tokens(completion.max_tokens, "max_tokens", fewest)?,
        stops: completion.stop.unwrap_or_default().0,
        ..Wish::default()
    };
    let top = accept_logprobs(completion.logprobs, "logprobs")?;
    let logprobs = top.map(|top| Logprobs::Completion { top });
    let n = accept_n(completion.n)?;
    let mut choices = share_out(&wish, prompt.prompts, n, logprobs, "max_tokens")?;
    if echoes {
        echo::repeat(body, &mut choices, n)?;
    }
    Ok(Asked {
        model,
        prompt_tokens: prompt.tokens,
        choices,
        logprobs,
        stream: stream(completion.stream, completion.stream_options.as_ref()),
    })
}

fn stream(stream: Option<bool>, options: Option<&StreamOptions>) -> Option<Stream> {
    let usage = match options.and_then(|options| options.include_usage) {
        Some(true) => Stream::WithUsage,
        Some(false) | None => Stream::WithoutUsage,
    };
    (stream == Some(true)).then_some(usage)
}

/// Parses once; only a body that fails is parsed again, to say where.
pub(super) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    if rest::is_array(body) {
        let told = "Could not read the body: expected an object, found an array.";
        return Err(Refusal::bad_request(told.to_owned(), None));
    }
    named::from_slice(body).map_err(|error| {
        if !error.is_data() {
            return Refusal::bad_request(
                format!("Could not parse the body as JSON: {error}."),
                None,
            );
        }
        let mut json = serde_json::Deserializer::from_slice(body);
        match serde_path_to_error::deserialize::<_, T>(Named(&mut json)) {
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

pub(super) fn required<T>(value: Option<T>, field: &str) -> Result<T, Refusal> {
    value.ok_or_else(|| missing(field))
}

pub(super) fn missing(field: &str) -> Refusal {
    Refusal::bad_request(format!("Missing required field `{field}`."), Some(field))
}

/// A request whose `field` cannot be accepted.
pub(super) fn refuse(field: &str, message: impl Into<String>) -> Refusal {
    Refusal::bad_request(message, Some(field))
}
