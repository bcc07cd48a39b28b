//! Requests for vectors: `{ model: tiny, inputs: 4, input: { tokens: 64 } }` is four texts of 64 words each.

use super::draw::Draw;
use super::generation::pause;
use super::{Asked, Call, Content, Tokens, Words, model, repeated};
use crate::seed::Seed;
use crate::units::Period;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::num::NonZero;

/// The most texts of one request: what OpenAI's API takes.
const MOST_TEXTS: u32 = 2048;

/// The longest vector that can be asked for.
const MOST_DIMENSIONS: u32 = 100_000;

/// A request for the vectors of texts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Embedding {
    /// The model to ask, by the name that the server knows.
    #[serde(deserialize_with = "model")]
    #[schemars(length(min = 1))]
    pub model: String,
    /// How many texts each request has, 1 to 2048.
    #[serde(default = "one", deserialize_with = "texts")]
    #[schemars(range(min = 1, max = 2048))]
    pub inputs: u32,
    /// How long each text is.
    pub input: Tokens,
    /// How many numbers each vector is to have, 1 to 100000; as many as the model has when left out.
    #[serde(
        default,
        deserialize_with = "dimensions",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(range(min = 1, max = 100_000))]
    pub dimensions: Option<u32>,
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
    /// What texts are made of.
    #[serde(skip)]
    pub words: Words,
}

/// What one request for vectors contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Embed {
    /// The model to ask.
    pub model: String,
    /// What to embed.
    pub texts: Vec<String>,
    /// How long the vectors are to be.
    pub dimensions: Option<u32>,
}

impl Embedding {
    pub(super) fn asked(&self, seed: Seed, seq: u64) -> Asked {
        let seq = repeated(self.distinct, seq);
        Asked {
            cancel_after: self.cancel_after.map(Period::duration),
            ..Asked::of(Call::Infer(Content::Embed(self.content(seed, seq))))
        }
    }

    /// The content of request `seq`.
    fn content(&self, seed: Seed, seq: u64) -> Embed {
        let mut lengths = Draw::of("prompt", seed, seq);
        let mut drawn = Draw::of("words", seed, seq);
        let text = |_| {
            let tokens = self.input.tokens.draw(&mut lengths, seq);
            self.words.text(tokens, &mut drawn)
        };
        Embed {
            model: self.model.clone(),
            texts: (0..self.inputs).map(text).collect(),
            dimensions: self.dimensions,
        }
    }
}

const fn one() -> u32 {
    1
}

fn texts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    within(deserializer, MOST_TEXTS, "texts")
}

fn dimensions<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    within(deserializer, MOST_DIMENSIONS, "numbers").map(Some)
}

fn within<'de, D: Deserializer<'de>>(
    deserializer: D,
    most: u32,
    what: &str,
) -> Result<u32, D::Error> {
    let found = u64::deserialize(deserializer)?;
    match u32::try_from(found) {
        Ok(number) if (1..=most).contains(&number) => Ok(number),
        Ok(_) | Err(_) => Err(D::Error::custom(format_args!(
            "expected 1 to {most} {what}, found `{found}`"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &str) -> Result<Embedding, String> {
        let json = format!(r#"{{"model":"tiny","input":{{"tokens":3}}{fields}}}"#);
        serde_json::from_str(&json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_request_has_its_texts_for_ever_and_no_two_of_them_are_alike() {
        let embedding = read(r#","inputs":2,"dimensions":8"#).unwrap();

        let content = embedding.content(Seed::new(7), 3);

        assert_eq!(
            content,
            Embed {
                model: "tiny".to_owned(),
                texts: ["glass green draw", "begin first gather"]
                    .map(str::to_owned)
                    .to_vec(),
                dimensions: Some(8),
            }
        );
    }

    #[test]
    fn numbers_have_bounds_and_defaults() {
        let plain = read("").unwrap();

        assert_eq!((plain.inputs, plain.dimensions), (1, None));
        assert_eq!(
            read(r#","inputs":2048,"dimensions":1"#).unwrap().inputs,
            2048
        );
        assert_eq!(
            read(r#","inputs":0"#),
            Err("expected 1 to 2048 texts, found `0` at line 1 column 48".to_owned())
        );
        assert_eq!(
            read(r#","dimensions":100001"#),
            Err("expected 1 to 100000 numbers, found `100001` at line 1 column 57".to_owned())
        );
    }
}
