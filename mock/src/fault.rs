//! What goes wrong on purpose. Each kind is one file that says what a struck request, or a connection before its first,
//! meets; whom it strikes, and when, is said in the same words for all of them; what a strike looks like on the wire is
//! up to the protocol, and so the same fault shows on all of them.
//!
//! ```yaml
//! faults:
//!   - status: { share: 2%, http: 503, retry_after: 1s }
//!   - cut: { every: 100, after_tokens: 8 }
//!   - stall: { from: 5s, until: 8s }
//!   - refuse: { from: 10s, until: 12s }
//! ```

mod code;
mod interference;
mod scope;
mod strike;
mod trigger;
mod window;

pub use code::GrpcCode;
pub(crate) use interference::{Arrival, Mishap, Shutter};
pub use scope::Numbers;
pub(crate) use strike::{Blemish, Spoil, Strike};
pub(crate) use trigger::Moment;
pub use window::Window;

use crate::connection::Port;
use crate::dice::Dice;
use crate::spec::Error;
use interference::Interference;
use schemars::JsonSchema;
use scope::{Answers, Scope};
use serde::{Deserialize, Serialize};
use std::time::Duration;
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
    (
        requests { $($(#[$about:meta])* $file:ident::$name:ident,)* }
        connections { $($(#[$about_early:meta])* $early_file:ident::$early_name:ident,)* }
    ) => {
        $(mod $file;)*
        $(mod $early_file;)*
        $(pub use $file::$name;)*
        $(pub use $early_file::$early_name;)*

        /// One kind of misbehaviour and when it strikes.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum Fault {
            $($(#[$about])* $name($name),)*
            $($(#[$about_early])* $early_name($early_name),)*
        }

        /// The name of every kind that strikes requests, as files and journal have it.
        pub(crate) const KINDS: &[&str] = &[$(stringify!($file),)*];

        /// The name of every kind that strikes connections before their first request, as files have it.
        pub(crate) const EARLY_KINDS: &[&str] = &[$(stringify!($early_file),)*];

        impl Fault {
            /// The name of its kind, as files and journal have it.
            pub fn kind(&self) -> &'static str {
                match self {
                    $(Self::$name(_) => stringify!($file),)*
                    $(Self::$early_name(_) => stringify!($early_file),)*
                }
            }

            fn target(&self) -> Target<'_> {
                match self {
                    $(Self::$name(fault) => Target::Request(fault),)*
                    $(Self::$early_name(fault) => Target::Connection(fault),)*
                }
            }
        }
    };
}

one_of! {
    requests {
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
        /// Send the body slowly, in small pieces.
        trickle::Trickle,
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
    connections {
        /// Let nobody connect.
        refuse::Refuse,
        /// Take a connection and look at it later.
        slow_accept::SlowAccept,
        /// Take a connection and never answer on it.
        black_hole::BlackHole,
    }
}

impl Fault {
    /// Refuses values that no server could show and conditions that never hold, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let checked = match self.target() {
            Target::Request(fault) => fault
                .check()
                .and_then(|()| fault.conditions().check(fault.scope())),
            Target::Connection(fault) => fault.check().and_then(|()| {
                let conditions = fault.conditions();
                conditions.check_for_connections()?;
                conditions.check(Scope::EVERYTHING)
            }),
        };
        checked.map_err(|error| error.within(self.kind()))
    }
}

/// Whom a fault strikes, and what can be asked of it.
enum Target<'a> {
    Request(&'a dyn Misbehave),
    Connection(&'a dyn Interfere),
}

/// What all kinds of fault have in common; [`fault!`] says it for each.
trait Conditional {
    /// Whom it strikes and when.
    fn conditions(&self) -> Conditions;
}

/// What every kind of fault that strikes requests can say about itself.
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

/// What every kind of fault that strikes before there is a request can say about itself.
trait Interfere: Conditional {
    /// What it does.
    fn interference(&self) -> Interference;

    /// Refuses values that no server could show.
    fn check(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// The faults of one mock, ready to strike. Each draws by its place in the whole list, so that adding a fault at the end
/// changes nothing for those before it.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    strikes: Vec<Armed<Strike>>,
    mishaps: Vec<Armed<Mishap>>,
    shutters: Vec<Armed<()>>,
}

#[derive(Debug)]
struct Armed<T> {
    place: u32,
    kind: &'static str,
    trigger: Trigger,
    effect: T,
}

impl<T> Armed<T> {
    fn new(place: u32, fault: &Fault, scope: Scope, conditions: Conditions, effect: T) -> Self {
        Self {
            place,
            kind: fault.kind(),
            trigger: Trigger::new(conditions, scope),
            effect,
        }
    }
}

impl Faults {
    /// The faults of a list that was found to be sound.
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let mut armed = Self::default();
        for (fault, place) in faults.iter().zip(0..) {
            match fault.target() {
                Target::Request(it) => {
                    let (scope, conditions) = (it.scope(), it.conditions());
                    let strike = Armed::new(place, fault, scope, conditions, it.strike());
                    armed.strikes.push(strike);
                }
                Target::Connection(it) => {
                    let (scope, conditions) = (Scope::EVERYTHING, it.conditions());
                    match it.interference() {
                        Interference::ShutPort => {
                            let shutter = Armed::new(place, fault, scope, conditions, ());
                            armed.shutters.push(shutter);
                        }
                        Interference::Strike(mishap) => {
                            let mishap = Armed::new(place, fault, scope, conditions, mishap);
                            armed.mishaps.push(mishap);
                        }
                    }
                }
            }
        }
        armed
    }

    /// The fault that strikes at this moment, by its kind: the first in the list whose conditions hold.
    pub(crate) fn strike(&self, moment: &Moment<'_>) -> Option<(&'static str, Strike)> {
        let struck = |armed: &Armed<Strike>| {
            let strikes = armed.trigger.strikes(armed.place, moment);
            strikes.then(|| (armed.kind, armed.effect.clone()))
        };
        self.strikes.iter().find_map(struck)
    }

    /// Can any connection be struck?
    pub(crate) fn concern_connections(&self) -> bool {
        !self.mishaps.is_empty()
    }

    /// The fault that strikes a connection, by its kind: the first in the list whose conditions hold.
    pub(crate) fn befall(&self, arrival: Arrival, dice: Dice) -> Option<(&'static str, &Mishap)> {
        let struck = |armed: &Armed<Mishap>| armed.trigger.befalls(armed.place, arrival, dice);
        let armed = self.mishaps.iter().find(|armed| struck(armed))?;
        Some((armed.kind, &armed.effect))
    }

    /// Is the port closed so long after the start of the mock, and when may that change?
    pub(crate) fn shutter(&self, port: Port, since_start: Duration) -> Shutter {
        let on_port = || {
            let triggers = self.shutters.iter();
            triggers.filter(|armed| armed.trigger.is_on(port))
        };
        let shut_by = on_port().find(|armed| armed.trigger.is_time(since_start));
        let changes = on_port().filter_map(|armed| armed.trigger.next_change(since_start));
        Shutter {
            shut_by: shut_by.map(|armed| armed.kind),
            until: changes.min(),
        }
    }
}

#[cfg(test)]
mod tests;
