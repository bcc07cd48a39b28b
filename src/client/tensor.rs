//! Tensors as requests and answers hold them, whatever the protocol: a name, a shape, and elements of one datatype, kept as
//! the bytes that the Open Inference Protocol has for them. Lengths are held against shapes when one is made.
//!
//! ```
//! use inferometer::client::Tensor;
//!
//! let tensor = Tensor::of("x", &[1, 2], &[0.5_f32, 1.0])?;
//! assert_eq!(tensor.contents().as_ref(), b"\0\0\0\x3f\0\0\x80\x3f");
//! assert_eq!(tensor.elements::<f32>(), Some(vec![0.5, 1.0]));
//! # Ok::<(), inferometer::client::TensorError>(())
//! ```

mod element;
mod rows;

pub use element::Element;
pub use inferometer_proto::datatype::Datatype;

use bytes::{Buf, BufMut, Bytes, BytesMut};

/// A named tensor. Its elements are as many as its shape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    name: String,
    datatype: Datatype,
    shape: Vec<u64>,
    contents: Bytes,
}

/// Contents that are not what the shape and the datatype say.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TensorError {
    /// More elements than can be counted.
    #[error("expected a shape whose lengths can be multiplied, found {0:?}")]
    Shape(Vec<u64>),
    /// More or fewer bytes.
    #[error("expected {expected} bytes for shape {shape:?} of {datatype}, found {found}")]
    Bytes {
        /// The datatype in question.
        datatype: Datatype,
        /// The shape in question.
        shape: Vec<u64>,
        /// How many bytes that is.
        expected: u64,
        /// How many there are.
        found: usize,
    },
    /// More or fewer elements.
    #[error("expected {expected} elements for shape {shape:?}, found {found}")]
    Elements {
        /// The shape in question.
        shape: Vec<u64>,
        /// How many elements that is.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// An element of BYTES tells a length beyond the end.
    #[error("expected as many bytes as element {0} of BYTES says that it has, found fewer")]
    Piece(u64),
    /// A truth value that is none.
    #[error("expected 0 or 1 for each element of BOOL, found another byte")]
    Truth,
}

impl Tensor {
    /// A tensor of these contents: little-endian elements one after the other, and before each of `BYTES` its length in
    /// four bytes.
    ///
    /// # Errors
    /// They are not as many as the shape says, or not of the datatype.
    pub fn try_new(
        name: impl Into<String>,
        datatype: Datatype,
        shape: &[u64],
        contents: impl Into<Bytes>,
    ) -> Result<Self, TensorError> {
        let contents = contents.into();
        let elements = count(shape)?;
        match datatype.width() {
            None => check_pieces(&contents, shape, elements)?,
            Some(width) => {
                let expected = u64::try_from(width).ok();
                let expected = expected.and_then(|width| elements.checked_mul(width));
                let expected = expected.ok_or_else(|| TensorError::Shape(shape.to_vec()))?;
                let found = contents.len();
                if u64::try_from(found) != Ok(expected) {
                    return Err(TensorError::Bytes {
                        datatype,
                        shape: shape.to_vec(),
                        expected,
                        found,
                    });
                }
            }
        }
        if datatype == Datatype::Bool && contents.iter().any(|byte| *byte > 1) {
            return Err(TensorError::Truth);
        }
        Ok(Self {
            name: name.into(),
            datatype,
            shape: shape.to_vec(),
            contents,
        })
    }

    /// A tensor of these elements.
    ///
    /// # Errors
    /// They are more or fewer than the shape says.
    pub fn of<T: Element>(
        name: impl Into<String>,
        shape: &[u64],
        elements: &[T],
    ) -> Result<Self, TensorError> {
        Self::try_new(name, T::DATATYPE, shape, contents(elements))
    }

    /// A tensor of `BYTES`, most often texts.
    ///
    /// # Errors
    /// They are more or fewer than the shape says.
    pub fn of_bytes(
        name: impl Into<String>,
        shape: &[u64],
        elements: &[impl AsRef<[u8]>],
    ) -> Result<Self, TensorError> {
        let mut contents = BytesMut::new();
        for element in elements {
            put_piece(element.as_ref(), &mut contents);
        }
        Self::try_new(name, Datatype::Bytes, shape, contents)
    }

    /// The name that the model knows it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The type of its elements.
    pub const fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// Its lengths, outermost first; a single value has none.
    pub fn shape(&self) -> &[u64] {
        &self.shape
    }

    /// Its elements as the protocol has them: little-endian, one after the other.
    pub const fn contents(&self) -> &Bytes {
        &self.contents
    }

    /// Its elements, if they are of this type.
    pub fn elements<T: Element>(&self) -> Option<Vec<T>> {
        (self.datatype == T::DATATYPE).then(|| T::all(&self.contents).collect())
    }

    /// Its elements, if they are `BYTES`.
    pub fn byte_elements(&self) -> Option<Vec<&[u8]>> {
        (self.datatype == Datatype::Bytes).then(|| Pieces(&self.contents).collect())
    }
}

/// The number of elements of a shape.
fn count(shape: &[u64]) -> Result<u64, TensorError> {
    let product = |product: u64, length: &u64| product.checked_mul(*length);
    let elements = shape.iter().try_fold(1, product);
    elements.ok_or_else(|| TensorError::Shape(shape.to_vec()))
}

/// Elements as the protocol has them.
pub(super) fn contents<T: Element>(elements: &[T]) -> BytesMut {
    let mut contents = BytesMut::new();
    for element in elements {
        element.put(&mut contents);
    }
    contents
}

/// Appends an element of `BYTES`. One that is longer than four bytes can say is cut there.
pub(super) fn put_piece(element: &[u8], contents: &mut BytesMut) {
    let length = u32::try_from(element.len()).unwrap_or(u32::MAX);
    contents.put_u32_le(length);
    let kept = usize::try_from(length).unwrap_or(usize::MAX);
    contents.put_slice(element.get(..kept).unwrap_or(element));
}

fn check_pieces(contents: &[u8], shape: &[u64], expected: u64) -> Result<(), TensorError> {
    let mut pieces = Pieces(contents);
    let mut found = 0;
    while pieces.next().is_some() {
        found += 1;
    }
    if !pieces.0.is_empty() {
        return Err(TensorError::Piece(found));
    }
    if found == expected {
        return Ok(());
    }
    Err(TensorError::Elements {
        shape: shape.to_vec(),
        expected,
        found,
    })
}

/// The elements of raw `BYTES`, up to the first that is not whole.
#[derive(Debug, Clone)]
struct Pieces<'a>(&'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let mut rest = self.0;
        let length = usize::try_from(rest.try_get_u32_le().ok()?).ok()?;
        let (piece, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests;
