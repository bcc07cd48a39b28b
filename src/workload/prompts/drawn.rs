//! Prompts that are drawn from the seed, word by word, and the beginnings that many of them share.

use super::super::draw::Draw;
use super::super::{Length, Words};
use crate::seed::Seed;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::num::NonZero;

/// Prompts that are drawn from the seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawn {
    /// How long what each of them has alone is.
    pub tokens: Length,
    /// What it has in common with others, before that.
    pub shared_prefix: Option<SharedPrefix>,
    /// What both are made of.
    pub words: Words,
}

/// A beginning that many prompts have in common, as a prefix cache takes advantage of: each prompt belongs to one of the
/// groups, as likely to each, and all of a group begin with the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SharedPrefix {
    /// How long it is, drawn for each group.
    pub tokens: Length,
    /// How many different ones there are.
    pub groups: NonZero<u32>,
}

impl Drawn {
    /// The prompt of request `seq`.
    pub(in super::super) fn text(&self, seed: Seed, seq: u64) -> String {
        let own = self.own(seed, seq);
        let Some(shared) = &self.shared_prefix else {
            return own;
        };
        let mut text = shared.text(&self.words, seed, shared.group_of(seed, seq));
        text.push(' ');
        text.push_str(&own);
        text
    }

    /// What it has alone.
    pub(in super::super) fn own(&self, seed: Seed, seq: u64) -> String {
        let tokens = self.tokens.draw(&mut Draw::of("prompt", seed, seq), seq);
        let drawn = &mut Draw::of("words", seed, seq);
        match self.tokens.blocks(seq) {
            [] => self.words.text(tokens, drawn),
            blocks => self.words.text_of_blocks(tokens, blocks, seed, drawn),
        }
    }
}

impl SharedPrefix {
    /// The group that request `seq` belongs to.
    fn group_of(&self, seed: Seed, seq: u64) -> u64 {
        let groups = u64::from(self.groups.get());
        Draw::of("group", seed, seq).below(groups)
    }

    fn text(&self, words: &Words, seed: Seed, group: u64) -> String {
        let tokens = self
            .tokens
            .draw(&mut Draw::of("prefix length", seed, group), group);
        words.text(tokens, &mut Draw::of("prefix", seed, group))
    }
}
