//! The elements of a tensor in the form in which they travel raw: little-endian and one after the other, each element of
//! `BYTES` after its own length in 4 bytes. The other forms are read into this one and written from it, so that what
//! goes through unchanged is never copied.

use super::Datatype;
use bytes::{BufMut, Bytes, BytesMut};

/// Elements that fit their datatype, and how many there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Elements {
    datatype: Datatype,
    count: usize,
    raw: Bytes,
}

/// Raw contents that hold something else than they should.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RawError {
    /// Too many or too few bytes for elements of one width.
    #[error("expected {expected} bytes for {count} elements of {datatype}, found {found}")]
    Size {
        /// Elements times their width.
        expected: usize,
        /// Elements by the shape.
        count: usize,
        /// Their datatype.
        datatype: Datatype,
        /// Bytes.
        found: usize,
    },
    /// Contents of `BYTES` that are not made of lengths and bytes.
    #[error(
        "expected {expected} elements of BYTES, each after its length in 4 bytes, little-endian; element {element} is not"
    )]
    Element {
        /// Elements by the shape.
        expected: usize,
        /// The first that is cut short, or the first too many.
        element: usize,
    },
    /// A truth value that is neither 0 nor 1.
    #[error("expected 0 or 1 for each element of BOOL, found {0}")]
    Bool(u8),
}

impl Elements {
    /// The `count` elements in `raw`.
    ///
    /// # Errors
    /// There are more or fewer of them, or they are not what their datatype says.
    pub(crate) fn from_raw(datatype: Datatype, count: usize, raw: Bytes) -> Result<Self, RawError> {
        match datatype.width() {
            None => count_texts(&raw, count)?,
            Some(width) => {
                let expected = count.saturating_mul(width);
                if raw.len() != expected {
                    return Err(RawError::Size {
                        expected,
                        count,
                        datatype,
                        found: raw.len(),
                    });
                }
            }
        }
        if datatype == Datatype::Bool
            && let Some(&byte) = raw.iter().find(|&&byte| byte > 1)
        {
            return Err(RawError::Bool(byte));
        }
        Ok(Self {
            datatype,
            count,
            raw,
        })
    }

    /// One text.
    pub(crate) fn text(text: &str) -> Self {
        let mut writer = Writer::new(Datatype::Bytes, 4 + text.len());
        writer.put_text(text.as_bytes());
        writer.finish()
    }

    /// Their datatype.
    pub(crate) fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// All of them as they travel raw.
    pub(crate) fn raw(&self) -> &Bytes {
        &self.raw
    }

    /// Each element's own bytes, without the length of one of `BYTES`.
    pub(crate) fn iter(&self) -> Iter<'_> {
        Iter {
            datatype: self.datatype,
            rest: &self.raw,
        }
    }
}

/// Elements one after the other.
#[derive(Debug)]
pub(crate) struct Iter<'a> {
    datatype: Datatype,
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (element, rest) = match self.datatype.width() {
            Some(width) => self.rest.split_at_checked(width)?,
            None => split_text(self.rest)?,
        };
        self.rest = rest;
        Some(element)
    }
}

/// The first text of raw contents, and what follows it.
fn split_text(raw: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = raw.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

fn count_texts(raw: &[u8], expected: usize) -> Result<(), RawError> {
    let mut rest = raw;
    let mut element = 0;
    while !rest.is_empty() || element < expected {
        match split_text(rest) {
            Some((_, after)) if element < expected => rest = after,
            Some(_) | None => return Err(RawError::Element { expected, element }),
        }
        element += 1;
    }
    Ok(())
}

/// Puts elements together, one at a time.
#[derive(Debug)]
pub(crate) struct Writer {
    datatype: Datatype,
    count: usize,
    raw: BytesMut,
}

impl Writer {
    /// A writer with room for `bytes` of raw contents; it grows when they do.
    pub(crate) fn new(datatype: Datatype, bytes: usize) -> Self {
        Self {
            datatype,
            count: 0,
            raw: BytesMut::with_capacity(bytes),
        }
    }

    /// The datatype of all elements.
    pub(crate) fn datatype(&self) -> Datatype {
        self.datatype
    }

    /// How many elements there are so far.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Adds an element of a fixed width, in little-endian bytes.
    pub(crate) fn put<const WIDTH: usize>(&mut self, element: [u8; WIDTH]) {
        debug_assert_eq!(self.datatype.width(), Some(WIDTH), "{}", self.datatype);
        self.raw.put_slice(&element);
        self.count += 1;
    }

    /// Adds an element of `BYTES`.
    pub(crate) fn put_text(&mut self, text: &[u8]) {
        debug_assert_eq!(self.datatype, Datatype::Bytes);
        // Nothing in this process is as long as 4 GiB: bodies are bounded.
        self.raw
            .put_u32_le(u32::try_from(text.len()).unwrap_or(u32::MAX));
        self.raw.put_slice(text);
        self.count += 1;
    }

    /// All elements that were put.
    pub(crate) fn finish(self) -> Elements {
        Elements {
            datatype: self.datatype,
            count: self.count,
            raw: self.raw.freeze(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(datatype: Datatype, count: usize, raw: &'static [u8]) -> Result<usize, String> {
        Elements::from_raw(datatype, count, Bytes::from_static(raw))
            .map(|elements| elements.iter().count())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn raw_contents_hold_as_many_elements_as_the_shape_says() {
        assert_eq!(read(Datatype::Fp32, 2, &[0; 8]), Ok(2));
        assert_eq!(read(Datatype::Bool, 2, b"\x01\0"), Ok(2));
        assert_eq!(read(Datatype::Bytes, 2, b"\x01\0\0\0a\0\0\0\0"), Ok(2));
        assert_eq!(read(Datatype::Bytes, 0, b""), Ok(0));
        assert_eq!(
            read(Datatype::Fp32, 2, &[0; 7]),
            Err("expected 8 bytes for 2 elements of FP32, found 7".to_owned())
        );
        assert_eq!(
            read(Datatype::Bool, 2, b"\x01\x02"),
            Err("expected 0 or 1 for each element of BOOL, found 2".to_owned())
        );
    }

    #[test]
    fn malformed_texts_are_refused_by_their_place() {
        for (count, raw, at) in [
            (1, &b""[..], 0),
            (1, b"\x01\0\0", 0),
            (1, b"\x02\0\0\0a", 0),
            (1, b"\x01\0\0\0ab", 1),
            (1, b"\xff\xff\xff\xffa", 0),
            (3, b"\0\0\0\0\0\0\0\0", 2),
            (0, b"\0\0\0\0", 0),
        ] {
            let expected = format!(
                "expected {count} elements of BYTES, each after its length in 4 bytes, little-endian; element {at} is not"
            );
            assert_eq!(read(Datatype::Bytes, count, raw), Err(expected));
        }
    }

    #[test]
    fn a_text_is_its_length_and_its_bytes() {
        let elements = Elements::text(" alpha");

        assert_eq!(&elements.raw()[..], b"\x06\0\0\0 alpha");
        assert_eq!(elements.iter().collect::<Vec<_>>(), [b" alpha"]);
        assert_eq!(elements.count(), 1);
    }
}
