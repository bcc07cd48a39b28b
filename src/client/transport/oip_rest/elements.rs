//! Elements of tensors as JSON has them: written as one flat list, read from a flat or a nested one, straight into bytes.

use crate::client::tensor::put_piece;
use crate::client::{Datatype, Element, Tensor};
use bytes::BytesMut;
use half::{bf16, f16};
use serde::de::value::{F64Deserializer, I64Deserializer, U64Deserializer};
use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, SeqAccess, Unexpected, Visitor,
};
use serde::{Deserialize, Serialize, Serializer};
use std::fmt;

/// The elements of a tensor that JSON can say, see [`unsayable`].
#[derive(Debug)]
pub(super) struct List<'a>(pub(super) &'a Tensor);

impl Serialize for List<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn list<T: Element + Serialize, S: Serializer>(
            tensor: &Tensor,
            serializer: S,
        ) -> Result<S::Ok, S::Error> {
            serializer.collect_seq(T::all(tensor.contents()))
        }
        let tensor = self.0;
        match tensor.datatype() {
            Datatype::Bool => list::<bool, S>(tensor, serializer),
            Datatype::Int8 => list::<i8, S>(tensor, serializer),
            Datatype::Int16 => list::<i16, S>(tensor, serializer),
            Datatype::Int32 => list::<i32, S>(tensor, serializer),
            Datatype::Int64 => list::<i64, S>(tensor, serializer),
            Datatype::Uint8 => list::<u8, S>(tensor, serializer),
            Datatype::Uint16 => list::<u16, S>(tensor, serializer),
            Datatype::Uint32 => list::<u32, S>(tensor, serializer),
            Datatype::Uint64 => list::<u64, S>(tensor, serializer),
            Datatype::Fp16 => serializer.collect_seq(f16::all(tensor.contents()).map(f16::to_f32)),
            Datatype::Bf16 => {
                serializer.collect_seq(bf16::all(tensor.contents()).map(bf16::to_f32))
            }
            Datatype::Fp32 => list::<f32, S>(tensor, serializer),
            Datatype::Fp64 => list::<f64, S>(tensor, serializer),
            Datatype::Bytes => {
                let pieces = tensor.byte_elements().unwrap_or_default();
                let texts = pieces.into_iter().map(str::from_utf8);
                serializer.collect_seq(texts.map(Result::unwrap_or_default))
            }
        }
    }
}

/// The place of the first element that JSON cannot say: it has neither infinities nor bytes that are no text.
pub(super) fn unsayable(tensor: &Tensor) -> Option<usize> {
    let contents = tensor.contents();
    match tensor.datatype() {
        Datatype::Fp16 => f16::all(contents).position(|element| !element.is_finite()),
        Datatype::Bf16 => bf16::all(contents).position(|element| !element.is_finite()),
        Datatype::Fp32 => f32::all(contents).position(|element| !element.is_finite()),
        Datatype::Fp64 => f64::all(contents).position(|element| !element.is_finite()),
        Datatype::Bytes => {
            let pieces = tensor.byte_elements().unwrap_or_default();
            pieces
                .into_iter()
                .position(|piece| str::from_utf8(piece).is_err())
        }
        Datatype::Bool
        | Datatype::Int8
        | Datatype::Int16
        | Datatype::Int32
        | Datatype::Int64
        | Datatype::Uint8
        | Datatype::Uint16
        | Datatype::Uint32
        | Datatype::Uint64 => None,
    }
}

/// Reads a list into the contents of a tensor.
///
/// # Errors
/// It is no list, or holds what the datatype does not have.
pub(super) fn read(datatype: Datatype, json: &str) -> Result<BytesMut, serde_json::Error> {
    let mut contents = Contents {
        datatype,
        bytes: BytesMut::new(),
    };
    let mut deserializer = serde_json::Deserializer::from_str(json);
    deserializer.deserialize_seq(&mut contents)?;
    deserializer.end()?;
    Ok(contents.bytes)
}

