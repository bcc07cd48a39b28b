//! What goes wrong on purpose. Each kind is one file that says what a struck request meets; whom it strikes, and when, is
//! said in the same words for all of them; what a strike looks like on the wire is up to the protocol, and so the same
//! fault shows on all of them.
//!
//! ```yaml
//! faults:
//!   - status: { share: 2%, http: 503, retry_after: 1s }
//!   - cut: { every: 100, after_tokens: 8 }
//!   - stall: { from: 5s, until: 8s }
//! ```

mod code;
mod scope;
mod strike;
mod trigger;

pub use code::GrpcCode;
pub use scope::Numbers;
pub(crate) use strike::{Blemish, Spoil, Strike};
pub(crate) use trigger::Moment;

use crate::spec::Error;
use schemars::JsonSchema;
use scope::{Answers, Scope};
use serde::{Deserialize, Serialize};
use trigger::{Conditions, Trigger};

/// Defines the type of one fault: what it says about itself, and the conditions that all faults share.
macro_rules! fault {
    ($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $($(#[$field_about])* pub $field: $type,)*
            /// Share of requests that it strikes, by their ids; all of them when left out.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub share: Option<inferometer_proto::quantity::Share>,
            /// Strike every n-th request only, by the number at the end of its id.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 1))]
            pub every: Option<u64>,
            /// Strike only requests with these numbers at the end of their ids.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub requests: Option<crate::fault::Numbers>,
            /// Strike only from so long after the start of the mock on.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub from: Option<inferometer_proto::quantity::Period>,
            /// Strike only until so long after the start of the mock.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub until: Option<inferometer_proto::quantity::Period>,
            /// Strike so many times in all, in the order of arrival, and then never again.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 1))]
            pub times: Option<u64>,
            /// Strike only the first attempts of each request, so many.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            #[schemars(range(min = 1))]
            pub attempts: Option<u32>,
            /// Strike only requests for these models.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub models: Vec<String>,
            /// Strike only requests by these protocols.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub protocols: Vec<crate::journal::Protocol>,
        }

        impl crate::fault::Conditional for $name {
            fn conditions(&self) -> crate::fault::Conditions {
                crate::fault::Conditions {
                    share: self.share,
                    every: self.every,
                    requests: self.requests,
                    from: self.from,
                    until: self.until,
                    times: self.times,
                    attempts: self.attempts,
                    models: self.models.clone(),
                    protocols: self.protocols.clone(),
                }
            }
        }
    };
}

/// Makes the one list of faults: a file each, a variant each, a name each.
macro_rules! one_of {
    ($($(#[$about:meta])* $file:ident::$name:ident,)*) => {
        $(mod $file;)*
        $(pub use $file::$name;)*

        /// One kind of misbehaviour and when it strikes.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $($(#[$about])* $name($name),)*
        }

        /// The name of every kind, as files and journal have it.
        pub(crate) const KINDS: &[&str] = &[$(stringify!($file),)*];

        impl Fault {
            /// The name of its kind.
            fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($file),)*
                }
            }

            fn misbehave(&self) -> &dyn Misbehave {
                match self {
                    $(Self::$name(fault) => fault,)*
                }
            }
        }
    };
}

one_of! {
    /// Answer with an error status.
    status::Status,
    /// Never answer, or never go on.
    stall::Stall,
    /// Answer as if the model were not loaded.
    not_ready::NotReady,
    /// Answer later than usual.
    delay::Delay,
    /// Break off in the middle of the answer.
    cut::Cut,
    /// Reset the connection.
    reset::Reset,
    /// Close the connection.
    close::Close,
    /// Take no further request on the connection.
    go_away::GoAway,
    /// End a stream by an error.
    error_event::ErrorEvent,
    /// Send what cannot be parsed.
    malformed::Malformed,
    /// Send far more bytes than the answer needs.
    oversized::Oversized,
    /// Send a piece of a stream twice.
    duplicate::Duplicate,
    /// Send a piece of a stream after the one that should follow it.
    reorder::Reorder,
    /// Answer another question.
    wrong_answer::WrongAnswer,
    /// Name another content type.
    wrong_content_type::WrongContentType,
    /// Leave out the token counts.
    missing_usage::MissingUsage,
    /// End a stream without its end mark.
    missing_done::MissingDone,
}

impl Fault {
    /// Refuses values that no server could show and conditions that never hold, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let fault = self.misbehave();
        fault
            .check()
            .and_then(|()| fault.conditions().check(fault.scope()))
            .map_err(|error| error.within(self.kind()))
    }
}

/// What all kinds of fault have in common; [`fault!`] says it for each.
trait Conditional {
    /// Whom it strikes and when.
    fn conditions(&self) -> Conditions;
}

/// What every kind of fault can say about itself.
trait Misbehave: Conditional {
    /// What a struck request meets.
    fn strike(&self) -> Strike;

    /// Which requests can meet it at all.
    fn scope(&self) -> Scope {
        Scope::EVERYTHING
    }

    /// Refuses values that no server could show.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// The faults of one mock, ready to strike.
#[derive(Debug)]
pub(crate) struct Faults(Vec<Armed>);

#[derive(Debug)]
struct Armed {
    kind: &'static str,
    trigger: Trigger,
    strike: Strike,
}

impl Faults {
    /// The faults of a list that was found to be sound.
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let arm = |fault: &Fault| Armed {
            kind: fault.kind(),
            trigger: Trigger::new(fault.misbehave().conditions(), fault.misbehave().scope()),
            strike: fault.misbehave().strike(),
        };
        Self(faults.iter().map(arm).collect())
    }

    /// The fault that strikes at this moment, by its kind: the first in the list whose conditions hold. Each place in
    /// the list draws for itself, so that adding a fault at the end changes nothing for those before it.
    pub(crate) fn strike(&self, moment: &Moment<'_>) -> Option<(&'static str, Strike)> {
        let struck = |(armed, place): (&Armed, u32)| {
            let strikes = armed.trigger.strikes(place, moment);
            strikes.then(|| (armed.kind, armed.strike.clone()))
        };
        self.0.iter().zip(0..).find_map(struck)
    }
}

#[cfg(test)]
mod tests;
