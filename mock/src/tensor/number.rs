//! Numbers as JSON has them, against elements as datatypes have them: which fit, and what becomes of those that do.

use super::Datatype;
use super::elements::Writer;
use half::{bf16, f16};

/// A number that a datatype does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Misfit;

/// Adds a whole number, if its datatype has it. Floats take the nearest that they have.
pub(super) fn put_integer(writer: &mut Writer, number: i128) -> Result<(), Misfit> {
    fn fit<T: TryFrom<i128>>(number: i128) -> Result<T, Misfit> {
        T::try_from(number).map_err(|_| Misfit)
    }
    match writer.datatype() {
        Datatype::Int8 => writer.put(fit::<i8>(number)?.to_le_bytes()),
        Datatype::Int16 => writer.put(fit::<i16>(number)?.to_le_bytes()),
        Datatype::Int32 => writer.put(fit::<i32>(number)?.to_le_bytes()),
        Datatype::Int64 => writer.put(fit::<i64>(number)?.to_le_bytes()),
        Datatype::Uint8 => writer.put(fit::<u8>(number)?.to_le_bytes()),
        Datatype::Uint16 => writer.put(fit::<u16>(number)?.to_le_bytes()),
        Datatype::Uint32 => writer.put(fit::<u32>(number)?.to_le_bytes()),
        Datatype::Uint64 => writer.put(fit::<u64>(number)?.to_le_bytes()),
        Datatype::Fp16 | Datatype::Bf16 | Datatype::Fp32 | Datatype::Fp64 => {
            return put_float(writer, nearest(number));
        }
        Datatype::Bool | Datatype::Bytes => return Err(Misfit),
    }
    Ok(())
}

/// Adds a number with a fraction, if its datatype is a float that reaches so far.
pub(super) fn put_float(writer: &mut Writer, number: f64) -> Result<(), Misfit> {
    match writer.datatype() {
        Datatype::Fp16 => {
            let narrow = f16::from_f64(number);
            finite(narrow.is_finite())?;
            writer.put(narrow.to_le_bytes());
        }
        Datatype::Bf16 => {
            let narrow = bf16::from_f64(number);
            finite(narrow.is_finite())?;
            writer.put(narrow.to_le_bytes());
        }
        Datatype::Fp32 => {
            let narrow = narrow(number);
            finite(narrow.is_finite())?;
            writer.put(narrow.to_le_bytes());
        }
        Datatype::Fp64 => {
            finite(number.is_finite())?;
            writer.put(number.to_le_bytes());
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
        | Datatype::Bytes => return Err(Misfit),
    }
    Ok(())
}

fn finite(is_finite: bool) -> Result<(), Misfit> {
    is_finite.then_some(()).ok_or(Misfit)
}

#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "the standard library has no other way to round a whole number to the nearest float"
)]
fn nearest(number: i128) -> f64 {
    number as f64
}

#[expect(
    clippy::as_conversions,
    clippy::cast_possible_truncation,
    reason = "the standard library has no other way to round to the nearest narrower float"
)]
pub(super) fn narrow(number: f64) -> f32 {
    number as f32
}
