//! The words that prompts are made of: short, common and all different, so that a prompt has about as many tokens as
//! words, and no two prompts begin alike for long.

use super::draw::Draw;
use crate::seed::Seed;
use crate::trace::BLOCK;
use rand::RngCore;

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

/// Exactly `count` words, one space between them.
pub(super) fn text(count: u32, draw: &mut Draw) -> String {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    // Six bytes for a word and its space: a little above the mean, so one allocation does for nearly every text.
    let mut text = String::with_capacity(count.saturating_mul(6));
    let bytes = std::iter::repeat_with(|| draw.next_u64().to_le_bytes()).flatten();
    for word in bytes
        .take(count)
        .filter_map(|byte| WORDS.get(usize::from(byte)))
    {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// Exactly `count` words that begin with those of the `blocks`, which are the same wherever a block comes again; what is
/// left is drawn.
pub(super) fn text_of_blocks(count: u32, blocks: &[u64], seed: Seed, draw: &mut Draw) -> String {
    let mut left = count;
    let mut parts = Vec::new();
    for block in blocks {
        let words = left.min(BLOCK);
        left -= words;
        parts.push(text(words, &mut Draw::of("block", seed, *block)));
    }
    parts.push(text(left, draw));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}
