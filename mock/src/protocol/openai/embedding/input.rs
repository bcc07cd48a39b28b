//! What is to be embedded, hashed and counted while it is read and never kept: `"one two"`, `["one", "two"]`, `[15, 27]`,
//! `[[15, 27], [4]]`.

use crate::dice::{FNV_OFFSET, hash};
use crate::words;
use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::fmt;
use std::mem::discriminant;

/// The most texts or lists of token ids in one request, as OpenAI has it.
const MOST: usize = 2048;

/// The inputs of one request: at least one, none of them empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Inputs {
    /// The hash of each.
    pub(super) hashes: Vec<u64>,
    /// Of all inputs together.
    pub(super) tokens: u64,
}

impl Inputs {
    fn push<E: Error>(&mut self, one: One) -> Result<(), E> {
        if self.hashes.len() == MOST {
            return Err(E::custom(format_args!("expected at most {MOST} inputs")));
        }
        self.hashes.push(one.hash);
        self.tokens += one.tokens;
        Ok(())
    }
}

/// One input.
#[derive(Debug, Clone, Copy)]
struct One {
    hash: u64,
    tokens: u64,
}

impl One {
    fn text<E: Error>(text: &str) -> Result<Self, E> {
        if text.is_empty() {
            return Err(E::custom("expected a text that is not empty"));
        }
        Ok(Self {
            hash: hash(FNV_OFFSET, text.as_bytes()),
            tokens: words::count(text),
        })
    }

    /// An input of so many token ids and one more.
    fn and_token(before: Option<Self>, id: u64) -> Self {
        let before = before.unwrap_or(Self {
            hash: FNV_OFFSET,
            tokens: 0,
        });
        Self {
            hash: hash(before.hash, &id.to_le_bytes()),
            tokens: before.tokens + 1,
        }
    }
}

impl<'de> Deserialize<'de> for Inputs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputsVisitor)
    }
}

struct InputsVisitor;

impl<'de> Visitor<'de> for InputsVisitor {
    type Value = Inputs;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a list of texts, a list of token ids or a list of such lists")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Inputs, E> {
        let mut inputs = Inputs::default();
        inputs.push(One::text(text)?)?;
        Ok(inputs)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Inputs, A::Error> {
        let (mut inputs, mut ids, mut kind) = (Inputs::default(), None, None);
        while let Some(element) = elements.next_element::<Element>()? {
            let kind = kind.get_or_insert(discriminant(&element));
            if *kind != discriminant(&element) {
                return Err(Error::custom("expected elements of one kind"));
            }
            match element {
                Element::Text(one) | Element::Ids(one) => inputs.push(one)?,
                Element::Id(id) => ids = Some(One::and_token(ids, id)),
            }
        }
        if let Some(one) = ids {
            inputs.push(one)?;
        }
        if inputs.hashes.is_empty() {
            return Err(Error::custom("expected at least one input"));
        }
        Ok(inputs)
    }
}

/// One element of a list.
enum Element {
    Text(One),
    Ids(One),
    Id(u64),
}

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a token id or a list of token ids")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Element, E> {
        One::text(text).map(Element::Text)
    }

    fn visit_u64<E>(self, id: u64) -> Result<Element, E> {
        Ok(Element::Id(id))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut ids: A) -> Result<Element, A::Error> {
        let mut one = None;
        while let Some(id) = ids.next_element()? {
            one = Some(One::and_token(one, id));
        }
        one.map(Element::Ids)
            .ok_or_else(|| Error::custom("expected at least one token id"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Inputs {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn every_shape_is_counted_and_the_shape_changes_no_hash() {
        assert_eq!(read(r#""one two""#), read(r#"["one two"]"#));
        assert_eq!(read("[15, 27]"), read("[[15, 27]]"));
        let counts = [r#""one two""#, r#"["one two","three"]"#, "[[1,2],[3]]"]
            .map(|json| (read(json).hashes.len(), read(json).tokens));
        assert_eq!(counts, [(1, 2), (2, 3), (2, 3)]);
        assert_ne!(read("[15, 27]").hashes, read("[27, 15]").hashes);
    }

    #[test]
    fn what_is_empty_mixed_or_too_much_is_refused() {
        let many = |number| format!("[{}]", vec![r#""a""#; number].join(","));
        for (json, expected) in [
            (r#""""#.to_owned(), "expected a text that is not empty"),
            ("[]".to_owned(), "expected at least one input"),
            ("[[]]".to_owned(), "expected at least one token id"),
            (r#"["a",[1]]"#.to_owned(), "expected elements of one kind"),
            ("[1,[1]]".to_owned(), "expected elements of one kind"),
            (many(2049), "expected at most 2048 inputs"),
            ("[-1]".to_owned(), "invalid type: integer `-1`"),
            ("[[[1]]]".to_owned(), "invalid type: sequence"),
            ("5".to_owned(), "invalid type: integer `5`"),
        ] {
            let error = serde_json::from_str::<Inputs>(&json).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
        }
        assert_eq!(read(&many(2048)).tokens, 2048);
    }
}
