//! The time from the start of a stage's load to the end of its last lane: its target is watched, and whoever wants to hear of it is told.

use super::lookout::Lookout;
use super::{Error, Event, LaneSink, Options};
use crate::backend::Backend;
use crate::drive::{LaneRecord, Running};
use crate::summary::{Conditions, StageEnd};
use std::pin::pin;
use std::time::Duration;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

/// How often a watcher hears of progress.
const PROGRESS_PERIOD: Duration = Duration::from_millis(100);

/// What became of a stage.
pub(super) struct Attended {
    pub(super) records: Vec<LaneRecord<LaneSink>>,
    pub(super) end: StageEnd,
    pub(super) notes: Vec<String>,
    pub(super) conditions: Conditions,
}

/// Stays with a stage until its lanes are done. Stops it when its target dies or the run is interrupted.
pub(super) async fn attend(
    running: &mut Running<LaneSink>,
    mut lookout: Lookout,
    backend: &mut Backend,
    options: &Options,
    watch: &mut dyn FnMut(Event<'_>),
) -> Result<Attended, Error> {
    let started = Instant::now();
    let mut attended = Attended {
        records: Vec::new(),
        end: StageEnd::Completed,
        notes: Vec::new(),
        conditions: Conditions::default(),
    };
    let mut ticks = interval(PROGRESS_PERIOD);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut beginning = pin!(running.begins());
    let mut began = None;
    loop {
        let undisturbed = attended.end == StageEnd::Completed;
        let look = began.and_then(|began| lookout.next(began));
        tokio::select! {
            biased;
            finished = running.finished(&mut attended.records) => {
                finished?;
                attended.conditions = lookout.finish();
                return Ok(attended);
            }
            death = backend.died(), if undisturbed => {
                attended.end = StageEnd::TargetDied;
                attended.notes.push(death);
                running.stop();
            }
            () = options.interrupt.cancelled(), if undisturbed => {
                attended.end = StageEnd::Interrupted;
                running.stop();
            }
            epoch = &mut beginning, if began.is_none() => began = Some(epoch),
            () = sleep_until(look.unwrap_or(started)), if look.is_some() => lookout = lookout.look(),
            _ = ticks.tick() => watch(Event::Progress {
                elapsed: started.elapsed(),
                counts: running.progress(),
            }),
        }
    }
}
