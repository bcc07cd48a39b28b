//! Quantities as people write them in files: a [`Period`] `250ms`, a [`Share`] `0.2%`, a [`Rate`] `200/s`, a
//! [`Size`] `64MiB`, a [`Bandwidth`] `1GiB/s`. Each parses from text with its unit, prints the same notation, and refuses
//! a bare number, so that no file can hold a value whose unit has to be guessed.

mod bandwidth;
mod period;
mod rate;
mod share;
mod size;

pub use bandwidth::Bandwidth;
pub use period::Period;
pub use rate::Rate;
pub use share::Share;
pub use size::Size;

/// Why a text is not the quantity it should be. The message says what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected}, found `{found}`")]
pub struct Invalid {
    /// What would have been right, with an example.
    pub expected: &'static str,
    /// What stood there.
    pub found: String,
}

impl Invalid {
    fn new(expected: &'static str, found: &str) -> Self {
        Self {
            expected,
            found: found.to_owned(),
        }
    }
}

/// Gives a quantity its text form in serde and its place in a JSON Schema: always a string, checked by `FromStr`.
macro_rules! written_as_text {
    ($quantity:ty, $name:literal, $expected:literal, $pattern:literal) => {
        impl serde::Serialize for $quantity {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $quantity {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $quantity;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str($expected)
                    }
                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$quantity, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }

        impl schemars::JsonSchema for $quantity {
            fn inline_schema() -> bool {
                true
            }
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "pattern": $pattern, "description": $expected })
            }
        }
    };
}
use written_as_text;

/// Splits `12.5MiB` into its number and its unit. The number must be finite and not negative.
fn split(text: &str) -> Option<(f64, &str)> {
    let end = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: f64 = number.parse().ok()?;
    number.is_finite().then_some((number, unit.trim()))
}

#[cfg(test)]
mod tests;
