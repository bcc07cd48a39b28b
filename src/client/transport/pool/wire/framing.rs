//! Where the body of an answer ends (RFC 9112, 6.3), and what of the bytes that come is body:
//! `"2\r\nok\r\n0\r\n\r\n"` is the chunked form of `ok`.

use super::Malformed;
use super::head::Head;
use http::header::{CONTENT_LENGTH, HeaderMap, TRANSFER_ENCODING};
use http::{StatusCode, Version};

/// The most that may stand beside the size of a chunk, or behind the last one, in bytes.
const MOST_BESIDE: usize = 16 * 1024;

/// What is still to come of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked(Chunked),
    /// All until the connection is closed.
    UntilClose,
}

/// How far chunks have come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Chunked {
    next: Next,
    /// Of the chunk under way.
    left: u64,
    /// How many of its bytes were neither size nor data.
    beside: usize,
}

/// What comes next of chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// The first digit of a size.
    Size,
    /// Another digit, or what may follow the size.
    MoreOfSize,
    /// What stands beside the size, and means nothing.
    Extension,
    SizeLineFeed,
    Data,
    DataReturn,
    DataLineFeed,
    /// The first byte of a field behind the last chunk, or the end.
    Trailer,
    MoreOfTrailer,
    TrailerLineFeed,
    LastLineFeed,
    Nothing,
}

impl Framing {
    /// That of no body.
    pub(super) const NOTHING: Self = Self::Length(0);

    /// What follows this head; an answer to a request for the head alone has no body.
    ///
    /// # Errors
    /// It does not say where the body ends, or says it in two ways.
    pub(super) fn of(head: &Head, has_body: bool) -> Result<Self, Malformed> {
        let parts = &head.parts;
        let is_bodiless = matches!(
            parts.status,
            StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED
        );
        if !has_body || is_bodiless {
            return Ok(Self::NOTHING);
        }
        if parts.headers.contains_key(TRANSFER_ENCODING) {
            if parts.version == Version::HTTP_10 {
                return Err(Malformed("no transfer-encoding in HTTP/1.0"));
            }
            return Ok(if ends_in_chunks(&parts.headers) {
                Self::Chunked(Chunked::START)
            } else {
                Self::UntilClose
            });
        }
        let length = length(&parts.headers)?;
        Ok(length.map_or(Self::UntilClose, Self::Length))
    }

    /// Is the body complete?
    pub(super) fn is_complete(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunked) => chunked.next == Next::Nothing,
            Self::UntilClose => false,
        }
    }

    /// Appends what of these bytes is body, and says how many of them belong to the answer.
    ///
    /// # Errors
    /// They are no chunks.
    pub(super) fn decode(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> Result<usize, Malformed> {
        match self {
            Self::Length(left) => Ok(take(left, bytes, into)),
            Self::Chunked(chunked) => chunked.decode(bytes, into),
            Self::UntilClose => {
                into.extend_from_slice(bytes);
                Ok(bytes.len())
            }
        }
    }
}

/// Is `chunked` the last encoding? Without that, a body ends with its connection.
fn ends_in_chunks(headers: &HeaderMap) -> bool {
    let last = headers.get_all(TRANSFER_ENCODING).iter().next_back();
    let last = last.and_then(|value| value.to_str().ok());
    let last = last.and_then(|value| value.rsplit(',').next());
    last.is_some_and(|encoding| encoding.trim().eq_ignore_ascii_case("chunked"))
}

/// The length that is said, once or several times alike.
fn length(headers: &HeaderMap) -> Result<Option<u64>, Malformed> {
    let mut found = None;
    for value in headers.get_all(CONTENT_LENGTH) {
        let said = value.to_str().map_err(|_| Malformed(ONE_LENGTH))?;
        for said in said.split(',') {
            let said = said.trim();
            let is_number = !said.is_empty() && said.bytes().all(|byte| byte.is_ascii_digit());
            let length = is_number.then(|| said.parse().ok()).flatten();
            let length = length.ok_or(Malformed(ONE_LENGTH))?;
            if found.is_some_and(|found| found != length) {
                return Err(Malformed(ONE_LENGTH));
            }
            found = Some(length);
        }
    }
    Ok(found)
}

const ONE_LENGTH: &str = "one number of bytes as content-length";

/// Appends up to `left` of these bytes, and says how many.
fn take(left: &mut u64, bytes: &[u8], into: &mut Vec<u8>) -> usize {
    let most = usize::try_from(*left).unwrap_or(usize::MAX);
    let taken = bytes.get(..most).unwrap_or(bytes);
    into.extend_from_slice(taken);
    *left -= u64::try_from(taken.len()).unwrap_or(*left);
    taken.len()
}

impl Chunked {
    const START: Self = Self {
        next: Next::Size,
        left: 0,
        beside: 0,
    };

    fn decode(&mut self, bytes: &[u8], into: &mut Vec<u8>) -> Result<usize, Malformed> {
        let mut rest = bytes;
        while self.next != Next::Nothing {
            if self.next == Next::Data {
                let taken = take(&mut self.left, rest, into);
                rest = rest.get(taken..).unwrap_or_default();
                if self.left > 0 {
                    break;
                }
                self.next = Next::DataReturn;
            }
            let Some((byte, after)) = rest.split_first() else {
                break;
            };
            self.next = self.after(*byte)?;
            rest = after;
        }
        Ok(bytes.len() - rest.len())
    }

    /// What comes after this byte, which is no data.
    fn after(&mut self, byte: u8) -> Result<Next, Malformed> {
        Ok(match (self.next, byte) {
            (Next::MoreOfSize | Next::Extension, b'\r') => Next::SizeLineFeed,
            (Next::MoreOfSize, b';' | b' ' | b'\t') => self.beside(Next::Extension)?,
            (Next::Size | Next::MoreOfSize, digit) => self.digit(digit)?,
            (Next::Extension, byte) if byte != b'\n' => self.beside(Next::Extension)?,
            (Next::SizeLineFeed, b'\n') if self.left == 0 => Next::Trailer,
            (Next::SizeLineFeed, b'\n') => Next::Data,
            (Next::DataReturn, b'\r') => Next::DataLineFeed,
            (Next::DataLineFeed, b'\n') => {
                self.beside = 0;
                Next::Size
            }
            (Next::Trailer, b'\r') => Next::LastLineFeed,
            (Next::MoreOfTrailer, b'\r') => Next::TrailerLineFeed,
            (Next::Trailer | Next::MoreOfTrailer, _) => self.beside(Next::MoreOfTrailer)?,
            (Next::TrailerLineFeed, b'\n') => Next::Trailer,
            (Next::LastLineFeed, b'\n') => Next::Nothing,
            _ => return Err(Malformed("chunks as HTTP/1.1 has them")),
        })
    }

    /// Another digit of a size.
    fn digit(&mut self, digit: u8) -> Result<Next, Malformed> {
        let digit = char::from(digit).to_digit(16).map(u64::from);
        let size = digit.and_then(|digit| self.left.checked_mul(16)?.checked_add(digit));
        self.left = size.ok_or(Malformed("the size of a chunk in hexadecimal digits"))?;
        Ok(Next::MoreOfSize)
    }

    /// Goes on after a byte that is neither size nor data.
    fn beside(&mut self, next: Next) -> Result<Next, Malformed> {
        self.beside += 1;
        if self.beside > MOST_BESIDE {
            return Err(Malformed(
                "at most 16384 bytes beside the chunks of an answer",
            ));
        }
        Ok(next)
    }
}
