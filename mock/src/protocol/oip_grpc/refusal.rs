//! Errors as gRPC statuses.

use crate::protocol::oip;
use crate::refused::{Refused, rounded_up};
use crate::repository;
use tonic::Status;
use tonic::metadata::{MetadataMap, MetadataValue};

/// A model that cannot be used.
pub(super) fn model(error: &repository::Error) -> Status {
    refused(oip::model_refused(error))
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
