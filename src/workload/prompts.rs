//! Where prompts come from: drawn from the seed, `{ tokens: 64 }`, with a beginning that many of them share,
//! `{ tokens: 64, shared_prefix: { tokens: 512, groups: 8 } }`, or read from a file, `{ jsonl: prompts.jsonl }`.

mod drawn;
mod recorded;

pub use drawn::{Drawn, SharedPrefix};
pub use recorded::{Format, Recorded, ShareGpt};

use super::records::Order;
use super::{Length, Words, some};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// Where prompts come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub enum Prompts {
    /// From the seed.
    Drawn(Drawn),
    /// From a file.
    Recorded(Recorded),
}

/// What is sent: drawn from the seed with `tokens`, or read from a file with `jsonl` or `sharegpt`.
#[derive(Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    { "required": ["tokens"] },
    { "required": ["jsonl"] },
    { "required": ["sharegpt"] },
]))]
struct File {
    /// How many tokens. A prompt has one word for each, which is close to one token for most models.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    tokens: Option<Length>,
    /// A beginning that many prompts have in common, before what each has alone. Only with `tokens`.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    shared_prefix: Option<SharedPrefix>,
    /// A file with a prompt on each line, as JSON; relative to the scenario.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    jsonl: Option<String>,
    /// A file of conversations in the form of `ShareGPT`; relative to the scenario.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    sharegpt: Option<String>,
    /// In which order a file's prompts are sent; the file's own when left out. Only with a file.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    order: Option<Order>,
    /// Only the first so many of a file's prompts; all when left out. Only with a file.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    limit: Option<NonZero<u32>>,
    /// Longer prompts are left out, 1024 when this is. Only with `sharegpt`.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    max_prompt_tokens: Option<NonZero<u32>>,
    /// What has more tokens, prompt and answer together, is left out; 2048 when this is. Only with `sharegpt`.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    max_total_tokens: Option<NonZero<u32>>,
}

impl File {
    /// The first field that says nothing beside what the block is about.
    fn besides(&self) -> Option<(&'static str, &'static str)> {
        let is_file = self.tokens.is_none();
        let is_sharegpt = self.sharegpt.is_some();
        let unfit = [
            (
                "shared_prefix",
                self.shared_prefix.is_some() && is_file,
                "`tokens`",
            ),
            ("order", self.order.is_some() && !is_file, "a file"),
            ("limit", self.limit.is_some() && !is_file, "a file"),
            (
                "max_prompt_tokens",
                self.max_prompt_tokens.is_some() && !is_sharegpt,
                "`sharegpt`",
            ),
            (
                "max_total_tokens",
                self.max_total_tokens.is_some() && !is_sharegpt,
                "`sharegpt`",
            ),
        ];
        let mut unfit = unfit.into_iter().filter(|(_, is_unfit, _)| *is_unfit);
        unfit.next().map(|(field, _, with)| (field, with))
    }
}

impl TryFrom<File> for Prompts {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        if let Some((field, with)) = file.besides() {
            return Err(format!("expected `{field}` only with {with}"));
        }
        let format = match (file.tokens, file.jsonl, file.sharegpt) {
            (Some(tokens), None, None) => {
                let shared_prefix = file.shared_prefix;
                return Ok(Self::Drawn(Drawn {
                    tokens,
                    shared_prefix,
                    words: Words::default(),
                }));
            }
            (None, Some(jsonl), None) => Format::Jsonl(jsonl),
            (None, None, Some(sharegpt)) => Format::ShareGpt(ShareGpt {
                file: sharegpt,
                max_prompt_tokens: file.max_prompt_tokens,
                max_total_tokens: file.max_total_tokens,
            }),
            (None, None, None) => {
                return Err(
                    "expected one of `tokens`, `jsonl` and `sharegpt`, found none".to_owned(),
                );
            }
            _ => {
                return Err(
                    "expected one of `tokens`, `jsonl` and `sharegpt`, found several".to_owned(),
                );
            }
        };
        let order = file.order.unwrap_or_default();
        Ok(Self::Recorded(Recorded::new(format, order, file.limit)))
    }
}

impl From<Prompts> for File {
    fn from(prompts: Prompts) -> Self {
        match prompts {
            Prompts::Drawn(drawn) => Self {
                tokens: Some(drawn.tokens),
                shared_prefix: drawn.shared_prefix,
                ..Self::default()
            },
            Prompts::Recorded(recorded) => {
                let order = recorded.order();
                let file = Self {
                    order: (order != Order::default()).then_some(order),
                    limit: recorded.limit(),
                    ..Self::default()
                };
                match recorded.into_format() {
                    Format::Jsonl(jsonl) => Self {
                        jsonl: Some(jsonl),
                        ..file
                    },
                    Format::ShareGpt(sharegpt) => Self {
                        sharegpt: Some(sharegpt.file),
                        max_prompt_tokens: sharegpt.max_prompt_tokens,
                        max_total_tokens: sharegpt.max_total_tokens,
                        ..file
                    },
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
