//! What a script saw: calls by stub, and the requests that no stub expected, each beside the stub that it came nearest to.

use super::difference::{Difference, between};
use crate::plan::{Stub, StubOrder};
use std::sync::{Mutex, MutexGuard, PoisonError};
use wiremock::Request;

/// How many different unexpected requests are kept with their differences.
const KEPT: usize = 5;

/// What a script saw in one stage.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Script {
    /// How often each stub was called, in the order of the script.
    pub calls: Vec<u64>,
    /// How many requests no stub took.
    pub unexpected: u64,
    /// The first few different ones of these.
    pub examples: Vec<Unexpected>,
}

/// Unexpected requests that differ from the script alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unexpected {
    /// Method and path.
    pub request: String,
    /// How many there were.
    pub times: u64,
    /// Position of the stub that they came nearest to.
    pub nearest: usize,
    /// Why it did not take them.
    pub why: Why,
    /// The places in which they differ from what it takes.
    pub differences: Vec<Difference>,
}

/// Why a stub did not take a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is another request.
    Differs,
    /// The stub had been called as often as it may be.
    UsedUp,
    /// One above it was not called enough, or one below it was called already.
    OutOfTurn,
}

#[derive(Debug)]
pub(super) struct Log {
    stubs: Vec<Stub>,
    order: StubOrder,
    seen: Mutex<Script>,
}

impl Log {
    pub(super) fn new(stubs: &[Stub], order: StubOrder) -> Self {
        Self {
            stubs: stubs.to_vec(),
            order,
            seen: Mutex::new(Script {
                calls: vec![0; stubs.len()],
                ..Script::default()
            }),
        }
    }

    pub(super) fn script(&self) -> Script {
        self.seen().clone()
    }

    /// Is this one of the requests that the stub at `index` describes, and is it its turn?
    pub(super) fn fits(&self, index: usize, request: &Request) -> bool {
        let stub = self.stubs.get(index);
        stub.is_some_and(|stub| between(&stub.request, request).is_empty())
            && self.is_its_turn(index, &self.seen().calls)
    }

    /// May the stub at `index` be called now, as far as the order goes?
    fn is_its_turn(&self, index: usize, calls: &[u64]) -> bool {
        match self.order {
            StubOrder::Any => true,
            StubOrder::AsListed => {
                let mut above = self.stubs.iter().zip(calls).take(index);
                let mut below = calls.iter().skip(index + 1);
                above.all(|(stub, calls)| *calls >= stub.times.at_least)
                    && below.all(|calls| *calls == 0)
            }
        }
    }

    /// Counts a call of the stub at `index`.
    pub(super) fn called(&self, index: usize) {
        if let Some(calls) = self.seen().calls.get_mut(index) {
            *calls += 1;
        }
    }

    /// Keeps a request that no stub took.
    pub(super) fn surprised(&self, request: &Request) {
        let mut seen = self.seen();
        seen.unexpected += 1;
        let Some((nearest, differences)) = self.nearest(request, &seen.calls) else {
            return;
        };
        let why = match differences.as_slice() {
            [] if self.has_calls_left(nearest, &seen.calls) => Why::OutOfTurn,
            [] => Why::UsedUp,
            _ => Why::Differs,
        };
        let new = Unexpected {
            request: format!("{} {}", request.method, request.url.path()),
            times: 1,
            nearest,
            why,
            differences,
        };
        let alike = |known: &&mut Unexpected| {
            Unexpected {
                times: 1,
                ..(**known).clone()
            } == new
        };
        if let Some(known) = seen.examples.iter_mut().find(alike) {
            known.times += 1;
        } else if seen.examples.len() < KEPT {
            seen.examples.push(new);
        }
    }

    /// The stub that a request was most likely meant for: of the same method and path, with calls left, and with the
    /// fewest differences, in this order.
    fn nearest(&self, request: &Request, calls: &[u64]) -> Option<(usize, Vec<Difference>)> {
        let compared = self.stubs.iter().zip(calls).enumerate();
        let candidates = compared.map(|(index, (stub, calls))| {
            let differences = between(&stub.request, request);
            let elsewhere = differences
                .iter()
                .filter(|differs| differs.is_of_the_line())
                .count();
            (
                (elsewhere, is_used_up(stub, *calls), differences.len()),
                index,
                differences,
            )
        });
        candidates
            .min_by_key(|(distance, index, _)| (*distance, *index))
            .map(|(_, index, differences)| (index, differences))
    }

    fn has_calls_left(&self, index: usize, calls: &[u64]) -> bool {
        let mut both = self.stubs.iter().zip(calls).skip(index);
        both.next()
            .is_some_and(|(stub, calls)| !is_used_up(stub, *calls))
    }

    /// A panic elsewhere leaves counts behind that are right all the same.
    fn seen(&self) -> MutexGuard<'_, Script> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Has a stub that was called so often been called as often as it may be?
fn is_used_up(stub: &Stub, calls: u64) -> bool {
    stub.times.at_most.is_some_and(|most| calls >= most)
}
