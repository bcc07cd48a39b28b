//! Several things of one kind, each behind a name: `{ primary: { .. }, secondary: { .. } }`.

use super::Name;
use serde::de::{DeserializeSeed, Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::marker::PhantomData;

/// Reads a block of 1 to `most` of them, in the order of the file. `what` is what messages call them.
pub(super) fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
    what: &'static str,
    most: usize,
) -> Result<Vec<(Name, T)>, D::Error> {
    deserializer.deserialize_map(Block {
        what,
        most,
        of: PhantomData,
    })
}

struct Block<T> {
    what: &'static str,
    most: usize,
    of: PhantomData<T>,
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Block<T> {
    type Value = Vec<(Name, T)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a block of {}, each behind its name", self.what)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut block: A) -> Result<Self::Value, A::Error> {
        let Self { what, most, .. } = self;
        let mut found = Vec::new();
        while let Some(name) = block.next_key()? {
            found.push(block.next_value_seed(Behind(name, PhantomData))?);
        }
        if (1..=most).contains(&found.len()) {
            return Ok(found);
        }
        let found = found.len();
        Err(A::Error::custom(format_args!(
            "expected 1 to {most} {what}, found {found}"
        )))
    }
}

/// Reads one whose name is known. The name is judged here and not with its key, so that an error stands at it.
struct Behind<T>(String, PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Behind<T> {
    type Value = (Name, T);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let name = Name::try_from(self.0).map_err(D::Error::custom)?;
        Ok((name, T::deserialize(deserializer)?))
    }
}
