//! Which model is loaded next. Pure: whoever calls does the loading, and tells when one has ended.
//!
//! With two at a time, of loads asked for as `a` (normal), `b` (low), `c` (normal), `d` (high): `a` and `b` begin at once, then
//! `d`, then `c`. A load that was begun ahead gives its place to one that is wanted.

use super::Priority;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The loads that have not ended.
#[derive(Debug)]
pub(super) struct Queue {
    concurrent: usize,
    loads: BTreeMap<Ticket, Load>,
    tickets: u64,
}

/// By what a load is known; a later one has a greater ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

#[derive(Debug)]
struct Load {
    model: String,
    priority: Priority,
    /// How many wait for it; none for one that was begun ahead.
    wanted_by: usize,
    is_running: bool,
}

/// What came of asking for a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// A load of its own, which waits for its turn.
    New(Ticket),
    /// The load that there was.
    Joined {
        ticket: Ticket,
        /// Had nobody asked for it before?
        was_ahead: bool,
    },
}

/// A load whose turn has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    pub(super) ticket: Ticket,
    /// The load that was begun ahead and is given up for it.
    pub(super) instead_of: Option<Ticket>,
}

impl Queue {
    /// A queue of which no more than `concurrent` loads, at least one, are running.
    pub(super) fn new(concurrent: usize) -> Self {
        Self {
            concurrent,
            loads: BTreeMap::new(),
            tickets: 0,
        }
    }

    /// A model is asked for. Who joins a load that waits lifts it to their priority, if that is higher; it keeps its place
    /// among those of one priority.
    pub(super) fn ask(&mut self, model: &str, priority: Priority) -> Asked {
        let mut loads = self.loads.iter_mut();
        if let Some((&ticket, load)) = loads.find(|(_, load)| load.model == model) {
            let was_ahead = load.wanted_by == 0;
            load.wanted_by += 1;
            load.priority = load.priority.max(priority);
            return Asked::Joined { ticket, was_ahead };
        }
        Asked::New(self.add(Load {
            model: model.to_owned(),
            priority,
            wanted_by: 1,
            is_running: false,
        }))
    }

    /// One of those who wait for a load does so no longer. Says whether that was the last, with whom the load is gone.
    pub(super) fn leave(&mut self, ticket: Ticket) -> bool {
        let Some(load) = self.loads.get_mut(&ticket) else {
            return false;
        };
        load.wanted_by = load.wanted_by.saturating_sub(1);
        let is_last = load.wanted_by == 0;
        if is_last {
            self.loads.remove(&ticket);
        }
        is_last
    }

    /// The next load that can begin now; it is running then.
    pub(super) fn next(&mut self) -> Option<Turn> {
        let waiting = self.loads.iter().filter(|(_, load)| !load.is_running);
        let (&ticket, _) =
            waiting.max_by_key(|(ticket, load)| (load.priority, Reverse(**ticket)))?;
        let instead_of = if self.running() < self.concurrent {
            None
        } else {
            // The one that was begun last has the most still to do.
            let (&latest, _) = self.ahead().last()?;
            self.loads.remove(&latest);
            Some(latest)
        };
        let load = self.loads.get_mut(&ticket)?;
        load.is_running = true;
        Some(Turn { ticket, instead_of })
    }

    /// Begins a load that nobody asked for, where there is a place that nobody waits for.
    pub(super) fn begin_ahead(&mut self, model: &str) -> Option<Ticket> {
        let is_idle = self.waiting() == 0 && self.running() < self.concurrent;
        is_idle.then(|| {
            self.add(Load {
                model: model.to_owned(),
                priority: Priority::Low,
                wanted_by: 0,
                is_running: true,
            })
        })
    }

    /// Gives up what was begun ahead: the load of one model, or all. Says which loads that were.
    pub(super) fn withdraw(&mut self, model: Option<&str>) -> Vec<Ticket> {
        let is_meant = |load: &Load| model.is_none_or(|model| load.model == model);
        let meant = self.ahead().filter(|(_, load)| is_meant(load));
        let tickets: Vec<Ticket> = meant.map(|(ticket, _)| *ticket).collect();
        for ticket in &tickets {
            self.loads.remove(ticket);
        }
        tickets
    }

    /// A load has ended.
    pub(super) fn ended(&mut self, ticket: Ticket) {
        self.loads.remove(&ticket);
    }

    /// How many loads come before this one; `None` when its turn has come.
    pub(super) fn position(&self, ticket: Ticket) -> Option<usize> {
        let own = self.loads.get(&ticket).filter(|load| !load.is_running)?;
        let rank = |ticket: Ticket, load: &Load| (load.priority, Reverse(ticket));
        let is_before = |(other, load): &(&Ticket, &Load)| {
            !load.is_running && rank(**other, load) > rank(ticket, own)
        };
        Some(self.loads.iter().filter(is_before).count())
    }

    /// Was this load begun ahead, and is not wanted by anybody?
    pub(super) fn is_ahead(&self, ticket: Ticket) -> bool {
        let load = self.loads.get(&ticket);
        load.is_some_and(|load| load.wanted_by == 0)
    }

    /// Is this model waiting to be loaded, or being loaded?
    pub(super) fn holds(&self, model: &str) -> bool {
        self.loads.values().any(|load| load.model == model)
    }

    /// How many loads wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.loads.len() - self.running()
    }

    /// How many loads are running.
    pub(super) fn running(&self) -> usize {
        let running = self.loads.values().filter(|load| load.is_running);
        running.count()
    }

    /// How many loads are running that nobody asked for.
    pub(super) fn running_ahead(&self) -> usize {
        self.ahead().count()
    }

    /// What was begun ahead and is not wanted by anybody, in the order in which it began.
    fn ahead(&self) -> impl DoubleEndedIterator<Item = (&Ticket, &Load)> {
        self.loads.iter().filter(|(_, load)| load.wanted_by == 0)
    }

    fn add(&mut self, load: Load) -> Ticket {
        self.tickets += 1;
        let ticket = Ticket(self.tickets);
        self.loads.insert(ticket, load);
        ticket
    }
}

#[cfg(test)]
mod tests;
