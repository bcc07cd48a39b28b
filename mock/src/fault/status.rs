//! An error status instead of a result: `status: { share: 2%, http: 503, retry_after: 1s }`.

use super::{Misbehave, Strike};
use crate::spec::Error;
use http::StatusCode;
use inferometer_proto::quantity::{Period, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Answer at once with an error status instead of a result.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// Share of requests that it strikes.
    pub share: Share,
    /// The HTTP status, 400 to 599; gRPC clients get the code that corresponds.
    #[schemars(range(min = 400, max = 599))]
    pub http: u16,
    /// How long the client is asked to wait before it tries again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<Period>,
}

impl Misbehave for Status {
    fn share(&self) -> Share {
        self.share
    }

    fn strike(&self) -> Strike {
        Strike::Refuse {
            status: StatusCode::from_u16(self.http).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            retry_after: self.retry_after.map(Period::duration),
        }
    }

    fn check(&self) -> Result<(), Error> {
        if (400..=599).contains(&self.http) {
            Ok(())
        } else {
            Err(Error::unfit(
                "status.http",
                "an error status, 400 to 599",
                self.http,
            ))
        }
    }
}
