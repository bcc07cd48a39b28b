//! An error status instead of a result: `status: { share: 2%, http: 503, retry_after: 1s }`.

use super::{Misbehave, Strike};
use crate::refused::Refused;
use crate::spec::Error;
use http::StatusCode;
use inferometer_proto::quantity::Period;

fault! {
    /// Answer at once with an error status instead of a result.
    Status {
        /// The HTTP status, 400 to 599; gRPC clients get the code that corresponds.
        #[schemars(range(min = 400, max = 599))]
        http: u16,
        /// How long the client is asked to wait before it tries again.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<Period>,
    }
}

impl Misbehave for Status {
    fn strike(&self) -> Strike {
        let status = StatusCode::from_u16(self.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Strike::Refuse(Refused::fault(
            status,
            self.retry_after.map(Period::duration),
        ))
    }

    fn check(&self) -> Result<(), Error> {
        if (400..=599).contains(&self.http) {
            Ok(())
        } else {
            Err(Error::unfit(
                "http",
                "an error status, 400 to 599",
                self.http,
            ))
        }
    }
}
