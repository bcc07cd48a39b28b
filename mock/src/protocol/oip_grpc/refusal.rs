//! Errors as gRPC statuses.

use crate::backend::TokensOutOfRange;
use crate::refused::{Refused, rounded_up};
use crate::repository;
use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};

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
        repository::Error::NotReady(..) => Status::unavailable(error.to_string()),
        repository::Error::LoadFailed(..) => Status::internal(error.to_string()),
    }
}

/// A request that was understood and gets no answer, with the wait in the metadata that gRPC's retry design names, and
/// as HTTP has it.
pub(super) fn refused(refused: Refused) -> Status {
    let mut metadata = MetadataMap::new();
    if let Some(wait) = refused.retry_after {
        let (millis, seconds) = rounded_up(wait);
        for (key, number) in [("grpc-retry-pushback-ms", millis), ("retry-after", seconds)] {
            if let Ok(value) = MetadataValue::try_from(number.to_string()) {
                metadata.insert(key, value);
            }
        }
    }
    Status::with_metadata(refused.code, refused.message, metadata)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::StatusCode;
    use std::time::Duration;

    #[test]
    fn a_wait_is_told_in_milliseconds_and_in_whole_seconds_rounded_up() {
        let status = refused(Refused::fault(
            StatusCode::SERVICE_UNAVAILABLE,
            Some(Duration::from_micros(1_200_500)),
        ));

        assert_eq!(
            status.metadata().get("grpc-retry-pushback-ms").unwrap(),
            "1201"
        );
        assert_eq!(status.metadata().get("retry-after").unwrap(), "2");
    }
}
