//! Conversations in the form of `ShareGPT`, a list of
//! `{ "conversations": [ { "from": "human", "value": "Who are you?" }, { "from": "gpt", "value": "A model." } ] }`.
//!
//! What was asked is sent, and the answer only says how long the answer may be. A conversation is read as far as `human` and `gpt`
//! take turns, beginning with `human`; a `system` text before that is kept. It ends before the first round in which either says
//! nothing, the prompt is too long, or all that was said until then is. One without a round left, or whose first prompt or
//! answer has fewer than four tokens, is left out. These are the rules of vLLM's benchmark, which looks at the first round alone.

use super::super::asked::{Role, Turn};
use super::super::length;
use super::{Error, Record, Records, Round, said};
use serde::Deserialize;
use std::num::NonZero;

/// Shorter first prompts and answers say nothing of what a model is asked.
const FEWEST_TOKENS: u32 = 4;

#[derive(Deserialize)]
struct Dialogue {
    #[serde(alias = "conversation")]
    conversations: Vec<Said>,
}

#[derive(Deserialize)]
struct Said {
    from: String,
    value: String,
}

/// Who speaks.
#[derive(PartialEq, Eq)]
enum Speaker {
    Human,
    Model,
    System,
    Other,
}

impl Said {
    fn speaker(&self) -> Speaker {
        match self.from.as_str() {
            "human" | "user" => Speaker::Human,
            "gpt" | "chatgpt" | "assistant" | "model" => Speaker::Model,
            "system" => Speaker::System,
            _ => Speaker::Other,
        }
    }
}

/// Says how many tokens a text has.
type Count<'a> = &'a dyn Fn(&str) -> u32;

impl Records {
    /// Reads a file; `most` are the tokens of a prompt, and of all that is said.
    pub(in super::super) fn sharegpt(
        text: &str,
        limit: Option<NonZero<u32>>,
        most: (u32, u32),
        count: Count<'_>,
    ) -> Result<Self, Error> {
        let dialogues: Vec<Dialogue> = serde_json::from_str(text).map_err(|error| {
            let (told, column) = said(&error);
            Error::Line {
                line: error.line(),
                message: format!("{told}, in column {column}"),
            }
        })?;
        let found = dialogues.len();
        let limit = limit.and_then(|limit| usize::try_from(limit.get()).ok());
        let records = dialogues
            .into_iter()
            .filter_map(|dialogue| record(dialogue.conversations, most, count));
        let list: Vec<Record> = records.take(limit.unwrap_or(usize::MAX)).collect();
        if list.is_empty() {
            return Err(Error::Whole(format!(
                "expected conversations in which `human` asks and `gpt` answers, found none that can be used among {found}"
            )));
        }
        Self::of(text, list)
    }
}

fn record(said: Vec<Said>, most: (u32, u32), count: Count<'_>) -> Option<Record> {
    let mut said = said.into_iter().peekable();
    let opening = said
        .next_if(|said| said.speaker() == Speaker::System)
        .map(|said| Turn {
            role: Role::System,
            text: said.value,
        });
    let opening: Vec<Turn> = opening.into_iter().collect();
    let mut total: u32 = opening.iter().map(|turn| count(&turn.text)).sum();
    let mut rounds = Vec::new();
    while let Some((ask, answer)) = round(&mut said) {
        let (asked, answered) = (count(&ask), count(&answer));
        total = total.saturating_add(asked).saturating_add(answered);
        let is_short = asked.min(answered) < FEWEST_TOKENS;
        if asked > most.0 || total > most.1 || (rounds.is_empty() && is_short) {
            break;
        }
        rounds.push(Round {
            text: ask,
            output_tokens: Some(answered.clamp(1, length::MOST)),
        });
    }
    (!rounds.is_empty()).then_some(Record {
        opening,
        rounds,
        model: None,
        line: None,
    })
}

/// What is asked and answered next, if that is what comes next and both say something.
fn round(said: &mut impl Iterator<Item = Said>) -> Option<(String, String)> {
    let mut next = |speaker: Speaker| {
        let said = said.next()?;
        let says = !said.value.trim().is_empty();
        (said.speaker() == speaker && says).then_some(said.value)
    };
    Some((next(Speaker::Human)?, next(Speaker::Model)?))
}
