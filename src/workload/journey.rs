//! Several requests one after the other, as one user makes them: each waits for the end of the one before.
//!
//! In a file: `[ { load: { model: tiny } }, { chat: { .. }, times: 5, think: 1s }, { unload: { model: tiny } } ]`.

use super::{Ask, Embedding, Generation, Inference, Think, model, some};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::num::NonZero;
use std::ops::Range;

/// More steps in a list are nothing that anybody reads.
const MOST_STEPS: usize = 100;

/// The most requests that one step makes.
const MOST_TIMES: u32 = 10_000;

/// The steps of a journey, in order: 1 to 100.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Step>", into = "Vec<Step>")]
pub struct Journey {
    steps: Vec<Step>,
    /// Where users make it: how many there are.
    users: Option<NonZero<u32>>,
}

impl TryFrom<Vec<Step>> for Journey {
    type Error = String;

    fn try_from(steps: Vec<Step>) -> Result<Self, String> {
        let found = steps.len();
        if !(1..=MOST_STEPS).contains(&found) {
            return Err(format!("expected 1 to {MOST_STEPS} steps, found {found}"));
        }
        let mut after = steps.iter().skip_while(|step| step.once).peekable();
        if after.peek().is_none() {
            return Err(
                "expected a step that is made in each round, found `once` in all".to_owned(),
            );
        }
        if after.any(|step| step.once) {
            return Err(
                "expected steps with `once` before all others, found one after them".to_owned(),
            );
        }
        Ok(Self { steps, users: None })
    }
}

impl From<Journey> for Vec<Step> {
    fn from(journey: Journey) -> Self {
        journey.steps
    }
}

impl JsonSchema for Journey {
    fn schema_name() -> Cow<'static, str> {
        "Journey".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The steps of a journey, in order.",
            "type": "array",
            "items": generator.subschema_for::<Step>(),
            "minItems": 1,
            "maxItems": MOST_STEPS,
        })
    }
}

/// One step of a journey: a request, or the same kind of request several times in a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Step {
    /// What is asked.
    pub act: Act,
    /// How often, one after the other: 1 to 10000.
    pub times: u32,
    /// The pause before each of them.
    pub think: Think,
    /// What becomes of the journey when it fails.
    pub on_failure: OnFailure,
    /// Does each user make it in its first round alone?
    pub once: bool,
}

/// What a step of a journey asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// The answer to a conversation of one turn.
    Chat(Generation),
    /// The continuation of a text.
    Completion(Generation),
    /// The vectors of texts.
    Embedding(Embedding),
    /// What a model makes of tensors.
    Tensor(Inference),
    /// To load a model.
    Load(Named),
    /// To unload a model.
    Unload(Named),
    /// Which models there are, from the client's list if it is young enough.
    ListModels(Listing),
    /// Which models there are now.
    RefreshModels(Listing),
}

/// A model by its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// The model's name, as the server knows it.
    #[serde(deserialize_with = "model")]
    #[schemars(length(min = 1))]
    pub model: String,
}

/// What a list of models must say to be right; `{}` takes any.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Listing {
    /// These models are loaded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub loaded: Vec<String>,
    /// These models are there and not loaded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub not_loaded: Vec<String>,
}

/// What becomes of a journey when one of its steps fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnFailure {
    /// It is over: the requests that were still to come are not sent.
    #[default]
    Stop,
    /// It goes on as if nothing had happened.
    Continue,
}

impl OnFailure {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl Journey {
    /// Its steps, in order.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Likewise, to change them.
    pub(super) fn steps_mut(&mut self) -> &mut [Step] {
        &mut self.steps
    }

    /// Lets so many users make it.
    pub(super) fn is_made_by(&mut self, users: NonZero<u32>) {
        self.users = Some(users);
    }

    /// How many requests it makes at most.
    pub(super) fn requests(&self) -> u64 {
        self.steps.iter().map(|step| u64::from(step.times)).sum()
    }

    /// The places of the requests that a slot makes: all, unless a user has been through it before.
    pub(super) fn requests_of(&self, slot: u64) -> Range<u64> {
        let is_first = self.users.is_none_or(|users| slot < users.get().into());
        let once = self.steps.iter().take_while(|step| step.once && !is_first);
        once.map(|step| u64::from(step.times)).sum()..self.requests()
    }

