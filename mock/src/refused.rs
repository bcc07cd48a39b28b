//! Why a request that was understood gets no answer, whatever the protocol: what it is told, and how long to wait.

use crate::repository::{self, State};
use http::StatusCode;
use std::time::Duration;
use tonic::Code;

/// An error instead of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refused {
    /// The status over HTTP.
    pub(crate) status: StatusCode,
    /// The code over gRPC.
    pub(crate) code: Code,
    /// What the client is told, whole sentences where the mock speaks for itself.
    pub(crate) message: String,
    /// How long the client is asked to wait before it tries again.
    pub(crate) retry_after: Option<Duration>,
    /// What it is about, for protocols that say so.
    pub(crate) cause: Cause,
}

/// What an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// Nothing that the request named.
    Server,
    /// Its model, which is not ready.
    Model,
}

impl Refused {
    /// A fault that shows as a status.
    pub(crate) fn fault(status: StatusCode, retry_after: Option<Duration>) -> Self {
        let reason = status.canonical_reason().unwrap_or("error");
        Self {
            status,
            code: code(status),
            message: format!("{reason}, as the mock was asked to answer."),
            retry_after,
            cause: Cause::Server,
        }
    }

    /// A fault that shows as a model that is not ready.
    pub(crate) fn not_ready(model: &str) -> Self {
        let error = repository::Error::NotReady(model.to_owned(), State::Unloaded);
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: Code::Unavailable,
            message: error.to_string(),
            retry_after: None,
            cause: Cause::Model,
        }
    }
}

/// The gRPC code that corresponds to an HTTP status.
pub(crate) fn code(status: StatusCode) -> Code {
    match status {
        StatusCode::BAD_REQUEST => Code::InvalidArgument,
        StatusCode::UNAUTHORIZED => Code::Unauthenticated,
        StatusCode::FORBIDDEN => Code::PermissionDenied,
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::TOO_MANY_REQUESTS => Code::ResourceExhausted,
        StatusCode::INTERNAL_SERVER_ERROR => Code::Internal,
        StatusCode::NOT_IMPLEMENTED => Code::Unimplemented,
        StatusCode::SERVICE_UNAVAILABLE => Code::Unavailable,
        StatusCode::GATEWAY_TIMEOUT => Code::DeadlineExceeded,
        _ => Code::Unknown,
    }
}

/// A wait in whole milliseconds and in whole seconds, both rounded up, as the protocols tell it.
pub(crate) fn rounded_up(wait: Duration) -> (u128, u128) {
    let millis = wait.as_nanos().div_ceil(1_000_000);
    (millis, millis.div_ceil(1000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_become_the_codes_that_correspond() {
        for (http, expected) in [
            (400, Code::InvalidArgument),
            (401, Code::Unauthenticated),
            (404, Code::NotFound),
            (418, Code::Unknown),
            (429, Code::ResourceExhausted),
            (500, Code::Internal),
            (503, Code::Unavailable),
            (504, Code::DeadlineExceeded),
        ] {
            assert_eq!(
                Refused::fault(StatusCode::from_u16(http).unwrap(), None).code,
                expected
            );
        }
    }

    #[test]
    fn waits_are_rounded_up() {
        assert_eq!(rounded_up(Duration::from_micros(1_200_500)), (1201, 2));
        assert_eq!(rounded_up(Duration::ZERO), (0, 0));
    }
}
