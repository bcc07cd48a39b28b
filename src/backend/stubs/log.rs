//! What a script saw: calls by stub, and the requests that no stub expected, each beside the stub that it came nearest to.

use super::difference::{Difference, between};
use crate::plan::Stub;
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
    /// What keeps them from it. Nothing, if it had been called as often as it may be.
    pub differences: Vec<Difference>,
}

#[derive(Debug)]
pub(super) struct Log {
    stubs: Vec<Stub>,
    seen: Mutex<Script>,
}

impl Log {
    pub(super) fn new(stubs: &[Stub]) -> Self {
        Self {
            stubs: stubs.to_vec(),
            seen: Mutex::new(Script {
                calls: vec![0; stubs.len()],
                ..Script::default()
            }),
        }
    }

    pub(super) fn script(&self) -> Script {
        self.seen().clone()
    }

    /// Is this one of the requests that the stub at `index` describes?
    pub(super) fn fits(&self, index: usize, request: &Request) -> bool {
        let stub = self.stubs.get(index);
        stub.is_some_and(|stub| between(&stub.request, request).is_empty())
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
        let new = Unexpected {
            request: format!("{} {}", request.method, request.url.path()),
            times: 1,
            nearest,
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
            let is_used_up = stub.times.at_most.is_some_and(|most| *calls >= most);
            (
                (elsewhere, is_used_up, differences.len()),
                index,
                differences,
            )
        });
        candidates
            .min_by_key(|(distance, index, _)| (*distance, *index))
            .map(|(_, index, differences)| (index, differences))
    }

    /// A panic elsewhere leaves counts behind that are right all the same.
    fn seen(&self) -> MutexGuard<'_, Script> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
