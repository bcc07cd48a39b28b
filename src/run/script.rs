//! What scripted stubs saw, as facts of a stage: their log beside what the plan asked of them.

use crate::backend::{Backend, Unexpected, Why};
use crate::plan::{Stage, Target};
use crate::summary::{Difference, Script, StubCalls, UnexpectedRequest, WhyUnexpected};

/// The facts of a script; `None` where the target is none.
pub(super) fn facts(stage: &Stage, backend: &Backend) -> Option<Script> {
    let seen = backend.script()?;
    let stubs = match &stage.target {
        Target::Stubs { stubs, .. } => stubs.as_slice(),
        Target::Mock(_) | Target::Mocks(_) | Target::Endpoints { .. } | Target::Launch(_) => {
            return None;
        }
    };
    let calls = stubs.iter().zip(seen.calls).map(|(stub, calls)| StubCalls {
        request: format!("{} {}", stub.request.method, stub.request.path),
        at_least: stub.times.at_least,
        at_most: stub.times.at_most,
        calls,
    });
    Some(Script {
        stubs: calls.collect(),
        unexpected: seen.unexpected,
        examples: seen.examples.into_iter().map(example).collect(),
    })
}

fn example(seen: Unexpected) -> UnexpectedRequest {
    let differences = seen.differences.into_iter().map(|differs| Difference {
        place: differs.place,
        expected: differs.expected,
        found: differs.found,
    });
    UnexpectedRequest {
        request: seen.request,
        times: seen.times,
        nearest: seen.nearest,
        why: why(seen.why),
        differences: differences.collect(),
    }
}

fn why(seen: Why) -> WhyUnexpected {
    match seen {
        Why::Differs => WhyUnexpected::Differs,
        Why::UsedUp => WhyUnexpected::UsedUp,
        Why::OutOfTurn => WhyUnexpected::OutOfTurn,
    }
}
