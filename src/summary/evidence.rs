//! What one lane keeps of single requests of a load stream, so that the instrument itself can be judged when the stage is over: when each was
//! due and sent, and when its answer arrived. Bounded: the first so many requests of the measure phase.

use super::added::Sightings;
use super::shape::Sends;
use crate::sample::Sample;
use std::num::NonZero;

/// The single requests of one load stream in one lane. All memory is taken at once, so that noting takes none.
#[derive(Debug)]
pub(super) struct Evidence {
    pub(super) sends: Sends,
    pub(super) sightings: Sightings,
    /// Which of the load streams of the stage they belong to, from 0.
    pub(super) stream: usize,
    /// How many requests a slot of the schedule has at most, one after the other: by it the first of each is known.
    pub(super) requests_per_slot: NonZero<u64>,
}

impl Evidence {
    pub(super) fn new() -> Self {
        Self {
            sends: Sends::new(),
            sightings: Sightings::new(),
            stream: 0,
            requests_per_slot: NonZero::<u64>::MIN,
        }
    }

    /// Notes a request that was due in the measure phase.
    pub(super) fn note(&mut self, sample: &Sample<'_>) {
        // The schedule says when the first of a slot is due, and the answers when the others are.
        let is_first = sample.seq.is_multiple_of(self.requests_per_slot.get());
        if let Some(sent) = sample.sent.filter(|_| is_first) {
            self.sends.note(sample.scheduled, sent);
        }
        self.sightings.note(sample);
    }
}
