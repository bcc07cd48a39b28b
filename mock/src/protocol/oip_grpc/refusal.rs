//! Errors as gRPC statuses.

use crate::backend::TokensOutOfRange;
use crate::repository;
use http::StatusCode;
use std::time::Duration;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};

/// A request that cannot be accepted.
pub(super) fn invalid(message: impl Into<String>) -> Status {
    Status::invalid_argument(message)
}

/// A number of output tokens that cannot be accepted.
pub(super) fn out_of_range(error: TokensOutOfRange) -> Status {
    invalid(format!("parameter `max_tokens`: {error}"))
}

/// A model that cannot be used.
pub(super) fn model(error: &repository::Error) -> Status {
    match error {
        repository::Error::Unknown(_) => Status::not_found(error.to_string()),
        repository::Error::NotReady(_) => Status::unavailable(error.to_string()),
    }
}

/// A fault that shows as a status, with the wait in the metadata that gRPC's retry design names, and as HTTP has it.
pub(super) fn fault(status: StatusCode, retry_after: Option<Duration>) -> Status {
    let mut metadata = MetadataMap::new();
    if let Some(wait) = retry_after {
        let millis = wait.as_nanos().div_ceil(1_000_000);
        let seconds = millis.div_ceil(1000);
        for (key, number) in [("grpc-retry-pushback-ms", millis), ("retry-after", seconds)] {
            if let Ok(value) = MetadataValue::try_from(number.to_string()) {
                metadata.insert(key, value);
            }
        }
    }
    let reason = status.canonical_reason().unwrap_or("error");
    Status::with_metadata(
        code(status),
        format!("{reason}, as the mock was asked to answer"),
        metadata,
    )
}

/// The code that corresponds to an HTTP status.
fn code(status: StatusCode) -> Code {
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
                fault(StatusCode::from_u16(http).unwrap(), None).code(),
                expected
            );
        }
    }

    #[test]
    fn a_wait_is_told_in_milliseconds_and_in_whole_seconds_rounded_up() {
        let status = fault(
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Duration::from_micros(1_200_500)),
        );

        assert_eq!(
            status.metadata().get("grpc-retry-pushback-ms").unwrap(),
            "1201"
        );
        assert_eq!(status.metadata().get("retry-after").unwrap(), "2");
    }
}
