//! The Rust types that elements of tensors have.

use super::Datatype;
use bytes::{BufMut, BytesMut};
use half::{bf16, f16};

/// A type of elements. The protocol's names are in [`DATATYPE`](Self::DATATYPE); `BYTES` has elements of any length, and no
/// such type.
pub trait Element: Copy + sealed::Sealed + 'static {
    /// Its name in the protocol.
    const DATATYPE: Datatype;

    /// Appends its bytes.
    #[doc(hidden)]
    fn put(self, contents: &mut BytesMut);

    /// All elements of these contents.
    #[doc(hidden)]
    fn all(contents: &[u8]) -> impl Iterator<Item = Self>;
}

mod sealed {
    /// Nobody else's types are elements.
    pub trait Sealed {}
}

/// Types whose bytes are as many, and in the order, as the protocol wants them.
macro_rules! elements {
    ($($type:ident $datatype:ident;)*) => {$(
        impl sealed::Sealed for $type {}

        impl Element for $type {
            const DATATYPE: Datatype = Datatype::$datatype;

            fn put(self, contents: &mut BytesMut) {
                contents.put_slice(&self.to_le_bytes());
            }

            fn all(contents: &[u8]) -> impl Iterator<Item = Self> {
                let (elements, _) = contents.as_chunks();
                elements.iter().copied().map(Self::from_le_bytes)
            }
        }
    )*};
}

elements! {
    i8 Int8;
    i16 Int16;
    i32 Int32;
    i64 Int64;
    u8 Uint8;
    u16 Uint16;
    u32 Uint32;
    u64 Uint64;
    f16 Fp16;
    bf16 Bf16;
    f32 Fp32;
    f64 Fp64;
}

impl sealed::Sealed for bool {}

impl Element for bool {
    const DATATYPE: Datatype = Datatype::Bool;

    fn put(self, contents: &mut BytesMut) {
        contents.put_u8(self.into());
    }

    fn all(contents: &[u8]) -> impl Iterator<Item = Self> {
        contents.iter().map(|byte| *byte != 0)
    }
}
