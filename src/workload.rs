//! What each request contains: a pure function of the seed and the request's position, so that the same request can be
//! made again anywhere, in any order, on any number of threads.
//!
//! In a file: `{ chat: { model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true } }`.
//!
//! A slot of the schedule is one request, or several of them one after the other. A request's number is that of its slot
//! times the most requests of a slot, and its place among them added.

mod ask;
mod asked;
mod conversation;
mod draw;
mod embedding;
mod generation;
mod inference;
mod journey;
mod length;
mod mix;
mod prompts;
mod records;
mod think;
mod traced;
mod users;
mod words;

pub use ask::{Ask, Kind};
pub use asked::{Asked, Call, Content, Generate, Prompt, Role, Turn};
pub use conversation::Conversation;
pub use embedding::{Embed, Embedding};
pub use generation::{Generation, Tokens};
pub use inference::{DrawnTensor, Infer, Inference, InputTensor};
pub use journey::{Act, Journey, Listing, Named, OnFailure, Step};
pub use length::Length;
pub use mix::{Mix, Part};
pub use prompts::{Drawn, Format, Prompts, Recorded, ShareGpt, SharedPrefix};
pub use records::{Order, Record, Records, Round};
pub use think::Think;
pub use traced::{LengthAt, Side, Traced};
pub use users::Stretch;
pub use words::Words;

use crate::seed::Seed;
use draw::Draw;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeSet;
use std::num::NonZero;
use std::ops::Range;

/// What every slot of a stage asks for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// The answer to a conversation of one turn.
    Chat(Generation),
    /// The continuation of a text.
    Completion(Generation),
    /// Conversations of several turns.
    Conversation(Conversation),
    /// The vectors of texts.
    Embedding(Embedding),
    /// What a model makes of tensors.
    Tensor(Inference),
    /// Several requests one after the other, loading and unloading models among them.
    Journey(Journey),
    /// One of several for each slot, drawn by their weights.
    Mix(Mix),
}

impl Workload {
    /// How many requests a slot is at most, one after the other.
    pub fn requests_per_slot(&self) -> u64 {
        match self {
            Self::Chat(_) | Self::Completion(_) | Self::Embedding(_) | Self::Tensor(_) => 1,
            Self::Conversation(conversation) => conversation.most_turns(),
            Self::Journey(journey) => journey.requests(),
            Self::Mix(mix) => mix.requests_per_slot(),
        }
    }

    /// The numbers of the requests of a slot, in order. Those that it has not, as another of a mix has more or a user has made them
    /// in its first round, are left out.
    pub fn requests_of(&self, seed: Seed, slot: u64) -> Range<u64> {
        let first = slot.saturating_mul(self.requests_per_slot());
        let (_, drawn) = self.drawn(seed, slot);
        let places = match drawn {
            Self::Conversation(conversation) => 0..conversation.turns_of(seed, slot),
            Self::Journey(journey) => journey.requests_of(slot),
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Mix(_) => 0..drawn.requests_per_slot(),
        };
        first.saturating_add(places.start)..first.saturating_add(places.end)
    }

    /// Request `seq`. Costs one string the size of each text; called on the sending path.
    pub fn asked(&self, seed: Seed, seq: u64) -> Asked {
        let place = self.place_of(seq);
        let (_, drawn) = self.drawn(seed, place.slot);
        let asked = drawn.ask(place.nth).asked(seed, place);
        match drawn {
            Self::Journey(journey) => {
                let step = journey.step(place.nth);
                Asked {
                    think: step.think.draw(&mut Draw::of("think", seed, seq)),
                    on_failure: step.on_failure,
                    ..asked
                }
            }
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Mix(_) => asked,
        }
    }

    /// What kind request `seq` is of.
    pub fn kind(&self, seed: Seed, seq: u64) -> Kind {
        let place = self.place_of(seq);
        let (part, drawn) = self.drawn(seed, place.slot);
        let ask = drawn.ask(place.nth);
        let turn = match ask {
            Ask::Conversation(conversation) => conversation.told_as(place.nth),
            Ask::Chat(_)
            | Ask::Completion(_)
            | Ask::Embedding(_)
            | Ask::Tensor(_)
            | Ask::Load(_)
            | Ask::Unload(_)
            | Ask::ListModels(_)
            | Ask::RefreshModels(_) => None,
        };
        Kind {
            part,
            turn,
            operation: ask.operation(),
        }
    }

    /// Every kind of request that there is, in order.
    pub fn kinds(&self) -> BTreeSet<Kind> {
        match self {
            Self::Mix(mix) => {
                let parts = mix.parts().iter().enumerate();
                let kinds = parts.flat_map(|(index, part)| part.workload().told(Some(index)));
                kinds.collect()
            }
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Journey(_) => self.told(None).into_iter().collect(),
        }
    }

