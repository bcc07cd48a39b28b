//! A prompt on each line, as a block of JSON: `{"prompt": "Who are you?", "output_tokens": 32}`, or a conversation so far, in the
//! words of `OpenAI`'s API: `{"messages": [{"role": "user", "content": "Who are you?"}], "max_tokens": 32, "model": "tiny"}`.
//! Other fields are passed over.

use super::super::asked::{Role, Turn};
use super::super::length;
use super::{Error, Record, Records, Round, said};
use serde::Deserialize;
use std::num::NonZero;

/// One line.
#[derive(Deserialize)]
struct Line {
    prompt: Option<String>,
    messages: Option<Vec<Message>>,
    output_tokens: Option<u32>,
    max_tokens: Option<u32>,
    model: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    role: Role,
    content: String,
}

impl Records {
    /// Reads a file of lines; those with nothing on them are passed over.
    pub(in super::super) fn jsonl(text: &str, limit: Option<NonZero<u32>>) -> Result<Self, Error> {
        let most = limit.and_then(|limit| usize::try_from(limit.get()).ok());
        let lines = (1..).zip(text.lines());
        let lines = lines.filter(|(_, line)| !line.trim().is_empty());
        let read = lines.take(most.unwrap_or(usize::MAX)).map(|(line, text)| {
            let told = |message| Error::Line { line, message };
            record(line, text).map_err(told)
        });
        let list: Vec<Record> = read.collect::<Result<_, _>>()?;
        if list.is_empty() {
            let told = "expected a prompt on each line, found nothing in the file";
            return Err(Error::Whole(told.to_owned()));
        }
        Self::of(text, list)
    }
}

fn record(line: usize, text: &str) -> Result<Record, String> {
    let read: Line = serde_json::from_str(text).map_err(|error| {
        let (told, column) = said(&error);
        format!("{told}, in column {column}")
    })?;
    let (opening, text) = match (read.prompt, read.messages) {
        (Some(prompt), None) => (Vec::new(), prompt),
        (None, Some(messages)) => conversation(messages)?,
        (None, None) => return Err("expected `prompt` or `messages`, found neither".to_owned()),
        (Some(_), Some(_)) => {
            return Err("expected one of `prompt` and `messages`, found both".to_owned());
        }
    };
    if text.is_empty() {
        return Err("expected a prompt, found an empty text".to_owned());
    }
    let output_tokens = match (read.output_tokens, read.max_tokens) {
        (Some(_), Some(_)) => {
            return Err("expected one of `output_tokens` and `max_tokens`, found both".to_owned());
        }
        (tokens, None) | (None, tokens) => tokens.map(in_range).transpose()?,
    };
    let model = read.model.map(named).transpose()?;
    Ok(Record {
        opening,
        rounds: vec![Round {
            text,
            output_tokens,
        }],
        model,
        line: Some(line),
    })
}

/// What has been said, and what is asked now.
fn conversation(messages: Vec<Message>) -> Result<(Vec<Turn>, String), String> {
    let turn = |message: Message| Turn {
        role: message.role,
        text: message.content,
    };
    let mut opening: Vec<Turn> = messages.into_iter().map(turn).collect();
    match opening.pop() {
        Some(Turn {
            role: Role::User,
            text,
        }) => Ok((opening, text)),
        Some(_) | None => {
            Err("expected the last of `messages` to be of the role `user`".to_owned())
        }
    }
}

fn in_range(tokens: u32) -> Result<u32, String> {
    if (1..=length::MOST).contains(&tokens) {
        return Ok(tokens);
    }
    let most = length::MOST;
    Err(format!(
        "expected 1 to {most} output tokens, found {tokens}"
    ))
}

fn named(model: String) -> Result<String, String> {
    if model.trim().is_empty() {
        return Err("expected the name of a model, found an empty text".to_owned());
    }
    Ok(model)
}
