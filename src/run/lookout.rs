//! Watches the machine over the measure phase of a stage: from its begin to its end, with a look each second in between.

use crate::observe::{Conditions, Observation, Watched};
use crate::summary::Window;
use crate::units::Offset;
use std::time::Duration;
use tokio::time::Instant;

/// How often it looks at what has a peak and no counter.
const PERIOD: Duration = Duration::from_secs(1);

/// What is looked for at each moment that [`Lookout::next`] names.
pub(super) struct Lookout {
    window: Window,
    state: State,
}

enum State {
    /// The measure phase has not begun. What is seen until then stands for a stage that never gets there.
    Before(Observation),
    /// It has, and the next look is due then.
    During(Observation, Offset),
    Over(Conditions),
}

impl Lookout {
    pub(super) fn over(window: Window, target: Watched) -> Self {
        Self {
            window,
            state: State::Before(Observation::begin(target)),
        }
    }

    /// When there is something to look at, in a stage that began at `epoch`. `None` when nothing is any more.
    pub(super) fn next(&self, epoch: Instant) -> Option<Instant> {
        let at = match &self.state {
            State::Before(_) => self.window.start,
            State::During(_, next) => (*next).min(self.window.end),
            State::Over(_) => return None,
        };
        Some(epoch + at.duration())
    }

    /// Looks, at the moment named.
    pub(super) fn look(self) -> Self {
        let (start, end) = (self.window.start, self.window.end);
        let state = match self.state {
            State::Before(observation) => State::During(observation.again(), start.after(PERIOD)),
            State::During(observation, next) if next >= end => State::Over(observation.end()),
            State::During(mut observation, next) => {
                observation.look();
                State::During(observation, next.after(PERIOD))
            }
            over @ State::Over(_) => over,
        };
        Self { state, ..self }
    }

    /// What was seen, to the end of the measure phase or to now.
    pub(super) fn finish(self) -> Conditions {
        match self.state {
            State::Before(observation) | State::During(observation, _) => observation.end(),
            State::Over(conditions) => conditions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_looks_at_the_begin_each_second_and_at_the_end() {
        let window = Window {
            start: Offset::from_millis(500),
            end: Offset::from_millis(3_000),
        };
        let epoch = Instant::now();
        let mut lookout = Lookout::over(window, Watched::nothing());
        let mut looks = Vec::new();

        while let Some(next) = lookout.next(epoch) {
            tokio::time::sleep_until(next).await;
            looks.push(epoch.elapsed().as_millis());
            lookout = lookout.look();
        }

        assert_eq!(looks, [500, 1_500, 2_500, 3_000]);
        assert_eq!(lookout.finish().watched_ns, 2_500_000_000);
    }
}
