//! What goes wrong on purpose. Each kind is one file that says whom it strikes and how; what a strike looks like on the
//! wire is up to the protocol, and so the same fault shows on all of them.
//!
//! ```yaml
//! faults:
//!   - status: { share: 2%, http: 503, retry_after: 1s }
//!   - cut: { share: 0.5%, after_tokens: 8 }
//! ```

mod cut;
mod stall;
mod status;

pub use cut::Cut;
pub use stall::Stall;
pub use status::Status;

use crate::dice::{Dice, Purpose};
use crate::spec::Error;
use http::StatusCode;
use inferometer_proto::quantity::Share;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One kind of misbehaviour and when it strikes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Answer with an error status.
    Status(Status),
    /// Never answer.
    Stall(Stall),
    /// Break the connection off in the middle of the answer.
    Cut(Cut),
}

impl Fault {
    /// The one list of faults.
    fn misbehave(&self) -> &dyn Misbehave {
        match self {
            Self::Status(status) => status,
            Self::Stall(stall) => stall,
            Self::Cut(cut) => cut,
        }
    }

    /// Refuses values that no server could show, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.misbehave().check()
    }
}

/// What every kind of fault can say about itself.
trait Misbehave {
    /// The share of requests that it strikes.
    fn share(&self) -> Share;

    /// What a struck request meets.
    fn strike(&self) -> Strike;

    /// Refuses values that no server could show.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// What a struck request meets, whatever the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Strike {
    /// An error status, at once.
    Refuse {
        /// The HTTP status.
        status: StatusCode,
        /// How long the client is asked to wait.
        retry_after: Option<Duration>,
    },
    /// Nothing, until the client leaves.
    Silence,
    /// The beginning of an answer, and then the end of the connection or stream.
    BreakOff {
        /// Tokens that are still sent, at their usual pace.
        after_tokens: u32,
    },
}

/// The fault that strikes a request: the first in the list whose draw falls within its share. Each place in the list
/// draws for itself, so that adding a fault at the end changes nothing for those before it.
pub(crate) fn strike(faults: &[Fault], dice: Dice) -> Option<Strike> {
    let struck = |(fault, index): (&Fault, u32)| {
        let fault = fault.misbehave();
        (dice.draw(Purpose::Fault, index) < fault.share().ratio()).then(|| fault.strike())
    };
    faults.iter().zip(0..).find_map(struck)
}

#[cfg(test)]
mod tests;
