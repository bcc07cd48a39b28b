//! What each request contains: a pure function of the seed and the request's position, so that the same request can be
//! made again anywhere, in any order, on any number of threads.
//!
//! In a file: `{ chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true } }`.

mod draw;
mod embedding;
mod inference;
mod length;
mod words;

pub use embedding::{Embed, Embedding};
pub use inference::{DrawnTensor, Infer, Inference, InputTensor};
pub use length::Length;

use crate::seed::Seed;
use draw::Draw;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::num::NonZero;

/// What every request of a stage asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// The answer to a conversation of one turn.
    Chat(Generation),
    /// The continuation of a text.
    Completion(Generation),
    /// The vectors of texts.
    Embedding(Embedding),
    /// What a model makes of tensors.
    Tensor(Inference),
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
    /// How many different contents there are, one after the other and again from the first: request number n has that of
    /// number n modulo this. All differ when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<NonZero<u64>>,
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
#[serde(untagged)]
pub enum Content {
    /// It asks for text.
    Generate(Generate),
    /// It asks for vectors.
    Embed(Embed),
    /// It asks for tensors.
    Infer(Infer),
}

/// What one request for text contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Generate {
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
    /// The name of its kind in a file.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Chat(_) => "chat",
            Self::Completion(_) => "completion",
            Self::Embedding(_) => "embedding",
            Self::Tensor(_) => "tensor",
        }
    }

    /// The model to ask, by the name that the server knows.
    pub fn model(&self) -> &str {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => &generation.model,
            Self::Embedding(embedding) => &embedding.model,
            Self::Tensor(inference) => &inference.model,
        }
    }

    /// The text that is asked for; `None` where none is.
    pub const fn generation(&self) -> Option<&Generation> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => Some(generation),
            Self::Embedding(_) | Self::Tensor(_) => None,
        }
    }

    /// The content of request `seq`. Costs one string the size of each text; called on the sending path.
    pub fn content(&self, seed: Seed, seq: u64) -> Content {
        let seq = self.distinct().map_or(seq, |distinct| seq % distinct);
        match self {
            Self::Chat(generation) => Content::Generate(generation.content(seed, seq, |text| {
                let role = Role::User;
                Prompt::Chat(vec![Turn { role, text }])
            })),
            Self::Completion(generation) => {
                Content::Generate(generation.content(seed, seq, Prompt::Text))
            }
            Self::Embedding(embedding) => Content::Embed(embedding.content(seed, seq)),
            Self::Tensor(inference) => Content::Infer(inference.content(seed, seq)),
        }
    }

    /// How many different contents there are; `None` where all differ.
    const fn distinct(&self) -> Option<NonZero<u64>> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => generation.distinct,
            Self::Embedding(embedding) => embedding.distinct,
            Self::Tensor(inference) => inference.distinct,
        }
    }
}

impl Generation {
    fn content(&self, seed: Seed, seq: u64, prompt: impl FnOnce(String) -> Prompt) -> Generate {
        let prompt_tokens = self.prompt.tokens.draw(&mut Draw::of("prompt", seed, seq));
        let output_tokens = self.output.tokens.draw(&mut Draw::of("output", seed, seq));
        let text = words::text(prompt_tokens, &mut Draw::of("words", seed, seq));
        Generate {
            model: self.model.clone(),
            prompt: prompt(text),
            output_tokens,
            stream: self.stream,
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
