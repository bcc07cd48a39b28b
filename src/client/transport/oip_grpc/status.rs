//! What a gRPC status means. The library gives the same type to what a server sent and to what went wrong on the way; a
//! report must tell them apart.

use crate::client::error::{chain, excerpt};
use crate::client::transport::connection;
use crate::client::{Failure, FailureKind, Pushback};
use std::error::Error;
use std::time::Duration;
use tonic::metadata::MetadataMap;
use tonic::{ConnectError, Status};

/// What gRPC calls `UNKNOWN`.
pub(super) const UNKNOWN: i32 = 2;
/// What gRPC calls `NOT_FOUND`.
pub(super) const NOT_FOUND: i32 = 5;
/// What gRPC calls `INTERNAL`.
pub(super) const INTERNAL: i32 = 13;
/// What gRPC calls `UNAVAILABLE`.
pub(super) const UNAVAILABLE: i32 = 14;

/// What the library says, without a source, when an answer ends too early.
const BROKEN: [&str; 2] = [
    "protocol error: missing grpc-status trailer",
    "Unexpected EOF decoding stream",
];
/// What the library says, without a source, when it cannot read an answer.
const UNREADABLE: [&str; 5] = [
    "Content is compressed with",
    "failed to decode Protobuf message",
    "protocol error: received message with",
    "Error, decoded message length too large",
    "Missing response message",
];

/// How far the answer had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// Nothing of it had arrived.
    Awaited,
    /// Its head had arrived.
    Begun,
}

/// The failure that a status means, with the reason at the bottom of it.
pub(super) fn failure(status: &Status, answer: Answer) -> Failure {
    let kind = kind(status, answer);
    let failure = match status.source() {
        Some(source) => Failure::caused(kind, source),
        None if matches!(kind, FailureKind::Grpc(_)) => {
            let (code, said) = (status.code(), excerpt(status.message()));
            Failure::new(kind, format!("server answered {code:?}: {said}"))
        }
        None => Failure::new(kind, excerpt(status.message())),
    };
    failure.pushed_back(pushback(status.metadata()))
}

/// When a server wants to be asked again: milliseconds, or not at all if that is negative or no number (gRFC A6).
fn pushback(metadata: &MetadataMap) -> Option<Pushback> {
    let millis = metadata.get("grpc-retry-pushback-ms")?.to_str().ok();
    let millis = millis.and_then(|millis| millis.parse().ok());
    Some(millis.map_or(Pushback::Never, |millis| {
        Pushback::After(Duration::from_millis(millis))
    }))
}

/// Classifies a status. One with a source was made on this side, by the connection.
fn kind(status: &Status, answer: Answer) -> FailureKind {
    let says = |texts: &[&str]| texts.iter().any(|text| status.message().starts_with(text));
    if chain(status).any(<dyn Error>::is::<ConnectError>) {
        FailureKind::Connect
    } else if answer == Answer::Awaited && connection::is_unprocessed(status) {
        FailureKind::Stale
    } else if status.source().is_some() || says(&BROKEN) {
        match answer {
            Answer::Awaited => FailureKind::Closed,
            Answer::Begun => FailureKind::Truncated,
        }
    } else if says(&UNREADABLE) {
        FailureKind::Malformed
    } else {
        FailureKind::Grpc(status.code().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_that_the_server_sent_keeps_its_code() {
        let sent = Status::unavailable("model is loading");

        let failure = failure(&sent, Answer::Awaited);

        assert_eq!(failure.kind, FailureKind::Grpc(14));
        assert_eq!(
            failure.message,
            "server answered Unavailable: model is loading"
        );
    }

    #[test]
    fn a_status_made_of_a_broken_connection_is_no_answer() {
        let made = Status::from_error(Box::new(std::io::Error::from(
            std::io::ErrorKind::ConnectionReset,
        )));

        assert_eq!(failure(&made, Answer::Awaited).kind, FailureKind::Closed);
        assert_eq!(failure(&made, Answer::Begun).kind, FailureKind::Truncated);
    }

    #[test]
    fn an_answer_that_cannot_be_decoded_is_not_the_servers_internal_error() {
        let made = Status::internal("failed to decode Protobuf message: buffer underflow");

        assert_eq!(failure(&made, Answer::Begun).kind, FailureKind::Malformed);
    }
}
