//! Conversations of several turns: each waits for the answer to the one before, which is part of what is sent with it.
//!
//! In a file: `{ model: tiny, turns: { uniform: { min: 2, max: 6 } }, prompt: { tokens: 16 }, output: { tokens: 32 }, think: 2s }`.

use super::asked::{Asked, Call, Content};
use super::draw::Draw;
use super::length::{Normal, Uniform};
use super::{Format, Generation, Length, Place, Prompts, Recorded, Think, Tokens, model, some};
use crate::seed::Seed;
use crate::units::{Period, wide};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

/// The most turns of a conversation.
const MOST_TURNS: u32 = 1000;

/// Later turns are told together.
const MOST_TOLD_APART: u64 = 100;

/// Conversations of several turns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Conversation {
    /// What each turn asks for.
    generation: Generation,
    turns: Option<Length>,
    think: Think,
    tell_turns_apart: bool,
}

impl Conversation {
    /// What each turn asks for.
    pub const fn generation(&self) -> &Generation {
        &self.generation
    }

    pub(super) const fn generation_mut(&mut self) -> &mut Generation {
        &mut self.generation
    }

    /// The most turns that one has.
    pub(super) fn most_turns(&self) -> u64 {
        let asked = match self.turns {
            Some(Length::Fixed(turns) | Length::Uniform(Uniform { max: turns, .. })) => turns,
            Some(Length::Normal(_) | Length::FromTrace(_)) | None => MOST_TURNS,
        };
        let recorded = self.recorded();
        let said = recorded.map(|recorded| wide(recorded.records().most_rounds()).max(1));
        said.map_or(asked.into(), |said| said.min(asked.into()))
    }

    /// How many turns the one of a slot has: those that are drawn, and no more than were recorded.
    pub(super) fn turns_of(&self, seed: Seed, slot: u64) -> u64 {
        let drawn = self.turns.as_ref().map(|turns| {
            let turns = turns.draw(&mut Draw::of("turns", seed, slot), slot);
            u64::from(turns.min(MOST_TURNS))
        });
        let said = self.recorded().map(|recorded| {
            let record = recorded.record(seed, slot);
            wide(record.map_or(1, |record| record.rounds.len()))
        });
        let most = self.most_turns();
        drawn.unwrap_or(most).min(said.unwrap_or(most)).min(most)
    }

    /// What a turn is told as, from 1, where turns are told apart.
    pub(super) fn told_as(&self, nth: u64) -> Option<u32> {
        let turn = u32::try_from(nth.min(MOST_TOLD_APART - 1)).ok()?;
        self.tell_turns_apart.then_some(turn + 1)
    }

    /// Everything that a turn is told as.
    pub(super) fn told(&self) -> Vec<Option<u32>> {
        let told = if self.tell_turns_apart {
            self.most_turns().min(MOST_TOLD_APART)
        } else {
            1
        };
        (0..told).map(|nth| self.told_as(nth)).collect()
    }

    /// One turn: what it adds to the conversation.
    pub(super) fn asked(&self, seed: Seed, place: Place) -> Asked {
        let think = match place.nth {
            0 => std::time::Duration::ZERO,
            _ => self.think.draw(&mut Draw::of("think", seed, place.seq)),
        };
        Asked {
            think,
            is_turn: true,
            cancel_after: self.generation.cancel_after.map(Period::duration),
            ..Asked::of(Call::Infer(Content::Generate(
                self.generation.turn(seed, place),
            )))
        }
    }

    fn recorded(&self) -> Option<&Recorded> {
        match &self.generation.prompt {
            Prompts::Drawn(_) => None,
            Prompts::Recorded(recorded) => Some(recorded),
        }
    }
}

/// Conversations of several turns: a slot of the load is one of them, each turn a request that has all that was said before.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "properties": { "prompt": { "required": ["tokens"] } } },
    "then" = { "required": ["output", "turns"] },
))]
struct File {
    /// The model to ask, by the name that the server knows.
    #[serde(deserialize_with = "model")]
    #[schemars(length(min = 1))]
    model: String,
    /// How many turns each has, 1 to 1000; those of a file when left out, and never more.
    #[serde(
        default,
        deserialize_with = "turns",
        skip_serializing_if = "Option::is_none"
    )]
    turns: Option<Length>,
    /// What each turn adds. A shared prefix is part of the first alone.
    prompt: Prompts,
    /// What each turn asks for. May be left out where a file says it for each.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    output: Option<Tokens>,
    /// The pause between an answer and the next turn.
    #[serde(default, skip_serializing_if = "Think::is_none")]
    think: Think,
    /// Send the answers token by token as they are generated?
    #[serde(default)]
    stream: bool,
    /// Give a turn up so long after it was sent, if its answer is not complete by then; never when left out.
    #[serde(
        default,
        deserialize_with = "super::generation::pause",
        skip_serializing_if = "Option::is_none"
    )]
    cancel_after: Option<Period>,
    /// Do reports tell first turns, second turns and so on apart?
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    tell_turns_apart: bool,
}

impl TryFrom<File> for Conversation {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        match &file.prompt {
            Prompts::Drawn(_) if file.turns.is_none() => {
                return Err("missing field `turns`".to_owned());
            }
            Prompts::Recorded(recorded) => match recorded.format() {
                Format::Jsonl(_) => {
                    return Err(
                        "expected `tokens` or `sharegpt` in the `prompt` of a conversation, found `jsonl`, whose lines are single requests"
                            .to_owned(),
                    );
                }
                Format::ShareGpt(_) => {}
            },
            Prompts::Drawn(_) => {}
        }
        Ok(Self {
            turns: file.turns,
            think: file.think,
            tell_turns_apart: file.tell_turns_apart,
            generation: Generation {
                model: file.model,
                prompt: file.prompt,
                output: file.output,
                stream: file.stream,
                distinct: None,
                cancel_after: file.cancel_after,
            },
        })
    }
}

impl From<Conversation> for File {
    fn from(conversation: Conversation) -> Self {
        let generation = conversation.generation;
        Self {
            model: generation.model,
            turns: conversation.turns,
            prompt: generation.prompt,
            output: generation.output,
            think: conversation.think,
            stream: generation.stream,
            cancel_after: generation.cancel_after,
            tell_turns_apart: conversation.tell_turns_apart,
        }
    }
}

fn turns<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Length>, D::Error> {
    let turns = Length::deserialize(deserializer)?;
    let fits = match turns {
        Length::Fixed(most) | Length::Uniform(Uniform { max: most, .. }) => most <= MOST_TURNS,
        Length::Normal(Normal { mean, .. }) => mean <= f64::from(MOST_TURNS),
        Length::FromTrace(_) => {
            return Err(D::Error::custom(
                "expected a number of turns or a distribution: a trace says nothing of turns",
            ));
        }
    };
    if fits {
        return Ok(Some(turns));
    }
    Err(D::Error::custom(format_args!(
        "expected at most {MOST_TURNS} turns, found more"
    )))
}

#[cfg(test)]
mod tests;