    /// Every kind that it has as a part of a mix, or by itself.
    fn told(&self, part: Option<usize>) -> Vec<Kind> {
        let kinds = self.asks().into_iter().flat_map(|(_, ask)| {
            let turns = match ask {
                Ask::Conversation(conversation) => conversation.told(),
                Ask::Chat(_)
                | Ask::Completion(_)
                | Ask::Embedding(_)
                | Ask::Tensor(_)
                | Ask::Load(_)
                | Ask::Unload(_)
                | Ask::ListModels(_)
                | Ask::RefreshModels(_) => vec![None],
            };
            let operation = ask.operation();
            turns.into_iter().map(move |turn| Kind {
                part,
                turn,
                operation,
            })
        });
        kinds.collect()
    }

    /// The name of a part of a mix.
    pub fn part_name(&self, part: usize) -> Option<&str> {
        let parts = match self {
            Self::Mix(mix) => mix.parts(),
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Journey(_) => &[],
        };
        parts.get(part).map(Part::name)
    }

    /// Everything that it asks for, and where each stands in it: `mix[1].journey[0].load`.
    pub fn asks(&self) -> Vec<(String, Ask<'_>)> {
        let alone = |ask: Ask<'_>| ask.key().to_owned();
        match self {
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_) => {
                let ask = self.ask(0);
                vec![(alone(ask), ask)]
            }
            Self::Journey(journey) => {
                let asks = journey.steps().iter().map(|step| step.act.ask());
                let placed = |(index, ask)| (format!("journey[{index}].{}", alone(ask)), ask);
                asks.enumerate().map(placed).collect()
            }
            Self::Mix(mix) => {
                let parts = mix.parts().iter().enumerate();
                let placed = parts.flat_map(|(index, part)| {
                    let asks = part.workload().asks().into_iter();
                    asks.map(move |(place, ask)| (format!("mix[{index}].{place}"), ask))
                });
                placed.collect()
            }
        }
    }

    /// Every model that is asked for, loaded or unloaded, each once, in order.
    pub fn models(&self) -> Vec<&str> {
        let mut models = Vec::new();
        for model in self.asks().into_iter().flat_map(|(_, ask)| ask.models()) {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }

    /// Every request for text that it makes, and where each stands in it, to be filled with what files say.
    pub fn generations_mut(&mut self) -> Vec<(String, &mut Generation)> {
        match self {
            Self::Chat(generation) => vec![("chat".to_owned(), generation)],
            Self::Completion(generation) => vec![("completion".to_owned(), generation)],
            Self::Conversation(conversation) => {
                vec![("conversation".to_owned(), conversation.generation_mut())]
            }
            Self::Embedding(_) | Self::Tensor(_) => Vec::new(),
            Self::Journey(journey) => {
                let steps = journey.steps_mut().iter_mut().enumerate();
                let generations = steps.filter_map(|(index, step)| {
                    let key = step.act.ask().key();
                    let generation = step.act.generation_mut()?;
                    Some((format!("journey[{index}].{key}"), generation))
                });
                generations.collect()
            }
            Self::Mix(mix) => {
                let parts = mix.workloads_mut().enumerate();
                let generations = parts.flat_map(|(index, part)| {
                    let generations = part.generations_mut().into_iter();
                    generations.map(move |(place, one)| (format!("mix[{index}].{place}"), one))
                });
                generations.collect()
            }
        }
    }

    /// The slot that a request belongs to, and its place in it.
    fn place_of(&self, seq: u64) -> Place {
        let each = self.requests_per_slot().max(1);
        let (slot, nth) = (seq / each, seq % each);
        Place { slot, nth, seq }
    }

    /// What a slot asks for, and which part of a mix that is.
    fn drawn(&self, seed: Seed, slot: u64) -> (Option<usize>, &Self) {
        match self {
            Self::Mix(mix) => {
                let (index, part) = mix.draw(seed, slot);
                (Some(index), part.workload())
            }
            Self::Chat(_)
            | Self::Completion(_)
            | Self::Conversation(_)
            | Self::Embedding(_)
            | Self::Tensor(_)
            | Self::Journey(_) => (None, self),
        }
    }

    /// What the request at this place of a slot asks for.
    fn ask(&self, nth: u64) -> Ask<'_> {
        match self {
            Self::Chat(generation) => Ask::Chat(generation),
            Self::Completion(generation) => Ask::Completion(generation),
            Self::Conversation(conversation) => Ask::Conversation(conversation),
            Self::Embedding(embedding) => Ask::Embedding(embedding),
            Self::Tensor(inference) => Ask::Tensor(inference),
            Self::Journey(journey) => journey.step(nth).act.ask(),
            Self::Mix(_) => unreachable!("a mix is no part of a mix"),
        }
    }
}

/// Where a request stands in a stage.
#[derive(Debug, Clone, Copy)]
struct Place {
    /// The number of its slot.
    slot: u64,
    /// Its place among the requests of that, from 0.
    nth: u64,
    /// Its own number.
    seq: u64,
}

/// The number of the content of request `seq` where only so many are distinct.
fn repeated(distinct: Option<NonZero<u64>>, seq: u64) -> u64 {
    distinct.map_or(seq, |distinct| seq % distinct)
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

/// A setting that is there has a value.
fn some<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[cfg(test)]
mod tests;
