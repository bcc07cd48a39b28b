//! A request as it comes in: what its head says of it, and its body up to a limit of size and of patience.

use crate::backend::{LARGEST_BODY, REQUEST_ID, earlier_attempts};
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{HeaderMap, HeaderValue};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Body as _;
use std::pin::pin;
use std::time::Duration;
use tokio::time::timeout;

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
    /// Its next piece did not come for so long.
    Slow(Duration),
    /// It broke off.
    Broken(axum::Error),
}

/// Reads a body whole, at most [`LARGEST_BODY`] bytes, and waits for each piece of it no longer than `patience`.
pub(crate) async fn collect(body: Body, patience: Duration) -> Result<Bytes, Unreadable> {
    if body.size_hint().lower() > super::wide(LARGEST_BODY) {
        return Err(Unreadable::TooLarge);
    }
    let mut limited = pin!(Limited::new(body, LARGEST_BODY));
    let mut next = async || match timeout(patience, limited.frame()).await {
        Err(_) => Err(Unreadable::Slow(patience)),
        Ok(None) => Ok(None),
        Ok(Some(Ok(frame))) => Ok(Some(frame.into_data().unwrap_or_default())),
        Ok(Some(Err(error))) if error.is::<LengthLimitError>() => Err(Unreadable::TooLarge),
        Ok(Some(Err(error))) => Err(Unreadable::Broken(axum::Error::new(error))),
    };
    // Most bodies come in one piece, which is not copied.
    let Some(first) = next().await? else {
        return Ok(Bytes::new());
    };
    let Some(second) = next().await? else {
        return Ok(first);
    };
    let mut whole = BytesMut::from(first);
    whole.extend_from_slice(&second);
    while let Some(piece) = next().await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// Is the body a JSON array, and so no object, whatever stands in it?
pub(crate) fn is_array(body: &[u8]) -> bool {
    body.trim_ascii_start().first() == Some(&b'[')
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::stream;
    use std::convert::Infallible;
    use tokio::time::sleep;

    const PATIENCE: Duration = Duration::from_secs(30);

    /// A body of three pieces, each so many seconds after the one before.
    fn pieces(seconds: [u64; 3]) -> Body {
        Body::from_stream(stream::unfold(seconds.into_iter(), async |mut left| {
            let seconds = left.next()?;
            sleep(Duration::from_secs(seconds)).await;
            Some((Ok::<_, Infallible>(Bytes::from_static(b"ab")), left))
        }))
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_may_take_its_time_as_long_as_it_goes_on() {
        let body = collect(pieces([29, 29, 29]), PATIENCE).await.unwrap();

        assert_eq!(body, "ababab");
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_that_stops_is_given_up() {
        for seconds in [[31, 0, 0], [0, 31, 0], [0, 0, 31]] {
            let error = collect(pieces(seconds), PATIENCE).await.unwrap_err();

            assert!(matches!(error, Unreadable::Slow(PATIENCE)), "{error:?}");
        }
    }
}
