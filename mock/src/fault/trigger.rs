//! Whom a fault strikes and when: `{ share: 1%, from: 5s, until: 8s }`. What is left out restricts nothing; of what is
//! there, all must hold.

use super::{Arrival, Numbers, Scope};
use crate::connection::Port;
use crate::dice::{Dice, Purpose};
use crate::journal::{Entry, Protocol};
use crate::spec::Error;
use inferometer_proto::quantity::{Period, Share};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// The conditions of one fault, as the file has them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    pub(super) share: Option<Share>,
    pub(super) every: Option<u64>,
    pub(super) requests: Option<Numbers>,
    pub(super) from: Option<Period>,
    pub(super) until: Option<Period>,
    pub(super) times: Option<u64>,
    pub(super) attempts: Option<u32>,
    pub(super) models: Vec<String>,
    pub(super) protocols: Vec<Protocol>,
}

/// What the conditions are held against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// The request, as far as it was understood.
    pub(crate) entry: &'a Entry,
    /// Is its answer streamed?
    pub(crate) streamed: bool,
    /// Time since the mock started, or was reset.
    pub(crate) since_start: Duration,
    /// The draws of the request.
    pub(crate) dice: Dice,
}

/// Conditions that were found to be sound, with the memory that `times` needs.
#[derive(Debug)]
pub(super) struct Trigger {
    conditions: Conditions,
    scope: Scope,
    struck: AtomicU64,
}

impl Conditions {
    /// Refuses conditions that never hold, or that this kind of fault cannot meet.
    pub(super) fn check(&self, scope: Scope) -> Result<(), Error> {
        if self.every == Some(0) {
            return Err(Error::unfit("every", "at least 1", 0));
        }
        if self.times == Some(0) {
            return Err(Error::unfit("times", "at least 1", 0));
        }
        if self.attempts == Some(0) {
            return Err(Error::unfit("attempts", "at least 1", 0));
        }
        if let (Some(from), Some(until)) = (self.from.or(Some(Period::default())), self.until)
            && until <= from
        {
            return Err(Error::unfit("until", "a time after `from`", until));
        }
        if let Some(Numbers {
            from,
            until: Some(until),
        }) = self.requests
            && until <= from
        {
            let expected = "a number above `requests.from`";
            return Err(Error::unfit("requests.until", expected, until));
        }
        self.check_scope(scope)
    }

    fn check_scope(&self, scope: Scope) -> Result<(), Error> {
        for (index, protocol) in self.protocols.iter().enumerate() {
            if !scope.protocols.contains(protocol) {
                return Err(Error::unfit(
                    &format!("protocols[{index}]"),
                    scope.expected,
                    protocol.name(),
                ));
            }
        }
        Ok(())
    }
}

impl Trigger {
    /// A trigger that has not struck yet.
    pub(super) fn new(conditions: Conditions, scope: Scope) -> Self {
        Self {
            conditions,
            scope,
            struck: AtomicU64::new(0),
        }
    }

    /// Does the fault, which stands at `place` in the list, strike at this moment? Counts if so.
    pub(super) fn strikes(&self, place: u32, moment: &Moment<'_>) -> bool {
        self.concerns(moment)
            && self.is_time(moment.since_start)
            && self.is_turn(number(moment.entry))
            && self.is_drawn(place, moment.dice)
            && self.is_left()
    }

    /// The same for a connection that has no request yet.
    pub(super) fn befalls(&self, place: u32, arrival: Arrival, dice: Dice) -> bool {
        self.is_on(arrival.port)
            && self.is_time(arrival.since_start)
            && self.is_turn(arrival.number)
            && self.is_drawn(place, dice)
            && self.is_left()
    }

    /// Is the port among those that are meant?
    pub(super) fn is_on(&self, port: Port) -> bool {
        let meant = &self.conditions.protocols;
        meant.is_empty() || meant.iter().any(|protocol| Port::of(*protocol) == port)
    }

    /// When the window begins or ends next, after so long.
    pub(super) fn next_change(&self, since_start: Duration) -> Option<Duration> {
        let Conditions { from, until, .. } = &self.conditions;
        let edges = [from, until].into_iter().flatten();
        let ahead = edges.map(|edge| edge.duration());
        ahead.filter(|edge| since_start < *edge).min()
    }

    fn concerns(&self, moment: &Moment<'_>) -> bool {
        let Conditions {
            models,
            protocols,
            attempts,
            ..
        } = &self.conditions;
        let entry = moment.entry;
        self.scope.holds(entry, moment.streamed)
            && (protocols.is_empty() || protocols.contains(&entry.protocol))
            && (models.is_empty() || models.iter().any(|model| **model == *entry.model))
            && attempts.is_none_or(|attempts| entry.attempt < attempts)
    }

    pub(super) fn is_time(&self, since_start: Duration) -> bool {
        let Conditions { from, until, .. } = &self.conditions;
        from.is_none_or(|from| from.duration() <= since_start)
            && until.is_none_or(|until| since_start < until.duration())
    }

    fn is_turn(&self, number: u64) -> bool {
        let Conditions {
            every, requests, ..
        } = &self.conditions;
        every.is_none_or(|every| number % every == every - 1)
            && requests.is_none_or(|requests| requests.holds(number))
    }

    fn is_drawn(&self, place: u32, dice: Dice) -> bool {
        let share = self.conditions.share;
        share.is_none_or(|share| dice.draw(Purpose::Fault, place) < share.ratio())
    }

    /// `times` counts strikes, in the order in which they come about.
    fn is_left(&self) -> bool {
        self.conditions.times.is_none_or(|times| {
            let more = |struck: u64| (struck < times).then_some(struck + 1);
            self.struck.fetch_update(Relaxed, Relaxed, more).is_ok()
        })
    }
}

/// The number of a request: the digits at the end of its id, as load generators count, and its place in the order of
/// arrival where its id has none. So `every` and `requests` strike the same requests of a run at any concurrency.
fn number(entry: &Entry) -> u64 {
    let id = &entry.id;
    let digits = id.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let told = id.get(digits..).and_then(|digits| digits.parse().ok());
    told.unwrap_or(entry.number)
}
