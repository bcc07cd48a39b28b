//! A server that fails while it answers: `error_event: { every: 50, after_tokens: 8, http: 500 }`.

use super::code::GrpcCode;
use super::status::{check, refused};
use super::{Misbehave, Scope, Strike};
use crate::spec::Error;

fault! {
    /// End a stream by an error in its own form after some tokens: an event with an error over REST, a response with an
    /// `error_message` over gRPC, whose stream goes on for other requests. For a gRPC status in the middle of a stream
    /// see `status`.
    ErrorEvent {
        /// Output tokens that are still sent.
        #[serde(default)]
        after_tokens: u32,
        /// The HTTP status that the error would have had, 400 to 599; 500 when neither it nor `grpc` is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 400, max = 599))]
        http: Option<u16>,
        /// The gRPC code that the error would have had.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grpc: Option<GrpcCode>,
        /// What the error says, 1 to 1024 bytes; the name of the status when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 1024))]
        message: Option<String>,
    }
}

impl ErrorEvent {
    fn http(&self) -> Option<u16> {
        self.http.or_else(|| self.grpc.is_none().then_some(500))
    }
}

impl Misbehave for ErrorEvent {
    fn strike(&self) -> Strike {
        Strike::Fail {
            after_tokens: self.after_tokens,
            refused: refused(self.http(), self.grpc, self.message.as_deref(), None),
        }
    }

    fn scope(&self) -> Scope {
        Scope::STREAMS
    }

    fn check(&self) -> Result<(), Error> {
        check(self.http(), self.grpc, self.message.as_deref())
    }
}
