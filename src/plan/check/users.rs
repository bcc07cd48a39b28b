//! What only users can do, and whether all of them come to it.

use super::super::{Stage, Stream};
use crate::scenario::{Document, Error, Part, Path};
use crate::schedule::Load;
use crate::units::Period;

/// Are there users for what only they do, and do they begin before the stage is over?
pub(super) fn check(document: &Document, stage: &Stage) -> Result<(), Error> {
    let mut streams = stage.streams.iter();
    streams.try_for_each(|stream| match &stream.load {
        Load::Users(users) => begin(document, stage, stream, users.ramp_up),
        Load::Open(_) | Load::Closed(_) => no_rounds(document, stream),
    })
}

fn begin(
    document: &Document,
    stage: &Stage,
    stream: &Stream,
    ramp_up: Period,
) -> Result<(), Error> {
    let sends = stage.phases.warmup.duration() + stage.phases.measure.duration();
    if ramp_up.duration() <= sends {
        return Ok(());
    }
    let told = format!(
        "expected at most `{}`, after which nothing is sent any more, found `{ramp_up}`",
        Period::from(sends)
    );
    let place = stream.place().join(&Path::parse("load.users.ramp_up"));
    Err(document
        .error(&place, Part::Value, told)
        .hint("users who begin later would never be there; a `warmup` as long as this leaves their coming out of the figures"))
}

fn no_rounds(document: &Document, stream: &Stream) -> Result<(), Error> {
    let Some(step) = stream.workload.made_once() else {
        return Ok(());
    };
    let step = stream.workload_at().join(&Path::parse(&step));
    let told = "expected no `once`, as only users have a first round";
    Err(document
        .error(&step.key("once"), Part::Key, told)
        .hint("set `load: { users: { count: 10 } }`, or leave it out"))
}
