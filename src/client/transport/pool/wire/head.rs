//! The heads of requests and answers: `POST /v1/completions HTTP/1.1` with its headers, `HTTP/1.1 200 OK` with those that
//! came.

use super::Malformed;
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use http::response::Parts;
use http::{Method, Request, Response, StatusCode, Version};
use std::mem::MaybeUninit;

/// The most headers that an answer may have.
const MOST_HEADERS: usize = 100;
/// The most bytes that the head of an answer may have.
const MOST_BYTES: usize = 256 * 1024;

/// The headers that each request over a connection has, as they are written.
#[derive(Debug, Default)]
pub(in crate::client::transport::pool) struct Always(Vec<u8>);

impl Always {
    pub(in crate::client::transport::pool) fn of(headers: &HeaderMap) -> Self {
        let mut written = Vec::new();
        write_all(headers, &mut written);
        Self(written)
    }
}

/// The head of an answer.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) parts: Parts,
    /// May another request follow, as far as the server says?
    pub(super) is_kept: bool,
}

impl Head {
    /// Does it only say that another will come?
    pub(super) fn is_preliminary(&self) -> bool {
        let status = self.parts.status;
        status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS
    }
}

/// The head of a request, as it is written.
pub(super) fn write(request: &Request<Bytes>, always: &Always) -> Vec<u8> {
    let mut head = Vec::with_capacity(512);
    for part in [
        request.method().as_str(),
        " ",
        path(request),
        " HTTP/1.1\r\n",
    ] {
        head.extend_from_slice(part.as_bytes());
    }
    head.extend_from_slice(&always.0);
    write_all(request.headers(), &mut head);
    let length = request.body().len();
    if length > 0 || request.method() == Method::POST {
        write_one(&CONTENT_LENGTH, length.to_string().as_bytes(), &mut head);
    }
    head.extend_from_slice(b"\r\n");
    head
}

fn path(request: &Request<Bytes>) -> &str {
    let path = request.uri().path_and_query();
    path.map_or("/", |path| path.as_str())
}

fn write_all(headers: &HeaderMap, into: &mut Vec<u8>) {
    for (name, value) in headers {
        write_one(name, value.as_bytes(), into);
    }
}

fn write_one(name: &HeaderName, value: &[u8], into: &mut Vec<u8>) {
    for part in [name.as_str().as_bytes(), b": ", value, b"\r\n"] {
        into.extend_from_slice(part);
    }
}

/// The head that these bytes begin with, and its length; `None` while its end has not come.
///
/// # Errors
/// What comes is no head of an answer, or has no end.
pub(super) fn read(bytes: &[u8]) -> Result<Option<(Head, usize)>, Malformed> {
    let mut headers = [const { MaybeUninit::uninit() }; MOST_HEADERS];
    let mut read = httparse::Response::new(&mut []);
    let parser = httparse::ParserConfig::default();
    let parsed = parser.parse_response_with_uninit_headers(&mut read, bytes, &mut headers);
    let length = match parsed {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) if bytes.len() < MOST_BYTES => return Ok(None),
        Ok(httparse::Status::Partial) => return Err(Malformed("the head of an answer to end")),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(Malformed("an answer of at most 100 headers"));
        }
        Err(error) => return Err(Malformed(expected(error))),
    };
    let (mut parts, ()) = Response::new(()).into_parts();
    let status = read.code.and_then(|code| StatusCode::from_u16(code).ok());
    parts.status = status.ok_or(Malformed("an HTTP status from 100 to 999"))?;
    parts.version = match read.version {
        Some(0) => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    parts.headers.reserve(read.headers.len());
    for header in read.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes());
        let name = name.map_err(|_| Malformed(HEADER_NAME))?;
        let value = HeaderValue::from_bytes(header.value);
        let value = value.map_err(|_| Malformed(HEADER_VALUE))?;
        parts.headers.append(name, value);
    }
    let is_kept = is_kept(&parts);
    Ok(Some((Head { parts, is_kept }, length)))
}

const HEADER_NAME: &str = "headers whose names are valid in HTTP/1.1";
const HEADER_VALUE: &str = "headers whose values are valid in HTTP/1.1";

/// What was expected where this came.
fn expected(error: httparse::Error) -> &'static str {
    match error {
        httparse::Error::HeaderName => HEADER_NAME,
        httparse::Error::HeaderValue => HEADER_VALUE,
        httparse::Error::NewLine => "lines of a head that end as those of HTTP/1.1",
        httparse::Error::Status => "an HTTP status from 100 to 999",
        httparse::Error::Token | httparse::Error::Version | httparse::Error::TooManyHeaders => {
            "an answer in HTTP/1.1"
        }
    }
}

/// May another request follow (RFC 9112, 9.3)?
fn is_kept(parts: &Parts) -> bool {
    let said = parts.headers.get_all(CONNECTION).iter();
    let mut said = said
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut says = |wanted: &str| said.any(|option| option.trim().eq_ignore_ascii_case(wanted));
    if parts.version == Version::HTTP_10 {
        says("keep-alive")
    } else {
        !says("close")
    }
}
