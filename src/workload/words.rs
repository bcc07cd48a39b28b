//! The words that prompts are made of: short, common and all different, so that a prompt has about as many tokens as
//! words, and no two prompts begin alike for long. With a tokenizer at hand, only those that are a token each, so that a prompt
//! has exactly as many tokens as words.

use super::draw::Draw;
use super::{Act, Generation, Prompts, Workload};
use crate::seed::Seed;
use crate::trace::BLOCK;
use crate::units::wide;
use rand::RngCore;
use std::sync::Arc;

/// One word for each value of a byte.
#[rustfmt::skip]
const WORDS: [&str; 256] = [
    "able", "about", "above", "across", "action", "after", "again", "age", "air", "all", "along",
    "also", "always", "animal", "answer", "any", "apple", "area", "arm", "around", "art", "ask",
    "autumn", "away", "baby", "back", "bag", "ball", "bank", "base", "bear", "beauty", "bed",
    "before", "begin", "behind", "bell", "best", "better", "bird", "black", "blue", "boat", "body",
    "book", "both", "bottom", "box", "boy", "branch", "bread", "break", "bridge", "bright", "bring",
    "brother", "brown", "build", "busy", "calm", "camp", "capital", "car", "care", "carry", "case",
    "castle", "cat", "catch", "cause", "center", "chair", "change", "child", "choose", "circle",
    "city", "class", "clean", "clear", "climb", "clock", "close", "cloud", "coast", "cold", "color",
    "come", "common", "contain", "cook", "cool", "copper", "corner", "cotton", "count", "country",
    "course", "cover", "cross", "crowd", "cry", "cup", "cut", "dance", "dark", "day", "deep",
    "desert", "desk", "dinner", "direct", "dog", "door", "double", "down", "draw", "dream", "dress",
    "drink", "drive", "drop", "dry", "duck", "early", "earth", "east", "easy", "eat", "edge", "egg",
    "eight", "empty", "end", "engine", "enough", "equal", "evening", "ever", "every", "exact",
    "example", "eye", "face", "fact", "fall", "family", "famous", "far", "farm", "fast", "father",
    "favor", "feel", "few", "field", "fight", "figure", "fill", "final", "find", "fine", "finger",
    "finish", "fire", "first", "fish", "five", "flat", "floor", "flower", "fly", "follow", "food",
    "foot", "forest", "form", "forward", "four", "free", "fresh", "friend", "front", "fruit",
    "full", "game", "garden", "gate", "gather", "gentle", "gift", "girl", "give", "glad", "glass",
    "gold", "good", "grand", "grass", "gray", "great", "green", "ground", "group", "grow", "guide",
    "hair", "half", "hall", "hand", "happy", "hard", "hat", "head", "hear", "heart", "heat",
    "heavy", "help", "high", "hill", "history", "hold", "home", "hope", "horse", "hot", "hour",
    "house", "huge", "human", "hundred", "hunt", "ice", "idea", "inch", "island", "iron", "job",
    "join", "journey", "jump", "just", "keep", "key", "kind", "king", "kitchen", "knee", "know",
    "lake", "land", "language", "large", "last", "late",
];

/// Fewer different words would make prompts that no model is asked.
const FEWEST: usize = 16;

/// Texts that are drawn to see whether tokens add up.
const TRIALS: u64 = 8;

/// The words of each.
const LENGTH: u32 = 256;

/// The words that texts are drawn from: all of them, or those that are one token each.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Words(Option<Arc<[&'static str]>>);

impl Words {
    /// The words of which a text has as many tokens as words, by what `count` says of a text. `None` if there are too few of
    /// them, or if the tokens of a text are not those of its words.
    pub fn of_one_token(count: impl Fn(&str) -> Option<u64>) -> Option<Self> {
        let is_one = |word: &&str| {
            let twice = format!("{word} {word}");
            count(word) == Some(1) && count(&twice) == Some(2)
        };
        let words: Arc<[&'static str]> = WORDS.into_iter().filter(is_one).collect();
        if words.len() < FEWEST {
            return None;
        }
        let words = Self(Some(words));
        let seed = Seed::new(0);
        let is_sum = |trial| {
            let text = words.text(LENGTH, &mut Draw::of("trial", seed, trial));
            count(&text) == Some(u64::from(LENGTH))
        };
        (0..TRIALS).all(is_sum).then_some(words)
    }

    /// Exactly `count` words, one space between them.
    pub(super) fn text(&self, count: u32, draw: &mut Draw) -> String {
        match &self.0 {
            None => text(count, draw),
            Some(words) => {
                let words = || {
                    let place = usize::try_from(draw.below(wide(words.len())));
                    place.ok().and_then(|place| words.get(place)).copied()
                };
                joined(count, std::iter::repeat_with(words).flatten())
            }
        }
    }

    /// Exactly `count` words that begin with those of the `blocks`, which are the same wherever a block comes again; what is
    /// left is drawn.
    pub(super) fn text_of_blocks(
        &self,
        count: u32,
        blocks: &[u64],
        seed: Seed,
        draw: &mut Draw,
    ) -> String {
        let mut left = count;
        let mut parts = Vec::new();
        for block in blocks {
            let words = left.min(BLOCK);
            left -= words;
            parts.push(self.text(words, &mut Draw::of("block", seed, *block)));
        }
        parts.push(self.text(left, draw));
        parts.retain(|part| !part.is_empty());
        parts.join(" ")
    }
}

/// Exactly `count` words, one space between them.
pub(super) fn text(count: u32, draw: &mut Draw) -> String {
    let bytes = std::iter::repeat_with(|| draw.next_u64().to_le_bytes()).flatten();
    joined(
        count,
        bytes.filter_map(|byte| WORDS.get(usize::from(byte)).copied()),
    )
}

/// The first `count` of the words, one space between them.
fn joined(count: u32, words: impl Iterator<Item = &'static str>) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    // Six bytes for a word and its space: a little above the mean, so one allocation does for nearly every text.
    let mut text = String::with_capacity(count.saturating_mul(6));
    for word in words.take(count) {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

impl Workload {
    /// Everything that it draws texts for a model from.
    pub fn words_mut(&mut self) -> Vec<&mut Words> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => {
                generation.words_mut().into_iter().collect()
            }
            Self::Conversation(conversation) => {
                let generation = conversation.generation_mut();
                generation.words_mut().into_iter().collect()
            }
            Self::Embedding(embedding) => vec![&mut embedding.words],
            // The elements of tensors are texts for nobody in particular.
            Self::Tensor(_) => Vec::new(),
            Self::Journey(journey) => {
                let steps = journey.steps_mut().iter_mut();
                steps.filter_map(|step| step.act.words_mut()).collect()
            }
            Self::Mix(mix) => mix.workloads_mut().flat_map(Self::words_mut).collect(),
        }
    }
}

impl Act {
    fn words_mut(&mut self) -> Option<&mut Words> {
        match self {
            Self::Chat(generation) | Self::Completion(generation) => generation.words_mut(),
            Self::Embedding(embedding) => Some(&mut embedding.words),
            Self::Tensor(_)
            | Self::Load(_)
            | Self::Unload(_)
            | Self::ListModels(_)
            | Self::RefreshModels(_) => None,
        }
    }
}

impl Generation {
    fn words_mut(&mut self) -> Option<&mut Words> {
        match &mut self.prompt {
            Prompts::Drawn(drawn) => Some(&mut drawn.words),
            Prompts::Recorded(_) => None,
        }
    }
}
