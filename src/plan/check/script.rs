//! Whether scripted stubs can be held against what a stage sends: every request counts, from the first, and there are not
//! too many of them: `phases: { requests: 3, measure: 10s }`.

use super::super::{Stage, Stream, Stub};
use crate::client::Mode;
use crate::scenario::{Document, Error, Part, Path};
use crate::schedule::Load;
use crate::units::{Offset, wide};

/// The most requests that a stage may send to stubs, retries included: wiremock keeps every one of them in memory, and
/// looks through all stubs under one lock for each.
const MOST: u64 = 10_000;

pub(super) fn check(document: &Document, stage: &Stage, stubs: &[Stub]) -> Result<(), Error> {
    protocol(document, stage)?;
    warmup(document, stage)?;
    bounded(document, stage)?;
    reachable(document, stubs)
}

fn protocol(document: &Document, stage: &Stage) -> Result<(), Error> {
    let mode = stage.client.mode;
    if mode == Mode::Rest {
        return Ok(());
    }
    let told =
        format!("expected `rest` with `target.stubs`, which speak nothing else, found `{mode}`");
    Err(document.error(&super::client_mode(), Part::Value, told))
}

fn warmup(document: &Document, stage: &Stage) -> Result<(), Error> {
    let warmup = stage.phases.warmup;
    if warmup.is_zero() {
        return Ok(());
    }
    let told = format!(
        "expected no warmup with `target.stubs`, which count every request, found `{warmup}`"
    );
    Err(document
        .error(&Path::root().key("phases").key("warmup"), Part::Value, told)
        .hint("set `phases.warmup: 0s`, or `phases.requests`, beside which there is none"))
}

fn bounded(document: &Document, stage: &Stage) -> Result<(), Error> {
    let each = stage.streams.iter();
    let each = each.map(|stream| stream.workload.requests_per_slot());
    let each = each.max().unwrap_or(1);
    let attempts = each.saturating_mul(stage.client.retry.attempts.into());
    let (path, found) = match requests(stage) {
        Some(requests) if requests.saturating_mul(attempts) <= MOST => return Ok(()),
        Some(_) if attempts > 1 => ("phases", format!("more, of {attempts} attempts each")),
        Some(_) => ("phases", "more".to_owned()),
        None => (
            "phases",
            "a closed loop without `phases.requests`".to_owned(),
        ),
    };
    let told = format!(
        "expected at most {MOST} requests to `target.stubs`, which keep each of them, found {found}"
    );
    Err(document
        .error(&Path::root().key(path), Part::Key, told)
        .hint("say how many: `phases: { requests: 10, measure: 10s }`; a mock takes any load"))
}

/// How many requests the stage sends at most, not counted further than is of interest; `None` if nobody can say.
fn requests(stage: &Stage) -> Option<u64> {
    let mut streams = stage.streams.iter();
    streams.try_fold(0_u64, |all, stream| {
        Some(all.saturating_add(requests_of(stream, stage)?))
    })
}

fn requests_of(stream: &Stream, stage: &Stage) -> Option<u64> {
    let planned = stage.phases.requests.map(std::num::NonZero::get);
    match &stream.load {
        Load::Closed(_) | Load::Users(_) => planned,
        Load::Open(open) => {
            let end = Offset::from(stage.phases.measure.duration());
            let enough = usize::try_from(MOST)
                .unwrap_or(usize::MAX)
                .saturating_add(1);
            let slots = open.slots(stream.seed(stage.seed)).take(enough);
            let due = wide(slots.take_while(|slot| slot.at < end).count());
            Some(planned.map_or(due, |planned| planned.min(due)))
        }
    }
}

/// A stub behind one that takes the same requests without end would never be called.
fn reachable(document: &Document, stubs: &[Stub]) -> Result<(), Error> {
    for (index, stub) in stubs.iter().enumerate() {
        let takes_all =
            |earlier: &Stub| earlier.times.at_most.is_none() && earlier.request == stub.request;
        if let Some(earlier) = stubs.iter().take(index).position(takes_all) {
            let place = Path::root().key("target").key("stubs");
            let told = format!(
                "expected requests that `{}` leaves over, found the same, of which it takes every one",
                place.index(earlier)
            );
            return Err(document
                .error(&place.index(index).key("request"), Part::Key, told)
                .hint("say with `times` or `at_most` how many the earlier one takes"));
        }
    }
    Ok(())
}
