//! Requests for generated text: `{ model: tiny, prompt: { tokens: 64 }, output: { tokens: 32 }, stream: true }`.

use super::asked::{Asked, Call, Content, Generate, Prompt, Role, Turn};
use super::draw::Draw;
use super::{Length, model, repeated, words};
use crate::seed::Seed;
use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::num::NonZero;

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

    fn content(&self, form: Form, seed: Seed, seq: u64) -> Generate {
        let (prompt, output) = (&self.prompt.tokens, &self.output.tokens);
        let prompt_tokens = prompt.draw(&mut Draw::of("prompt", seed, seq), seq);
        let output_tokens = output.draw(&mut Draw::of("output", seed, seq), seq);
        let drawn = &mut Draw::of("words", seed, seq);
        let text = match prompt.blocks(seq) {
            [] => words::text(prompt_tokens, drawn),
            blocks => words::text_of_blocks(prompt_tokens, blocks, seed, drawn),
        };
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
