//! An error status instead of a result: `status: { share: 2%, http: 503, retry_after: 1s }` or
//! `status: { grpc: RESOURCE_EXHAUSTED, message: "out of slots" }`.

use super::code::GrpcCode;
use super::{Misbehave, Strike};
use crate::refused::{Refused, code};
use crate::spec::Error;
use http::StatusCode;
use inferometer_proto::quantity::Period;

fault! {
    /// Answer at once with an error status instead of a result. At least one of `http` and `grpc` is there; where only
    /// one is, clients of the other protocol get what corresponds to it.
    Status {
        /// The HTTP status, 400 to 599.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(range(min = 400, max = 599))]
        http: Option<u16>,
        /// The code that gRPC clients get.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grpc: Option<GrpcCode>,
        /// What the error says, 1 to 1024 bytes; the name of the status when left out.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schemars(length(min = 1, max = 1024))]
        message: Option<String>,
        /// How long the client is asked to wait before it tries again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<Period>,
    }
}

impl Misbehave for Status {
    fn strike(&self) -> Strike {
        Strike::Refuse(refused(self.http, self.grpc, self.message.as_deref(), self.retry_after))
    }

    fn check(&self) -> Result<(), Error> {
        check(self.http, self.grpc, self.message.as_deref())
    }
}

/// The error that such fields describe.
pub(super) fn refused(
    http: Option<u16>,
    grpc: Option<GrpcCode>,
    message: Option<&str>,
    retry_after: Option<Period>,
) -> Refused {
    let told = http.and_then(|http| StatusCode::from_u16(http).ok());
    let status = told
        .or(grpc.map(GrpcCode::http))
        .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let refused = Refused::fault(status, retry_after.map(Period::duration));
    Refused {
        code: grpc.map_or(code(status), GrpcCode::code),
        message: message.map_or(refused.message, str::to_owned),
        ..refused
    }
}

/// Refuses fields that describe no error.
pub(super) fn check(
    http: Option<u16>,
    grpc: Option<GrpcCode>,
    message: Option<&str>,
) -> Result<(), Error> {
    match http {
        None if grpc.is_none() => {
            let expected = "an error status, 400 to 599, here or a code in `grpc`";
            return Err(Error::unfit("http", expected, "nothing"));
        }
        Some(http) if !(400..=599).contains(&http) => {
            return Err(Error::unfit("http", "an error status, 400 to 599", http));
        }
        None | Some(_) => {}
    }
    match message {
        Some(message) if !(1..=1024).contains(&message.len()) => {
            let found = format!("{} bytes", message.len());
            Err(Error::unfit("message", "1 to 1024 bytes", found))
        }
        None | Some(_) => Ok(()),
    }
}