/// What has been read.
#[derive(Debug)]
struct Contents {
    datatype: Datatype,
    bytes: BytesMut,
}

impl Contents {
    fn put(&mut self, element: impl Element) {
        element.put(&mut self.bytes);
    }

    fn put_whole<T: Element + TryFrom<i128>>(&mut self, number: i128) -> Option<()> {
        T::try_from(number).ok().map(|element| self.put(element))
    }

    /// Appends a whole number; `None` if the datatype does not have it.
    fn whole(&mut self, number: i128) -> Option<()> {
        match self.datatype {
            Datatype::Int8 => self.put_whole::<i8>(number),
            Datatype::Int16 => self.put_whole::<i16>(number),
            Datatype::Int32 => self.put_whole::<i32>(number),
            Datatype::Int64 => self.put_whole::<i64>(number),
            Datatype::Uint8 => self.put_whole::<u8>(number),
            Datatype::Uint16 => self.put_whole::<u16>(number),
            Datatype::Uint32 => self.put_whole::<u32>(number),
            Datatype::Uint64 => self.put_whole::<u64>(number),
            Datatype::Bool
            | Datatype::Fp16
            | Datatype::Bf16
            | Datatype::Fp32
            | Datatype::Fp64
            | Datatype::Bytes => None,
        }
    }

    /// Appends the nearest number that the datatype has; `None` if it has no fractions, or none so large.
    fn fraction<E: Error>(&mut self, number: f64) -> Result<Option<()>, E> {
        Ok(match self.datatype {
            Datatype::Fp16 => Some(f16::from_f64(number))
                .filter(|element| element.is_finite())
                .map(|element| self.put(element)),
            Datatype::Bf16 => Some(bf16::from_f64(number))
                .filter(|element| element.is_finite())
                .map(|element| self.put(element)),
            Datatype::Fp32 => {
                let number: F64Deserializer<E> = number.into_deserializer();
                Some(f32::deserialize(number)?)
                    .filter(|element| element.is_finite())
                    .map(|element| self.put(element))
            }
            Datatype::Fp64 => {
                self.put(number);
                Some(())
            }
            Datatype::Bool
            | Datatype::Int8
            | Datatype::Int16
            | Datatype::Int32
            | Datatype::Int64
            | Datatype::Uint8
            | Datatype::Uint16
            | Datatype::Uint32
            | Datatype::Uint64
            | Datatype::Bytes => None,
        })
    }

    const fn has_fractions(&self) -> bool {
        matches!(
            self.datatype,
            Datatype::Fp16 | Datatype::Bf16 | Datatype::Fp32 | Datatype::Fp64
        )
    }
}

impl<'de> DeserializeSeed<'de> for &mut Contents {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for &mut Contents {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.datatype)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while list.next_element_seed(&mut *self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if self.datatype != Datatype::Bool {
            return Err(E::invalid_type(Unexpected::Bool(value), &self));
        }
        self.put(value);
        Ok(())
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<(), E> {
        let put = if self.has_fractions() {
            let near: U64Deserializer<E> = value.into_deserializer();
            self.fraction::<E>(f64::deserialize(near)?)?
        } else {
            self.whole(value.into())
        };
        put.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(value), &self))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<(), E> {
        let put = if self.has_fractions() {
            let near: I64Deserializer<E> = value.into_deserializer();
            self.fraction::<E>(f64::deserialize(near)?)?
        } else {
            self.whole(value.into())
        };
        put.ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<(), E> {
        let put = self.fraction::<E>(value)?;
        put.ok_or_else(|| E::invalid_value(Unexpected::Float(value), &self))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<(), E> {
        if self.datatype != Datatype::Bytes {
            return Err(E::invalid_type(Unexpected::Other("a text"), &self));
        }
        put_piece(value.as_bytes(), &mut self.bytes);
        Ok(())
    }
}
