//! Requests for generated text: `{ model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true }`.

use super::asked::{Asked, Call, Content, Generate, Prompt, Role, Turn};
use super::draw::Draw;
use super::{Length, Place, Prompts, Record, model, repeated, some};
use crate::seed::Seed;
use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::num::NonZero;

/// A request for generated text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend(
    "if" = { "properties": { "prompt": { "required": ["tokens"] } } },
    "then" = { "required": ["output"] },
))]
pub struct Generation {
    /// The model to ask, by the name that the server knows.
    #[serde(deserialize_with = "model")]
    #[schemars(length(min = 1))]
    pub model: String,
    /// What is sent.
    pub prompt: Prompts,
    /// What is asked for. May be left out where a file of prompts says it for each.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    pub output: Option<Tokens>,
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
    /// How many tokens.
    pub tokens: Length,
}

/// The form of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Chat,
    Completion,
}

impl Generation {
    pub(super) fn asked(&self, form: Form, seed: Seed, seq: u64) -> Asked {
        let seq = repeated(self.distinct, seq);
        Asked {
            cancel_after: self.cancel_after.map(Period::duration),
            ..Asked::of(Call::Infer(Content::Generate(
                self.content(form, seed, seq),
            )))
        }
    }

    /// The models that it may ask.
    pub fn models(&self) -> impl Iterator<Item = &str> {
        let recorded = match &self.prompt {
            Prompts::Drawn(_) => None,
            Prompts::Recorded(recorded) => Some(recorded.records().models()),
        };
        std::iter::once(self.model.as_str()).chain(recorded.into_iter().flatten())
    }

    fn content(&self, form: Form, seed: Seed, seq: u64) -> Generate {
        match &self.prompt {
            Prompts::Drawn(drawn) => self.drawn(form, seed, seq, drawn.text(seed, seq)),
            Prompts::Recorded(recorded) => {
                self.recorded(form, seed, seq, (recorded.record(seed, seq), 0))
            }
        }
    }

    /// What a turn adds to its conversation.
    pub(super) fn turn(&self, seed: Seed, place: Place) -> Generate {
        let Place { slot, nth, seq } = place;
        match &self.prompt {
            Prompts::Drawn(drawn) => {
                let text = match nth {
                    0 => drawn.text(seed, seq),
                    _ => drawn.own(seed, seq),
                };
                self.drawn(Form::Chat, seed, seq, text)
            }
            Prompts::Recorded(recorded) => {
                let nth = usize::try_from(nth).unwrap_or(usize::MAX);
                self.recorded(Form::Chat, seed, seq, (recorded.record(seed, slot), nth))
            }
        }
    }

    fn drawn(&self, form: Form, seed: Seed, seq: u64, text: String) -> Generate {
        Generate {
            model: self.model.clone(),
            prompt: form.prompt(&[], text),
            // No plan leaves it open.
            output_tokens: self.output_tokens(seed, seq).unwrap_or(1),
            stream: self.stream,
        }
    }

    /// What was asked in a round of a record; nothing where there is none.
    fn recorded(
        &self,
        form: Form,
        seed: Seed,
        seq: u64,
        (record, nth): (Option<&Record>, usize),
    ) -> Generate {
        let round = record.and_then(|record| record.rounds.get(nth));
        let opening = record.filter(|_| nth == 0).map(|record| &record.opening);
        let text = round.map(|round| round.text.clone()).unwrap_or_default();
        let model = record.and_then(|record| record.model.as_ref());
        let recorded = || round.and_then(|round| round.output_tokens);
        let output_tokens = self.output_tokens(seed, seq).or_else(recorded);
        Generate {
            model: model.unwrap_or(&self.model).clone(),
            prompt: form.prompt(opening.map(Vec::as_slice).unwrap_or_default(), text),
            output_tokens: output_tokens.unwrap_or(1),
            stream: self.stream,
        }
    }

    /// How many tokens are wanted of request `seq`, where the workload says it.
    fn output_tokens(&self, seed: Seed, seq: u64) -> Option<u32> {
        let output = self.output.as_ref()?;
        Some(output.tokens.draw(&mut Draw::of("output", seed, seq), seq))
    }
}

impl Form {
    /// What is sent: a text in answer to what was said before.
    fn prompt(self, opening: &[Turn], text: String) -> Prompt {
        match self {
            Self::Chat => {
                let asked = Turn {
                    role: Role::User,
                    text,
                };
                Prompt::Chat(opening.iter().cloned().chain([asked]).collect())
            }
            Self::Completion => {
                let before = opening.iter().map(|turn| turn.text.as_str());
                let texts: Vec<&str> = before.chain([text.as_str()]).collect();
                Prompt::Text(texts.join("\n"))
            }
        }
    }
}

/// A time to wait for, of which there is some.
pub(super) fn pause<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Period>, D::Error> {
    let period = Period::deserialize(deserializer)?;
    if period.is_zero() {
        return Err(D::Error::custom("expected a duration above 0s, found `0s`"));
    }
    Ok(Some(period))
}
