//! Several kinds of requests beside each other, as many users together make them: what each slot asks for is drawn by its
//! number.
//!
//! In a file: `[ { weight: 3, name: short, chat: { .. } }, { weight: 1, name: long, completion: { .. } } ]`.

use super::draw::Draw;
use super::users::shared_out;
use super::{Conversation, Embedding, Generation, Inference, Journey, Workload, some};
use crate::seed::Seed;
use crate::units::wide;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;
use std::num::NonZero;
use std::sync::Arc;

/// The most parts of a mix.
const MOST_PARTS: usize = 100;

/// The largest weight of a part.
const MOST_WEIGHT: u32 = 1_000_000;

/// The longest name of a part.
const LONGEST_NAME: usize = 64;

/// The parts of a mix: 2 to 100, each with a name of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Part>", into = "Vec<Part>")]
pub struct Mix {
    parts: Vec<Part>,
    /// Where users make it: the part that each of them is of.
    users: Option<Arc<[usize]>>,
}

/// One part of a mix.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "File", into = "File")]
pub struct Part {
    weight: u32,
    name: String,
    workload: Box<Workload>,
}

impl Part {
    /// How often it is drawn, against the weights of the others.
    pub const fn weight(&self) -> u32 {
        self.weight
    }

    /// What reports call it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it asks for; never a mix.
    pub fn workload(&self) -> &Workload {
        &self.workload
    }
}

impl Mix {
    /// Its parts, in order.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Likewise, to change what they ask for.
    pub(super) fn workloads_mut(&mut self) -> impl Iterator<Item = &mut Workload> {
        self.parts.iter_mut().map(|part| &mut *part.workload)
    }

    /// The most requests that a slot of any part makes.
    pub(super) fn requests_per_slot(&self) -> u64 {
        let each = self.parts.iter();
        let each = each.map(|part| part.workload.requests_per_slot());
        each.max().unwrap_or(1)
    }

    /// Lets so many users make it, each one part for good.
    pub(super) fn is_made_by(&mut self, users: NonZero<u32>) {
        let weights: Vec<u32> = self.parts.iter().map(Part::weight).collect();
        self.users = Some(shared_out(&weights, users).into());
        for part in self.workloads_mut() {
            part.share_out(users);
        }
    }

    /// The part that a user is of.
    pub(super) fn part_of(&self, user: u32) -> usize {
        let users = self.users.as_deref().unwrap_or_default();
        let part = usize::try_from(user).ok().and_then(|user| users.get(user));
        part.copied().unwrap_or(0)
    }

    /// How many users are of a part.
    pub(super) fn users_of(&self, part: usize) -> usize {
        let users = self.users.as_deref().unwrap_or_default();
        users.iter().filter(|of| **of == part).count()
    }

    /// The part that a slot asks for, and its position.
    pub(super) fn draw(&self, seed: Seed, slot: u64) -> (usize, &Part) {
        if let Some(users) = &self.users {
            let user = usize::try_from(slot % wide(users.len()).max(1)).unwrap_or(0);
            let part = users.get(user).copied().unwrap_or(0);
            let made = self.parts.get(part).map(|made| (part, made));
            return made.unwrap_or_else(|| unreachable!("users are of parts that there are"));
        }
        let total: u64 = self.parts.iter().map(|part| u64::from(part.weight)).sum();
        let mark = Draw::of("mix", seed, slot).below(total);
        let mut end = 0;
        let mut parts = self.parts.iter().enumerate();
        let part = parts.find(|(_, part)| {
            end += u64::from(part.weight);
            mark < end
        });
        part.unwrap_or_else(|| unreachable!("the mark is below the sum of the weights"))
    }
}

impl TryFrom<Vec<Part>> for Mix {
    type Error = String;

    fn try_from(parts: Vec<Part>) -> Result<Self, String> {
        let found = parts.len();
        if !(2..=MOST_PARTS).contains(&found) {
            return Err(format!("expected 2 to {MOST_PARTS} parts, found {found}"));
        }
        for (place, part) in parts.iter().enumerate() {
            let mut before = parts.iter().take(place);
            if before.any(|other| other.name == part.name) {
                return Err(format!(
                    "expected a name of its own for each part, found `{}` twice",
                    part.name
                ));
            }
        }
        Ok(Self { parts, users: None })
    }
}

