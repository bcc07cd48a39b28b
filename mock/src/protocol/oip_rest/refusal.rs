//! Errors in the one form of the protocol: `{"error":"unexpected input tensor `z`: expected only `x`"}`.

use super::json;
use crate::backend::LARGEST_BODY;
use crate::keys::EXPECTED;
use crate::protocol::oip;
use crate::protocol::rest::{Unreadable, ask_to_wait};
use crate::refused::{Cause, Refused};
use crate::repository;
use crate::signature::Mistake;
use axum::response::{IntoResponse, Response};
use http::header::{ALLOW, HeaderValue};
use http::{Method, StatusCode};
use serde::Serialize;
use std::fmt;
use tonic::Code;

/// An error answer.
#[derive(Debug)]
pub(super) struct Refusal {
    refused: Refused,
    allowed: Option<Method>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: &'a str,
}

impl Refusal {
    fn of(status: StatusCode, code: Code, message: impl Into<String>) -> Self {
        Refused {
            status,
            code,
            message: message.into(),
            retry_after: None,
            cause: Cause::Server,
        }
        .into()
    }

    /// A request that cannot be understood.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        oip::invalid(message).into()
    }

    /// A request without a key of this server.
    pub(super) fn locked() -> Self {
        Self::of(StatusCode::UNAUTHORIZED, Code::Unauthenticated, EXPECTED)
    }

    /// A path that leads nowhere.
    pub(super) fn unknown_url(path: &str) -> Self {
        let message = format!("unknown request URL: {path}");
        Self::of(StatusCode::NOT_FOUND, Code::NotFound, message)
    }

    /// A path that knows another method.
    pub(super) fn wrong_method(method: &Method, allowed: &Method) -> Self {
        let message = format!("expected the method {allowed}, found {method}");
        Self {
            allowed: Some(allowed.clone()),
            ..Self::of(StatusCode::METHOD_NOT_ALLOWED, Code::Unimplemented, message)
        }
    }

    /// A body that is packed in a way that nobody here unpacks.
    pub(super) fn packed() -> Self {
        Self::of(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Code::Unimplemented,
            "expected a body without content-encoding: compressed requests are not read",
        )
    }

    /// A model that is not ready, in the words and with the status of Triton, whatever the reason.
    pub(super) fn not_ready() -> Self {
        Self::invalid("Model version not ready")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.refused.message)
    }
}

impl Refusal {
    /// The error as clients read it.
    pub(super) fn body(&self) -> Vec<u8> {
        let envelope = Envelope {
            error: &self.refused.message,
        };
        serde_json::to_vec(&envelope).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.refused.status, self.body());
        if let Some(wait) = self.refused.retry_after {
            ask_to_wait(response.headers_mut(), wait);
        }
        if let Some(allowed) = self.allowed
            && let Ok(allowed) = HeaderValue::try_from(allowed.as_str())
        {
            response.headers_mut().insert(ALLOW, allowed);
        }
        response
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        Self {
            refused,
            allowed: None,
        }
    }
}

impl From<Mistake> for Refusal {
    fn from(mistake: Mistake) -> Self {
        Refused::from(mistake).into()
    }
}

impl From<repository::Error> for Refusal {
    fn from(error: repository::Error) -> Self {
        oip::model_refused(&error).into()
    }
}

impl From<Unreadable> for Refusal {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::TooLarge => Self::of(
                StatusCode::PAYLOAD_TOO_LARGE,
                Code::ResourceExhausted,
                format!("expected a body of at most {LARGEST_BODY} bytes, found a larger one"),
            ),
            Unreadable::Slow(patience) => Self::of(
                StatusCode::REQUEST_TIMEOUT,
                Code::DeadlineExceeded,
                format!("expected the rest of the body, found nothing more of it for {patience:?}"),
            ),
            Unreadable::Broken(error) => Self::invalid(format!("could not read the body: {error}")),
        }
    }
}
