//! Errors of the admin API, all of one form:
//! `{"error":{"message":"expected an error status, 400 to 599 in `faults[0].status.http`, found `200`","field":"faults[0].status.http"}}`.

use super::json;
use crate::backend::LARGEST_BODY;
use crate::protocol::Unreadable;
use crate::repository;
use crate::spec;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::{HeaderValue, WWW_AUTHENTICATE};
use serde::Serialize;

/// An error answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    /// Path of the field that is wrong, such as `faults[0].status.http`.
    pub(super) field: Option<String>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    field: Option<&'a str>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            field: None,
        }
    }

    /// Something that was sent and cannot be used.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// The same, about one field.
    pub(super) fn about(self, field: impl Into<String>) -> Self {
        Self {
            field: Some(field.into()),
            ..self
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let envelope = Envelope {
            error: Error {
                message: &self.message,
                field: self.field.as_deref(),
            },
        };
        let mut response = json(&envelope);
        *response.status_mut() = self.status;
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<spec::Error> for Refusal {
    fn from(error: spec::Error) -> Self {
        let refusal = Self::bad_request(error.to_string());
        match error.field() {
            Some(field) => refusal.about(field),
            None => refusal,
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::TooLarge => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is larger than {LARGEST_BODY} bytes"),
            ),
            Unreadable::Slow(patience) => Self::new(
                StatusCode::REQUEST_TIMEOUT,
                format!("expected the rest of the body, found nothing more of it for {patience:?}"),
            ),
            Unreadable::Broken(error) => {
                Self::bad_request(format!("could not read the body: {error}"))
            }
        }
    }
}

impl From<repository::Error> for Refusal {
    fn from(error: repository::Error) -> Self {
        let status = match &error {
            repository::Error::Unknown(_) => StatusCode::NOT_FOUND,
            repository::Error::NotReady(..) => StatusCode::CONFLICT,
            repository::Error::LoadFailed(..) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, error.to_string())
    }
}
