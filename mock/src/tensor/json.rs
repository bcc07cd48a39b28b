//! Elements as lists of JSON, flat or nested as the shape is: `[1,2,3,4]` and `[[1,2],[3,4]]` are the same four elements
//! of the shape `[2,2]`. Lists are read straight into raw elements, so that a body of a million numbers takes the memory
//! of a million elements.

use super::Datatype;
use super::elements::{Elements, Writer};
use super::number::{Misfit, put_float, put_integer};
use super::shape::Shape;
use half::{bf16, f16};
use serde::de::{self, DeserializeSeed, Deserializer, SeqAccess, Unexpected, Visitor};
use std::fmt;

/// Elements that cannot be written as JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum WriteError {
    /// JSON has no infinities, and no numbers that are none.
    #[error("element {0} is not finite, which JSON cannot say: ask for binary data")]
    NotFinite(usize),
    /// A text that is none.
    #[error("element {0} is not UTF-8, which JSON cannot say: ask for binary data")]
    NotText(usize),
}

/// Reads a list into the elements of a tensor.
///
/// # Errors
/// It is not JSON, not flat and not nested as the shape is, has more or fewer elements, or others than its datatype has.
pub(crate) fn read(
    datatype: Datatype,
    shape: &Shape,
    json: &str,
) -> Result<Elements, serde_json::Error> {
    let bytes = shape
        .elements()
        .saturating_mul(datatype.width().unwrap_or(8));
    // Each element takes a byte of JSON at the least, whatever the shape promises.
    let room = bytes.min(json.len().saturating_mul(8));
    let mut writer = Writer::new(datatype, room);
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let list = List {
        writer: &mut writer,
        shape,
        depth: 0,
    };
    list.deserialize(&mut deserializer)?;
    deserializer.end()?;
    if writer.count() != shape.elements() {
        return Err(de::Error::custom(format_args!(
            "expected {} elements, found {}",
            shape.elements(),
            writer.count()
        )));
    }
    Ok(writer.finish())
}

/// One list, which stands in so many others.
#[derive(Debug)]
struct List<'a> {
    writer: &'a mut Writer,
    shape: &'a Shape,
    depth: usize,
}

/// What stands in a list: an element, or a list one dimension deeper.
#[derive(Debug)]
struct Item<'a> {
    list: List<'a>,
}

impl<'de> DeserializeSeed<'de> for List<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for List<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.writer.datatype())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self {
            writer,
            shape,
            depth,
        } = self;
        let mut length = 0;
        let mut nested = false;
        loop {
            let before = writer.count();
            let item = Item {
                list: List {
                    writer: &mut *writer,
                    shape,
                    depth,
                },
            };
            let Some(kind) = items.next_element_seed(item)? else {
                break;
            };
            match kind {
                Kind::List if length > 0 && !nested => return Err(mixed()),
                Kind::Element if nested => return Err(mixed()),
                Kind::List => nested = true,
                Kind::Element => {}
            }
            length += 1;
            if writer.count() > shape.elements() && writer.count() > before {
                return Err(de::Error::custom(format_args!(
                    "expected {} elements, found more",
                    shape.elements()
                )));
            }
        }
        let expected = shape.lengths().get(depth).copied();
        if (nested || depth > 0) && expected != Some(length) {
            return Err(de::Error::custom(format_args!(
                "expected lists nested as {shape}, or one flat list; found one of {length} at depth {depth}"
            )));
        }
        Ok(())
    }
}

fn mixed<E: de::Error>() -> E {
    E::custom("expected either elements or lists, found both in one list")
}

/// What an item turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Element,
    List,
}

impl<'de> DeserializeSeed<'de> for Item<'_> {
    type Value = Kind;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Kind, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl Item<'_> {
    fn put<E: de::Error>(&self, put: Result<(), Misfit>, found: Unexpected<'_>) -> Result<Kind, E> {
        put.map(|()| Kind::Element)
            .map_err(|Misfit| E::invalid_value(found, self))
    }
}

