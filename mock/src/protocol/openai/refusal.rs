//! Errors in the one form that clients of the protocol read:
//! `{"error":{"message":"...","type":"...","param":"model","code":"model_not_found"}}`.

use super::json;
use crate::backend::LARGEST_BODY;
use crate::keys::EXPECTED;
use crate::protocol::rest::{Unreadable, ask_to_wait};
use crate::refused::{Cause, Refused};
use crate::repository;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode};
use serde::Serialize;
use std::time::Duration;

/// An error answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) message: String,
    pub(super) param: Option<String>,
    pub(super) code: Option<&'static str>,
    pub(super) retry_after: Option<Duration>,
}

#[derive(Serialize)]
struct Envelope<'a> {
    error: Error<'a>,
}

#[derive(Serialize)]
struct Error<'a> {
    message: &'a str,
    r#type: &'static str,
    param: Option<&'a str>,
    code: Option<&'static str>,
}

impl Refusal {
    /// A request that cannot be understood or accepted; `param` is the field at fault.
    pub(super) fn bad_request(message: impl Into<String>, param: Option<&str>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            message: message.into(),
            param: param.map(str::to_owned),
            code: None,
            retry_after: None,
        }
    }

    /// A body over the limit.
    fn too_large(limit: usize) -> Self {
        Self {
            status: StatusCode::PAYLOAD_TOO_LARGE,
            message: format!("The request body is larger than {limit} bytes."),
            param: None,
            code: Some("request_too_large"),
            retry_after: None,
        }
    }

    /// A request without a key of this server.
    pub(super) fn locked() -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self {
            status,
            message: format!("Could not accept the API key: {EXPECTED}."),
            param: None,
            code: code(status),
            retry_after: None,
        }
    }

    /// A body whose next piece did not come for so long.
    fn slow(patience: Duration) -> Self {
        Self {
            status: StatusCode::REQUEST_TIMEOUT,
            message: format!("Nothing more of the request body came for {patience:?}."),
            param: None,
            code: Some("request_timeout"),
            retry_after: None,
        }
    }

    /// A path that leads nowhere.
    pub(super) fn unknown_url(method: &Method, path: &str) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            message: format!("Unknown request URL: {method} {path}."),
            param: None,
            code: Some("unknown_url"),
            retry_after: None,
        }
    }

    /// A path that knows another method.
    pub(super) fn wrong_method(method: &Method, path: &str, allowed: &str) -> Self {
        Self {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: format!("{path} accepts {allowed}, not {method}."),
            param: None,
            code: Some("method_not_allowed"),
            retry_after: None,
        }
    }
}

impl Refusal {
    /// The error as clients read it.
    pub(super) fn body(&self) -> Vec<u8> {
        let envelope = Envelope {
            error: Error {
                message: &self.message,
                r#type: kind(self.status),
                param: self.param.as_deref(),
                code: self.code,
            },
        };
        serde_json::to_vec(&envelope).unwrap_or_default()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = json(self.status, self.body());
        if let Some(wait) = self.retry_after {
            ask_to_wait(response.headers_mut(), wait);
        }
        response
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        let (param, code) = match refused.cause {
            Cause::Server => (None, code(refused.status)),
            Cause::Model => (Some("model".to_owned()), Some("model_not_ready")),
        };
        Self {
            status: refused.status,
            message: refused.message,
            param,
            code,
            retry_after: refused.retry_after,
        }
    }
}

impl From<Unreadable> for Refusal {
    fn from(error: Unreadable) -> Self {
        match error {
            Unreadable::TooLarge => Self::too_large(LARGEST_BODY),
            Unreadable::Slow(patience) => Self::slow(patience),
            Unreadable::Broken(error) => {
                Self::bad_request(format!("Could not read the body: {error}."), None)
            }
        }
    }
}

impl From<repository::Error> for Refusal {
    fn from(error: repository::Error) -> Self {
        let (status, code) = match &error {
            repository::Error::Unknown(_) => (StatusCode::NOT_FOUND, "model_not_found"),
            // No call of this protocol loads a model.
            repository::Error::NotReady(..) | repository::Error::LoadFailed(..) => {
                (StatusCode::SERVICE_UNAVAILABLE, "model_not_ready")
            }
        };
        Self {
            status,
            message: error.to_string(),
            param: Some("model".to_owned()),
            code: Some(code),
            retry_after: None,
        }
    }
}

/// The `type` that goes with a status.
fn kind(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => "authentication_error",
        StatusCode::FORBIDDEN => "permission_error",
        StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
        status if status.is_server_error() => "server_error",
        _ => "invalid_request_error",
    }
}

/// The `code` that goes with a status, where there is a usual one.
fn code(status: StatusCode) -> Option<&'static str> {
    match status {
        StatusCode::UNAUTHORIZED => Some("invalid_api_key"),
        StatusCode::TOO_MANY_REQUESTS => Some("rate_limit_exceeded"),
        _ => None,
    }
}
