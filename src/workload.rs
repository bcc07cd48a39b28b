//! What each request contains: a pure function of the seed and the request's position, so that the same request can be
//! made again anywhere, in any order, on any number of threads.
//!
//! In a file: `{ chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true } }`.

mod draw;
mod length;
mod words;

pub use length::Length;

use crate::seed::Seed;
use draw::Draw;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// What every request of a stage asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// The answer to a conversation of one turn.
    Chat(Generation),
    /// The continuation of a text.
    Completion(Generation),
}

/// A request for generated text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Generation {
    /// The model to ask, by the name that the server knows.
    #[serde(deserialize_with = "model")]
    #[schemars(length(min = 1))]
    pub model: String,
    /// What is sent.
    pub prompt: Tokens,
    /// What is asked for.
    pub output: Tokens,
    /// Send the answer token by token as it is generated?
    #[serde(default)]
    pub stream: bool,
}

/// An amount of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// How many tokens. A prompt has one word for each, which is close to one token for most models.
    pub tokens: Length,
}

/// What one request contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Content {
    /// The model to ask.
    pub model: String,
    /// What to send.
    pub prompt: Prompt,
    /// How many tokens to ask for at most.
    pub output_tokens: u32,
    /// Send the answer token by token?
    pub stream: bool,
}

/// The text of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// A conversation so far.
    Chat(Vec<Turn>),
    /// A text to go on with.
    Text(String),
}

/// One contribution to a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
}

/// Who speaks in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The one who asks.
    User,
}

impl Workload {
    /// What is asked for, whatever the form.
    pub const fn generation(&self) -> &Generation {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => generation,
        }
    }

    /// The content of request `seq`. Costs one string the size of the prompt; called on the sending path.
    pub fn content(&self, seed: Seed, seq: u64) -> Content {
        let generation = self.generation();
        let prompt_tokens = generation
            .prompt
            .tokens
            .draw(&mut Draw::of("prompt", seed, seq));
        let output_tokens = generation
            .output
            .tokens
            .draw(&mut Draw::of("output", seed, seq));
        let text = words::text(prompt_tokens, &mut Draw::of("words", seed, seq));
        let prompt = match self {
            Self::Chat(_) => Prompt::Chat(vec![Turn {
                role: Role::User,
                text,
            }]),
            Self::Completion(_) => Prompt::Text(text),
        };
        Content {
            model: generation.model.clone(),
            prompt,
            output_tokens,
            stream: generation.stream,
        }
    }
}

fn model<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    if name.trim().is_empty() {
        return Err(D::Error::custom(
            "expected the name of a model, found an empty text",
        ));
    }
    Ok(name)
}

#[cfg(test)]
mod tests;
