//! What one lane keeps of single requests, so that the instrument itself can be judged when the stage is over: when each was
//! due and sent, and when its answer arrived. Bounded: the first so many requests of the measure phase.

use super::added::Sightings;
use super::shape::Sends;
use crate::sample::Sample;

/// The single requests of one lane. All memory is taken at once, so that noting takes none.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) sends: Sends,
    pub(super) sightings: Sightings,
}

impl Evidence {
    pub(super) fn new() -> Self {
        Self {
            sends: Sends::new(),
            sightings: Sightings::new(),
        }
    }

    /// Notes a request that was due in the measure phase.
    pub(super) fn note(&mut self, sample: &Sample<'_>) {
        if let Some(sent) = sample.sent {
            self.sends.note(sample.scheduled, sent);
        }
        self.sightings.note(sample);
    }
}
