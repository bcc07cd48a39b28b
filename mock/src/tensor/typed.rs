//! Elements in the typed lists of gRPC, where several datatypes share one: `INT8`, `INT16` and `INT32` all travel in
//! `int_contents`, and what does not fit is refused. There is no list for `FP16` and `BF16`, which travel raw alone.

use super::Datatype;
use super::elements::{Elements, Writer};
use super::number::put_integer;
use inferometer_proto::inference::InferTensorContents;

/// Typed contents that hold something else than they should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TypedError {
    /// Too many or too few.
    #[error("expected {expected} elements in `{list}`, found {found}")]
    Count {
        /// Elements by the shape.
        expected: usize,
        /// Where they should stand.
        list: &'static str,
        /// Elements there.
        found: usize,
    },
    /// Elements in another list.
    #[error("expected elements of {datatype} in `{expected}` alone, found some in `{found}`")]
    List {
        /// The datatype.
        datatype: Datatype,
        /// Its list.
        expected: &'static str,
        /// The other.
        found: &'static str,
    },
    /// A number that the datatype does not have.
    #[error("expected {datatype}, found {found}")]
    Range {
        /// The datatype.
        datatype: Datatype,
        /// The number.
        found: i64,
    },
    /// A datatype that has no list.
    #[error("expected raw contents: there are no typed ones for {0}")]
    RawAlone(Datatype),
}

/// Reads the `count` elements of one tensor.
///
/// # Errors
/// There are more or fewer of them, elsewhere, or out of their range.
pub(crate) fn read(
    datatype: Datatype,
    count: usize,
    contents: &InferTensorContents,
) -> Result<Elements, TypedError> {
    let Some(list) = list(datatype) else {
        return Err(TypedError::RawAlone(datatype));
    };
    let lengths = lengths(contents);
    if let Some((other, _)) = lengths
        .into_iter()
        .find(|&(name, length)| name != list && length > 0)
    {
        return Err(TypedError::List {
            datatype,
            expected: list,
            found: other,
        });
    }
    let found = lengths.into_iter().map(|(_, length)| length).sum();
    if found != count {
        return Err(TypedError::Count {
            expected: count,
            list,
            found,
        });
    }
    write(datatype, contents)
}

/// The list that elements of a datatype stand in.
fn list(datatype: Datatype) -> Option<&'static str> {
    match datatype {
        Datatype::Bool => Some("bool_contents"),
        Datatype::Int8 | Datatype::Int16 | Datatype::Int32 => Some("int_contents"),
        Datatype::Int64 => Some("int64_contents"),
        Datatype::Uint8 | Datatype::Uint16 | Datatype::Uint32 => Some("uint_contents"),
        Datatype::Uint64 => Some("uint64_contents"),
        Datatype::Fp32 => Some("fp32_contents"),
        Datatype::Fp64 => Some("fp64_contents"),
        Datatype::Bytes => Some("bytes_contents"),
        Datatype::Fp16 | Datatype::Bf16 => None,
    }
}

fn lengths(contents: &InferTensorContents) -> [(&'static str, usize); 8] {
    [
        ("bool_contents", contents.bool_contents.len()),
        ("int_contents", contents.int_contents.len()),
        ("int64_contents", contents.int64_contents.len()),
        ("uint_contents", contents.uint_contents.len()),
        ("uint64_contents", contents.uint64_contents.len()),
        ("fp32_contents", contents.fp32_contents.len()),
        ("fp64_contents", contents.fp64_contents.len()),
        ("bytes_contents", contents.bytes_contents.len()),
    ]
}

/// Each element as its datatype has it in raw contents; the lists of other datatypes are known to be empty.
fn write(datatype: Datatype, contents: &InferTensorContents) -> Result<Elements, TypedError> {
    let misfit = |found| TypedError::Range { datatype, found };
    let mut writer = Writer::new(datatype, room(datatype, contents));
    for &element in &contents.bool_contents {
        writer.put([u8::from(element)]);
    }
    for &element in &contents.int_contents {
        put_integer(&mut writer, element.into()).map_err(|_| misfit(element.into()))?;
    }
    for &element in &contents.uint_contents {
        put_integer(&mut writer, element.into()).map_err(|_| misfit(element.into()))?;
    }
    for &element in &contents.int64_contents {
        writer.put(element.to_le_bytes());
    }
    for &element in &contents.uint64_contents {
        writer.put(element.to_le_bytes());
    }
    for &element in &contents.fp32_contents {
        writer.put(element.to_le_bytes());
    }
    for &element in &contents.fp64_contents {
        writer.put(element.to_le_bytes());
    }
    for element in &contents.bytes_contents {
        writer.put_text(element);
    }
    Ok(writer.finish())
}

fn room(datatype: Datatype, contents: &InferTensorContents) -> usize {
    let lengths: usize = lengths(contents)
        .into_iter()
        .map(|(_, length)| length)
        .sum();
    let texts: usize = contents.bytes_contents.iter().map(bytes::Bytes::len).sum();
    lengths * datatype.width().unwrap_or(4) + texts
}