impl<'de> Visitor<'de> for Item<'_> {
    type Value = Kind;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.list.writer.datatype().name())
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Kind, E> {
        if self.list.writer.datatype() != Datatype::Bool {
            return Err(E::invalid_type(Unexpected::Bool(value), &self));
        }
        self.list.writer.put([u8::from(value)]);
        Ok(Kind::Element)
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Kind, E> {
        let put = put_integer(self.list.writer, value.into());
        self.put(put, Unexpected::Unsigned(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Kind, E> {
        let put = put_integer(self.list.writer, value.into());
        self.put(put, Unexpected::Signed(value))
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Kind, E> {
        let put = put_float(self.list.writer, value);
        self.put(put, Unexpected::Float(value))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Kind, E> {
        if self.list.writer.datatype() != Datatype::Bytes {
            return Err(E::invalid_type(Unexpected::Other("text"), &self));
        }
        self.list.writer.put_text(value.as_bytes());
        Ok(Kind::Element)
    }

    /// Goes no deeper than the shape has dimensions, of which there are few.
    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Kind, A::Error> {
        let depth = self.list.depth + 1;
        if depth >= self.list.shape.lengths().len() {
            return Err(de::Error::custom(format_args!(
                "expected lists nested as {}, found one at depth {depth}",
                self.list.shape
            )));
        }
        List { depth, ..self.list }.visit_seq(items)?;
        Ok(Kind::List)
    }
}

/// Writes elements as one flat list.
///
/// # Errors
/// JSON cannot say one of them; `json` then ends within the list.
pub(crate) fn write(elements: &Elements, json: &mut Vec<u8>) -> Result<(), WriteError> {
    json.push(b'[');
    for (place, element) in elements.iter().enumerate() {
        if place > 0 {
            json.push(b',');
        }
        write_element(elements.datatype(), place, element, json)?;
    }
    json.push(b']');
    Ok(())
}

/// Writes the first element without a list around it.
///
/// # Errors
/// JSON cannot say it.
pub(crate) fn write_single(elements: &Elements, json: &mut Vec<u8>) -> Result<(), WriteError> {
    let first = elements.iter().next().unwrap_or_default();
    write_element(elements.datatype(), 0, first, json)
}

/// Writes one element, whose bytes are as many as its datatype is wide.
fn write_element(
    datatype: Datatype,
    place: usize,
    element: &[u8],
    json: &mut Vec<u8>,
) -> Result<(), WriteError> {
    match datatype {
        Datatype::Bool => {
            let word: &[u8] = if element == [0] { b"false" } else { b"true" };
            json.extend_from_slice(word);
        }
        Datatype::Int8 => number(i8::from_le_bytes(array(element)), json),
        Datatype::Int16 => number(i16::from_le_bytes(array(element)), json),
        Datatype::Int32 => number(i32::from_le_bytes(array(element)), json),
        Datatype::Int64 => number(i64::from_le_bytes(array(element)), json),
        Datatype::Uint8 => number(u8::from_le_bytes(array(element)), json),
        Datatype::Uint16 => number(u16::from_le_bytes(array(element)), json),
        Datatype::Uint32 => number(u32::from_le_bytes(array(element)), json),
        Datatype::Uint64 => number(u64::from_le_bytes(array(element)), json),
        Datatype::Fp16 => {
            let value = f16::from_le_bytes(array(element)).to_f32();
            float(value.is_finite(), place, value, json)?;
        }
        Datatype::Bf16 => {
            let value = bf16::from_le_bytes(array(element)).to_f32();
            float(value.is_finite(), place, value, json)?;
        }
        Datatype::Fp32 => {
            let value = f32::from_le_bytes(array(element));
            float(value.is_finite(), place, value, json)?;
        }
        Datatype::Fp64 => {
            let value = f64::from_le_bytes(array(element));
            float(value.is_finite(), place, value, json)?;
        }
        Datatype::Bytes => {
            let text = std::str::from_utf8(element).map_err(|_| WriteError::NotText(place))?;
            append(&text, json);
        }
    }
    Ok(())
}

/// The bytes of an element, which are as many as its datatype is wide.
fn array<const WIDTH: usize>(element: &[u8]) -> [u8; WIDTH] {
    element.try_into().unwrap_or([0; WIDTH])
}

fn number(value: impl serde::Serialize, json: &mut Vec<u8>) {
    append(&value, json);
}

fn float(
    is_finite: bool,
    place: usize,
    value: impl serde::Serialize,
    json: &mut Vec<u8>,
) -> Result<(), WriteError> {
    if !is_finite {
        return Err(WriteError::NotFinite(place));
    }
    append(&value, json);
    Ok(())
}

/// Numbers and texts can always be written into memory.
fn append(value: &impl serde::Serialize, json: &mut Vec<u8>) {
    let written = serde_json::to_writer(json, value);
    debug_assert!(written.is_ok(), "{written:?}");
}
