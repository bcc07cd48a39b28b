//! What each request contains: a pure function of the seed and the request's position, so that the same request can be
//! made again anywhere, in any order, on any number of threads.
//!
//! In a file: `{ chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true } }`.
//!
//! A slot of the schedule is one request, or several of them one after the other. A request's number is that of its slot
//! times the requests of a slot, and its place among them added.

mod draw;
mod embedding;
mod inference;
mod journey;
mod length;
mod words;

pub use embedding::{Embed, Embedding};
pub use inference::{DrawnTensor, Infer, Inference, InputTensor};
pub use journey::{Act, Journey, Listing, Named, OnFailure, Step};
pub use length::Length;

use crate::seed::Seed;
use crate::units::Period;
use draw::Draw;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::num::NonZero;
use std::time::Duration;

/// What every slot of a stage asks for.
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
    /// Several requests one after the other, loading and unloading models among them.
    Journey(Journey),
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
    /// Give the request up so long after it was sent, if its answer is not complete by then; never when left out.
    #[serde(
        default,
        deserialize_with = "pause",
        skip_serializing_if = "Option::is_none"
    )]
    pub cancel_after: Option<Period>,
}

/// An amount of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Tokens {
    /// How many tokens. A prompt has one word for each, which is close to one token for most models.
    pub tokens: Length,
}

/// One request, and how it stands among those of its slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is asked.
    pub call: Call,
    /// The pause before it, after the end of the one before.
    pub think: Duration,
    /// How long after it was sent it is given up, if it is at all.
    pub cancel_after: Option<Duration>,
    /// Whether the slot goes on when it fails.
    pub on_failure: OnFailure,
}

/// What one request asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// For inference.
    Infer(Content),
    /// To load the model of this name.
    Load(String),
    /// To unload the model of this name.
    Unload(String),
    /// For the models that there are, as they were a while ago.
    ListModels(Listing),
    /// For the models that there are now.
    RefreshModels(Listing),
}

/// What one request for inference contains.
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
    /// How many requests a slot is, one after the other.
    pub fn requests_per_slot(&self) -> u64 {
        match self {
            Self::Chat(_) | Self::Completion(_) | Self::Embedding(_) | Self::Tensor(_) => 1,
            Self::Journey(journey) => journey.requests(),
        }
    }

    /// Request `seq`. Costs one string the size of each text; called on the sending path.
    pub fn asked(&self, seed: Seed, seq: u64) -> Asked {
        match self {
            Self::Chat(generation) => generation.asked(Form::Chat, seed, seq),
            Self::Completion(generation) => generation.asked(Form::Completion, seed, seq),
            Self::Embedding(embedding) => embedding.asked(seed, seq),
            Self::Tensor(inference) => inference.asked(seed, seq),
            Self::Journey(journey) => {
                let step = journey.step_of(seq);
                Asked {
                    think: step.think.duration(),
                    on_failure: step.on_failure,
                    ..step.act.asked(seed, seq)
                }
            }
        }
    }

    /// What it asks, by the names of files, each once.
    pub fn operations(&self) -> BTreeSet<&'static str> {
        match self {
            Self::Chat(_) => BTreeSet::from(["chat"]),
            Self::Completion(_) => BTreeSet::from(["completion"]),
            Self::Embedding(_) => BTreeSet::from(["embedding"]),
            Self::Tensor(_) => BTreeSet::from(["tensor"]),
            Self::Journey(journey) => {
                let steps = journey.steps().iter();
                steps.map(|step| step.act.key()).collect()
            }
        }
    }

    /// Every model that is asked for, loaded or unloaded, each once, in order.
    pub fn models(&self) -> Vec<&str> {
        let mut models = Vec::new();
        match self {
            Self::Chat(generation) | Self::Completion(generation) => {
                models.push(generation.model.as_str());
            }
            Self::Embedding(embedding) => models.push(embedding.model.as_str()),
            Self::Tensor(inference) => models.push(inference.model.as_str()),
            Self::Journey(journey) => {
                for model in journey.steps().iter().flat_map(|step| step.act.models()) {
                    if !models.contains(&model) {
                        models.push(model);
                    }
                }
            }
        }
        models
    }
}

impl Act {
    fn asked(&self, seed: Seed, seq: u64) -> Asked {
        match self {
            Self::Chat(generation) => generation.asked(Form::Chat, seed, seq),
            Self::Completion(generation) => generation.asked(Form::Completion, seed, seq),
            Self::Embedding(embedding) => embedding.asked(seed, seq),
            Self::Load(named) => Asked::of(Call::Load(named.model.clone())),
            Self::Unload(named) => Asked::of(Call::Unload(named.model.clone())),
            Self::ListModels(listing) => Asked::of(Call::ListModels(listing.clone())),
            Self::RefreshModels(listing) => Asked::of(Call::RefreshModels(listing.clone())),
        }
    }
}

impl Asked {
    /// A request by itself.
    fn of(call: Call) -> Self {
        Self {
            call,
            think: Duration::ZERO,
            cancel_after: None,
            on_failure: OnFailure::Stop,
        }
    }
}

/// The number of the content of request `seq` where only so many are distinct.
fn repeated(distinct: Option<NonZero<u64>>, seq: u64) -> u64 {
    distinct.map_or(seq, |distinct| seq % distinct)
}

impl Embedding {
    fn asked(&self, seed: Seed, seq: u64) -> Asked {
        let seq = repeated(self.distinct, seq);
        Asked::of(Call::Infer(Content::Embed(self.content(seed, seq))))
    }
}

impl Inference {
    fn asked(&self, seed: Seed, seq: u64) -> Asked {
        let seq = repeated(self.distinct, seq);
        Asked::of(Call::Infer(Content::Infer(self.content(seed, seq))))
    }
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Chat,
    Completion,
}

impl Generation {
    fn asked(&self, form: Form, seed: Seed, seq: u64) -> Asked {
        let seq = repeated(self.distinct, seq);
        Asked {
            cancel_after: self.cancel_after.map(Period::duration),
            ..Asked::of(Call::Infer(Content::Generate(
                self.content(form, seed, seq),
            )))
        }
    }

    fn content(&self, form: Form, seed: Seed, seq: u64) -> Generate {
        let prompt_tokens = self.prompt.tokens.draw(&mut Draw::of("prompt", seed, seq));
        let output_tokens = self.output.tokens.draw(&mut Draw::of("output", seed, seq));
        let text = words::text(prompt_tokens, &mut Draw::of("words", seed, seq));
        let prompt = match form {
            Form::Chat => Prompt::Chat(vec![Turn {
                role: Role::User,
                text,
            }]),
            Form::Completion => Prompt::Text(text),
        };
        Generate {
            model: self.model.clone(),
            prompt,
            output_tokens,
            stream: self.stream,
        }
    }
}

/// A time to wait for, of which there is some.
fn pause<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Period>, D::Error> {
    let period = Period::deserialize(deserializer)?;
    if period.is_zero() {
        return Err(D::Error::custom("expected a duration above 0s, found `0s`"));
    }
    Ok(Some(period))
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