    /// The step that makes its request at this place.
    pub(super) fn step(&self, nth: u64) -> &Step {
        let mut end = 0;
        let step = self.steps.iter().find(|step| {
            end += u64::from(step.times);
            nth < end
        });
        step.unwrap_or_else(|| unreachable!("no place is beyond the requests that there are"))
    }
}

impl Act {
    /// The request for text, if it is one.
    pub(super) const fn generation_mut(&mut self) -> Option<&mut Generation> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => Some(generation),
            Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Load(_)
            | Self::Unload(_)
            | Self::ListModels(_)
            | Self::RefreshModels(_) => None,
        }
    }

    /// What it asks for.
    pub const fn ask(&self) -> Ask<'_> {
        match self {
            Self::Chat(generation) => Ask::Chat(generation),
            Self::Completion(generation) => Ask::Completion(generation),
            Self::Embedding(embedding) => Ask::Embedding(embedding),
            Self::Tensor(inference) => Ask::Tensor(inference),
            Self::Load(named) => Ask::Load(named),
            Self::Unload(named) => Ask::Unload(named),
            Self::ListModels(listing) => Ask::ListModels(listing),
            Self::RefreshModels(listing) => Ask::RefreshModels(listing),
        }
    }
}

/// One step: exactly one of `chat`, `completion`, `embedding`, `tensor`, `load`, `unload`, `list_models` and `refresh_models`, and how it
/// is made.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// Asks for the answer to a conversation of one turn.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    chat: Option<Generation>,
    /// Asks for the continuation of a text.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    completion: Option<Generation>,
    /// Asks for the vectors of texts.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    embedding: Option<Embedding>,
    /// Asks for what a model makes of tensors.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    tensor: Option<Inference>,
    /// Loads a model, and waits until it is ready.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    load: Option<Named>,
    /// Unloads a model.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    unload: Option<Named>,
    /// Asks which models there are; the client's own list answers if it is young enough.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    list_models: Option<Listing>,
    /// Asks the server which models there are.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    refresh_models: Option<Listing>,
    /// How often it is made, one after the other.
    #[serde(
        default = "one_time",
        deserialize_with = "times",
        skip_serializing_if = "is_one_time"
    )]
    #[schemars(range(min = 1, max = 10_000))]
    times: u32,
    /// The pause before it, and between its repetitions.
    #[serde(default, skip_serializing_if = "Think::is_none")]
    think: Think,
    /// What becomes of the journey when it fails.
    #[serde(default, skip_serializing_if = "OnFailure::is_default")]
    on_failure: OnFailure,
    /// Does each user make it in its first round alone? Only beside `load.users`, and before all other steps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    once: bool,
}

impl TryFrom<File> for Step {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        let acts = [
            file.chat.map(Act::Chat),
            file.completion.map(Act::Completion),
            file.embedding.map(Act::Embedding),
            file.tensor.map(Act::Tensor),
            file.load.map(Act::Load),
            file.unload.map(Act::Unload),
            file.list_models.map(Act::ListModels),
            file.refresh_models.map(Act::RefreshModels),
        ];
        let mut acts = acts.into_iter().flatten();
        let act = acts.next().ok_or(
            "expected one of `chat`, `completion`, `embedding`, `tensor`, `load`, `unload`, `list_models` and `refresh_models`, found none",
        )?;
        if let Some(other) = acts.next() {
            let (one, other) = (act.ask().key(), other.ask().key());
            return Err(format!(
                "expected one thing to do in a step, found `{one}` and `{other}`"
            ));
        }
        Ok(Self {
            act,
            times: file.times,
            think: file.think,
            on_failure: file.on_failure,
            once: file.once,
        })
    }
}

impl From<Step> for File {
    fn from(step: Step) -> Self {
        let file = Self {
            times: step.times,
            think: step.think,
            on_failure: step.on_failure,
            once: step.once,
            ..Self::default()
        };
        match step.act {
            Act::Chat(chat) => Self {
                chat: Some(chat),
                ..file
            },
            Act::Completion(completion) => Self {
                completion: Some(completion),
                ..file
            },
            Act::Embedding(embedding) => Self {
                embedding: Some(embedding),
                ..file
            },
            Act::Tensor(tensor) => Self {
                tensor: Some(tensor),
                ..file
            },
            Act::Load(load) => Self {
                load: Some(load),
                ..file
            },
            Act::Unload(unload) => Self {
                unload: Some(unload),
                ..file
            },
            Act::ListModels(listing) => Self {
                list_models: Some(listing),
                ..file
            },
            Act::RefreshModels(listing) => Self {
                refresh_models: Some(listing),
                ..file
            },
        }
    }
}

const fn one_time() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_one_time(times: &u32) -> bool {
    *times == 1
}

fn times<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let times = u32::deserialize(deserializer)?;
    if (1..=MOST_TIMES).contains(&times) {
        return Ok(times);
    }
    Err(serde::de::Error::custom(format!(
        "expected 1 to {MOST_TIMES}, found {times}"
    )))
}

#[cfg(test)]
mod tests;
