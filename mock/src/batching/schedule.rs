//! Which sequence gets a token in which step. Pure: time comes from outside, and whoever waits is told by the caller.
//!
//! A step is fixed when it begins: every sequence whose prompt is done decodes one token, and those whose prompt is not
//! get their share of the prompt tokens that the step has room for, first come, first served. A sequence has its first
//! token at the end of the step that ends its prompt. The next step begins when the one before ends, however late that
//! is noticed.

use super::BatchingSpec;
use crate::capacity::Occupancy;
use std::collections::BTreeMap;
use tokio::time::Instant;

/// All sequences of one mock.
#[derive(Debug)]
pub(super) struct Schedule {
    spec: BatchingSpec,
    /// The most that wait for their first step.
    queue: u64,
    /// By number, and so by arrival.
    sequences: BTreeMap<u64, Sequence>,
    /// When the present step ends; there is none while nobody is there.
    ends: Option<Instant>,
    next_number: u64,
}

/// One request's tokens.
#[derive(Debug)]
struct Sequence {
    prompt_left: u64,
    tokens_left: u32,
    /// When its first step began.
    began: Option<Instant>,
    part: Part,
    /// Tokens that were made and not taken.
    made: Option<Made>,
}

/// What the present step does for a sequence.
#[derive(Debug, Clone, Copy)]
enum Part {
    Nothing,
    Prefill(u64),
    Decode,
}

/// Some tokens, and when they were made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Made {
    pub(crate) tokens: u32,
    /// The end of the step that made the first of them.
    pub(crate) first: Instant,
    /// The end of the step that made the last of them.
    pub(crate) last: Instant,
}

impl Schedule {
    /// A schedule of nothing. No limit of the queue means none.
    pub(super) fn new(spec: BatchingSpec, queue: Option<u32>) -> Self {
        Self {
            spec,
            queue: queue.map_or(u64::MAX, u64::from),
            sequences: BTreeMap::new(),
            ends: None,
            next_number: 0,
        }
    }

    /// Takes a sequence of at least one token in, whose number serves to ask for it; fails where no more may wait. Time
    /// must have been [advanced](Self::advance) to `now`.
    pub(super) fn enter(
        &mut self,
        now: Instant,
        prompt_tokens: u64,
        tokens: u32,
    ) -> Result<u64, Occupancy> {
        let occupancy = self.occupancy();
        let free = u64::from(self.spec.max_sequences).saturating_sub(occupancy.running);
        if occupancy.waiting >= self.queue.saturating_add(free) {
            return Err(occupancy);
        }
        let number = self.next_number;
        self.next_number += 1;
        let sequence = Sequence {
            // A prompt of no tokens still takes a place in a step.
            prompt_left: prompt_tokens.max(1),
            tokens_left: tokens,
            began: None,
            part: Part::Nothing,
            made: None,
        };
        self.sequences.insert(number, sequence);
        if self.ends.is_none() {
            self.begin(now);
        }
        Ok(number)
    }

    /// Forgets a sequence. The present step stays as long as it was.
    pub(super) fn leave(&mut self, number: u64) {
        self.sequences.remove(&number);
    }

    /// Ends every step whose time has come by `now`, and hands over the numbers of the sequences for which something
    /// changed.
    pub(super) fn advance(&mut self, now: Instant, changed: &mut impl FnMut(u64)) {
        while let Some(end) = self.ends.filter(|end| *end <= now) {
            for (&number, sequence) in &mut self.sequences {
                if sequence.end_step(end) {
                    changed(number);
                }
            }
            self.begin(end);
            let began = |sequence: &Sequence| sequence.began == Some(end);
            let beginners = self.sequences.iter().filter(|(_, one)| began(one));
            beginners.for_each(|(&number, _)| changed(number));
        }
    }

    /// When there is something to do next.
    pub(super) fn ends(&self) -> Option<Instant> {
        self.ends
    }

    /// When the first step of a sequence began.
    pub(super) fn began(&self, number: u64) -> Option<Instant> {
        self.sequences.get(&number)?.began
    }

    /// Takes the tokens that were made for a sequence since they were taken last.
    pub(super) fn take(&mut self, number: u64) -> Option<Made> {
        self.sequences.get_mut(&number)?.made.take()
    }

    /// How many sequences are in the batch, and how many wait for their first step.
    pub(super) fn occupancy(&self) -> Occupancy {
        let mut occupancy = Occupancy::default();
        for sequence in self.sequences.values() {
            match sequence.began {
                None => occupancy.waiting += 1,
                Some(_) if sequence.tokens_left > 0 => occupancy.running += 1,
                // All is made, and the client has not taken it yet: no business of the batch any more.
                Some(_) => {}
            }
        }
        occupancy
    }

    /// Begins a step, if there is anybody to be in it.
    fn begin(&mut self, at: Instant) {
        let running = self.occupancy().running;
        let mut places = u64::from(self.spec.max_sequences).saturating_sub(running);
        let mut budget = u64::from(self.spec.prefill_tokens);
        let (mut decoding, mut prefilled) = (0_u32, 0_u64);
        for sequence in self
            .sequences
            .values_mut()
            .filter(|one| one.tokens_left > 0)
        {
            if sequence.prompt_left == 0 {
                sequence.part = Part::Decode;
                decoding += 1;
                continue;
            }
            if budget == 0 || (sequence.began.is_none() && places == 0) {
                continue;
            }
            if sequence.began.is_none() {
                sequence.began = Some(at);
                places -= 1;
            }
            let part = sequence.prompt_left.min(budget);
            sequence.part = Part::Prefill(part);
            budget -= part;
            prefilled += part;
        }
        self.ends = (decoding > 0 || prefilled > 0).then(|| {
            // No more than the step has room for, which is a `u32`.
            let prefilled = u32::try_from(prefilled).unwrap_or(u32::MAX);
            at + self.spec.takes(decoding, prefilled)
        });
    }
}

impl Sequence {
    /// Ends the present step; says whether it made a token.
    fn end_step(&mut self, end: Instant) -> bool {
        match std::mem::replace(&mut self.part, Part::Nothing) {
            Part::Nothing => return false,
            Part::Prefill(tokens) => {
                self.prompt_left -= tokens;
                if self.prompt_left > 0 {
                    return false;
                }
            }
            Part::Decode => {}
        }
        self.tokens_left -= 1;
        let made = self.made.get_or_insert(Made {
            tokens: 0,
            first: end,
            last: end,
        });
        made.tokens += 1;
        made.last = end;
        true
    }
}

#[cfg(test)]
mod tests;