impl From<Mix> for Vec<Part> {
    fn from(mix: Mix) -> Self {
        mix.parts
    }
}

impl JsonSchema for Mix {
    fn schema_name() -> Cow<'static, str> {
        "Mix".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The parts of a mix, each with a name of its own.",
            "type": "array",
            "items": generator.subschema_for::<Part>(),
            "minItems": 2,
            "maxItems": MOST_PARTS,
        })
    }
}

/// One part of a mix: exactly one of `chat`, `completion`, `conversation`, `embedding`, `tensor` and `journey`, and how often it is drawn.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct File {
    /// How often it is drawn, against the weights of the other parts.
    #[serde(
        default = "one",
        deserialize_with = "weight",
        skip_serializing_if = "is_one"
    )]
    #[schemars(range(min = 1, max = 1_000_000))]
    weight: u32,
    /// What reports and rules call it.
    #[serde(deserialize_with = "name")]
    #[schemars(extend("pattern" = "^[a-z0-9-]{1,64}$"))]
    name: String,
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
    /// Holds conversations of several turns.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    conversation: Option<Conversation>,
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
    /// Makes several requests one after the other.
    #[serde(
        default,
        deserialize_with = "some",
        skip_serializing_if = "Option::is_none"
    )]
    journey: Option<Journey>,
}

impl TryFrom<File> for Part {
    type Error = String;

    fn try_from(file: File) -> Result<Self, String> {
        let asked = [
            file.chat.map(Workload::Chat),
            file.completion.map(Workload::Completion),
            file.conversation.map(Workload::Conversation),
            file.embedding.map(Workload::Embedding),
            file.tensor.map(Workload::Tensor),
            file.journey.map(Workload::Journey),
        ];
        let mut asked = asked.into_iter().flatten();
        match (asked.next(), asked.next()) {
            (Some(workload), None) => Ok(Self {
                weight: file.weight,
                name: file.name,
                workload: Box::new(workload),
            }),
            (found, _) => Err(format!(
                "expected exactly one of `chat`, `completion`, `conversation`, `embedding`, `tensor` and `journey` in a part, found {}",
                if found.is_some() { "several" } else { "none" }
            )),
        }
    }
}

impl From<Part> for File {
    fn from(part: Part) -> Self {
        let mut file = Self {
            weight: part.weight,
            name: part.name,
            chat: None,
            completion: None,
            conversation: None,
            embedding: None,
            tensor: None,
            journey: None,
        };
        match *part.workload {
            Workload::Chat(chat) => file.chat = Some(chat),
            Workload::Completion(completion) => file.completion = Some(completion),
            Workload::Conversation(conversation) => file.conversation = Some(conversation),
            Workload::Embedding(embedding) => file.embedding = Some(embedding),
            Workload::Tensor(tensor) => file.tensor = Some(tensor),
            Workload::Journey(journey) => file.journey = Some(journey),
            Workload::Mix(_) => unreachable!("a mix is no part of a mix"),
        }
        file
    }
}

const fn one() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_one(weight: &u32) -> bool {
    *weight == 1
}

fn weight<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let weight = u32::deserialize(deserializer)?;
    if (1..=MOST_WEIGHT).contains(&weight) {
        return Ok(weight);
    }
    Err(serde::de::Error::custom(format_args!(
        "expected 1 to {MOST_WEIGHT}, found `{weight}`"
    )))
}

fn name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let name = String::deserialize(deserializer)?;
    let is_one = !name.is_empty()
        && name.len() <= LONGEST_NAME
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if is_one {
        return Ok(name);
    }
    Err(serde::de::Error::custom(format_args!(
        "expected a name of at most {LONGEST_NAME} lower-case letters, digits and hyphens, found `{name}`"
    )))
}

#[cfg(test)]
mod tests;
