//! Where a text ends: `" charlie"`, or a list of up to four such sequences.

use serde::Deserialize;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// The most sequences in one request, as OpenAI has it.
const MOST: usize = 4;

/// The stop sequences of a request; none of them is empty.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Stop(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Stop {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(StopVisitor)
    }
}

struct StopVisitor;

impl<'de> Visitor<'de> for StopVisitor {
    type Value = Stop;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text or a list of up to 4 texts, none of them empty")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Stop, E> {
        if text.is_empty() {
            return Err(E::invalid_value(serde::de::Unexpected::Str(text), &self));
        }
        Ok(Stop(vec![text.to_owned()]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut texts: A) -> Result<Stop, A::Error> {
        let mut stops = Vec::new();
        while let Some(text) = texts.next_element::<String>()? {
            if text.is_empty() || stops.len() == MOST {
                return Err(A::Error::custom(
                    "expected up to 4 texts, none of them empty",
                ));
            }
            stops.push(text);
        }
        Ok(Stop(stops))
    }
}
