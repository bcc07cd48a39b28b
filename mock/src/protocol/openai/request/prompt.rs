//! Prompts, counted while they are read and never kept: `"one two three"`, `["one", "two"]`, `[15, 27]`,
//! `[{"type":"text","text":"one two"}]`.

use crate::words;
use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// The size of a prompt or content: a text, a list of content parts, a list of texts, a list of token ids, or a list of
/// such lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// Of all prompts together.
    pub(super) tokens: u64,
    /// Each text and each list of token ids is one.
    pub(super) prompts: u64,
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SizeVisitor)
    }
}

struct SizeVisitor;

impl<'de> Visitor<'de> for SizeVisitor {
    type Value = Size;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of parts")
    }

    fn visit_str<E>(self, text: &str) -> Result<Size, E> {
        Ok(Size {
            tokens: words::count(text),
            prompts: 1,
        })
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Size, A::Error> {
        let (mut tokens, mut wholes, mut pieces) = (0, 0, 0);
        while let Some(part) = parts.next_element()? {
            match part {
                Part::Whole(size) => (tokens, wholes) = (tokens + size, wholes + 1),
                Part::Piece(size) => (tokens, pieces) = (tokens + size, pieces + 1),
            }
        }
        if wholes > 0 && pieces > 0 {
            return Err(Error::custom("expected elements of one kind"));
        }
        Ok(Size {
            tokens,
            prompts: wholes.max(1),
        })
    }
}

/// One element of a list, by its tokens.
enum Part {
    /// A prompt of its own: `"one two three"` or `[15, 27]`.
    Whole(u64),
    /// A piece of one prompt: `{"type":"text","text":"one two three"}` or `1234`; content without text counts nothing.
    Piece(u64),
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a content part, a token id or a list of token ids")
    }

    fn visit_str<E>(self, text: &str) -> Result<Part, E> {
        Ok(Part::Whole(words::count(text)))
    }

    fn visit_u64<E>(self, _id: u64) -> Result<Part, E> {
        Ok(Part::Piece(1))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut ids: A) -> Result<Part, A::Error> {
        let mut tokens = 0;
        while ids.next_element::<u64>()?.is_some() {
            tokens += 1;
        }
        Ok(Part::Whole(tokens))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Part, A::Error> {
        let mut tokens = 0;
        while let Some(field) = fields.next_key::<String>()? {
            if field == "text" {
                tokens = words::count(&fields.next_value::<String>()?);
            } else {
                fields.next_value::<IgnoredAny>()?;
            }
        }
        Ok(Part::Piece(tokens))
    }
}
