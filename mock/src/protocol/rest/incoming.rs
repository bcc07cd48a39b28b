//! A request as it comes in: what its head says of it, and its body up to a limit.

use crate::backend::{LARGEST_BODY, REQUEST_ID, earlier_attempts};
use axum::body::Body;
use bytes::Bytes;
use http::header::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;

/// How often the request was sent before, as the official SDKs of OpenAI tell it.
const RETRY_COUNT: &str = "x-stainless-retry-count";

/// What the head of a request says of it, whatever it asks for.
#[derive(Debug, Clone)]
pub(crate) struct Head {
    id: Option<HeaderValue>,
    /// How many earlier attempts it tells of.
    pub(crate) attempt: u32,
}

impl Head {
    /// Reads what is there; all of it may be missing.
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let retries = headers.get(RETRY_COUNT);
        Self {
            id: headers.get(REQUEST_ID).cloned(),
            attempt: earlier_attempts(retries.and_then(|count| count.to_str().ok())),
        }
    }

    /// The id that the request gave itself, if it is readable.
    pub(crate) fn id(&self) -> Option<&str> {
        self.id.as_ref().and_then(|id| id.to_str().ok())
    }

    /// Repeats the id in the head of the answer.
    pub(crate) fn mark(self, headers: &mut HeaderMap) {
        if let Some(id) = self.id {
            headers.insert(REQUEST_ID, id);
        }
    }
}

/// Why a body could not be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// It is larger than [`LARGEST_BODY`].
    TooLarge,
    /// It broke off.
    Broken(axum::Error),
}

/// Reads a body whole, at most [`LARGEST_BODY`] bytes.
pub(crate) async fn collect(body: Body) -> Result<Bytes, Unreadable> {
    if body.size_hint().lower() > super::wide(LARGEST_BODY) {
        return Err(Unreadable::TooLarge);
    }
    match Limited::new(body, LARGEST_BODY).collect().await {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(Unreadable::TooLarge),
        Err(error) => Err(Unreadable::Broken(axum::Error::new(error))),
    }
}
