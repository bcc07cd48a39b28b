//! What requests and whole answers carry: JSON, and behind it the bytes that it speaks of, where there are any.
//!
//! `inference-header-content-length: 2` cuts `{}\x01\x02` into `{}` and two bytes.

use crate::client::{Failure, FailureKind};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};

/// How many bytes of a body are its JSON; all of them when it is left out.
const HEADER_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// A body to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::client::transport) struct Body {
    pub(in crate::client::transport) bytes: Bytes,
    /// How many of them are JSON, if not all.
    pub(in crate::client::transport) header: Option<usize>,
}

impl From<Bytes> for Body {
    /// A body of JSON alone.
    fn from(bytes: Bytes) -> Self {
        Self {
            bytes,
            header: None,
        }
    }
}

impl Body {
    /// A body that begins with so many bytes of JSON.
    pub(in crate::client::transport) fn with_header(bytes: Bytes, header: usize) -> Self {
        Self {
            bytes,
            header: Some(header),
        }
    }

    /// Says in the headers of its request what it is, where it is more than JSON.
    pub(super) fn mark(&self, headers: &mut HeaderMap) {
        if let Some(header) = self.header {
            headers.insert(CONTENT_TYPE, OCTETS);
            headers.insert(HEADER_LENGTH, HeaderValue::from(header));
        }
    }
}

/// How many bytes of an answer's body are JSON, as its headers say it; `None` when all are.
///
/// # Errors
/// They say what is no number.
pub(super) fn json_length(headers: &HeaderMap) -> Result<Option<usize>, Failure> {
    let Some(length) = headers.get(HEADER_LENGTH) else {
        return Ok(None);
    };
    let number = length.to_str().ok().and_then(|length| length.parse().ok());
    number.map(Some).ok_or_else(|| {
        let message = format!("expected a number of bytes in `{HEADER_LENGTH}`, found {length:?}");
        Failure::new(FailureKind::Malformed, message)
    })
}

/// Cuts an answer's body behind its JSON.
///
/// # Errors
/// It is shorter than that.
pub(super) fn cut(mut body: Bytes, json: Option<usize>) -> Result<(Bytes, Bytes), Failure> {
    let json = json.unwrap_or(body.len());
    if json > body.len() {
        let found = body.len();
        let message = format!("expected {json} bytes of JSON in the answer, found {found}");
        return Err(Failure::new(FailureKind::Malformed, message));
    }
    let rest = body.split_off(json);
    Ok((body, rest))
}
