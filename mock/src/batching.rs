//! A batch that goes forward step by step, as inference servers with continuous batching do: the more sequences in it,
//! the longer a step takes, so that throughput saturates and the time between tokens grows.
//!
//! ```yaml
//! batching: { max_sequences: 64, step: 8ms, per_sequence: 50us, per_prefill_token: 20us, prefill_tokens: 2048 }
//! ```

mod schedule;

pub(crate) use schedule::Made;

use crate::capacity::{CapacitySpec, Occupancy, WhenFull};
use crate::latency::LONGEST;
use crate::refused::Refused;
use crate::spec::Error;
use crate::timer::Timer;
use inferometer_proto::quantity::Period;
use schedule::Schedule;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How a batch goes forward. A step takes `step`, `per_sequence` for each sequence that decodes a token in it, and
/// `per_prefill_token` for each token of prompts in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct BatchingSpec {
    /// The most sequences in the batch, at least 1; the others wait. As vLLM's `max_num_seqs`.
    #[schemars(range(min = 1))]
    pub max_sequences: u32,
    /// What every step takes, at least 100 µs.
    pub step: Period,
    /// What each sequence that decodes a token adds to a step.
    pub per_sequence: Period,
    /// What each token of a prompt adds to the step in which it is read.
    pub per_prefill_token: Period,
    /// The most tokens of prompts in one step, at least 1; longer prompts are read in several. As vLLM's
    /// `max_num_batched_tokens`.
    #[schemars(range(min = 1))]
    pub prefill_tokens: u32,
}

impl Default for BatchingSpec {
    fn default() -> Self {
        Self {
            max_sequences: 256,
            step: Period::from_millis(10),
            per_sequence: Period::default(),
            per_prefill_token: Period::default(),
            prefill_tokens: 2048,
        }
    }
}

/// A mock that was asleep makes up for its steps one by one: shorter ones could keep it busy for ever.
const SHORTEST: Duration = Duration::from_micros(100);

impl BatchingSpec {
    /// Refuses batches that no server has, naming the field.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (field, count) in [
            ("max_sequences", self.max_sequences),
            ("prefill_tokens", self.prefill_tokens),
        ] {
            if count == 0 {
                return Err(Error::unfit(field, "at least 1", count));
            }
        }
        if self.step.duration() < SHORTEST {
            return Err(Error::unfit("step", "at least 100us", self.step));
        }
        for (field, period) in [
            ("step", self.step),
            ("per_sequence", self.per_sequence),
            ("per_prefill_token", self.per_prefill_token),
        ] {
            if period.duration() > LONGEST {
                return Err(Error::unfit(field, "at most 24h", period));
            }
        }
        let longest = self.takes(self.max_sequences, self.prefill_tokens);
        if longest > LONGEST {
            let expected = "at most 24h for a step with everything in it";
            return Err(Error::unfit("step", expected, Period::from(longest)));
        }
        Ok(())
    }

    /// How long a step takes in which so many sequences decode and so many tokens of prompts are read.
    fn takes(&self, decoding: u32, prefilled: u32) -> Duration {
        self.step
            .duration()
            .saturating_add(self.per_sequence.duration().saturating_mul(decoding))
            .saturating_add(self.per_prefill_token.duration().saturating_mul(prefilled))
    }
}

/// The batch of one running mock.
#[derive(Debug)]
pub(crate) struct Batch {
    when_full: WhenFull,
    state: Mutex<State>,
    /// A step has begun after a time without.
    begun: Notify,
    timer: Timer,
}

#[derive(Debug)]
struct State {
    schedule: Schedule,
    /// Those that wait for something, by the number of their sequence.
    wakers: BTreeMap<u64, Waker>,
}

impl State {
    fn advance(&mut self, now: Instant) {
        let wakers = &mut self.wakers;
        self.schedule.advance(now, &mut |number| {
            if let Some(waker) = wakers.remove(&number) {
                waker.wake();
            }
        });
    }
}

impl Batch {
    /// An empty batch. Its queue is that of the capacity.
    pub(crate) fn new(spec: BatchingSpec, capacity: &CapacitySpec, timer: &Timer) -> Self {
        Self {
            when_full: capacity.when_full.clone(),
            state: Mutex::new(State {
                schedule: Schedule::new(spec, capacity.queue),
                wakers: BTreeMap::new(),
            }),
            begun: Notify::new(),
            timer: timer.clone(),
        }
    }

    /// Ends each step when its time has come, for as long as this is polled.
    pub(crate) async fn run(&self) {
        let mut alarm = self.timer.alarm();
        loop {
            let ends = self.state().schedule.ends();
            match ends {
                None => self.begun.notified().await,
                Some(end) => {
                    alarm.until(end).await;
                    self.state().advance(Instant::now());
                }
            }
        }
    }

    /// Takes a sequence in and waits until its first step begins; says when that was. Fails at once where no more may
    /// wait. Dropping the future, or the sequence, leaves the batch.
    pub(crate) async fn enter(
        self: &Arc<Self>,
        prompt_tokens: u64,
        tokens: u32,
    ) -> Result<(Sequence, Instant), Refused> {
        let now = Instant::now();
        let entered = {
            let mut state = self.state();
            state.advance(now);
            state.schedule.enter(now, prompt_tokens, tokens)
        };
        let number = entered.map_err(|full| self.when_full.refused(full))?;
        self.begun.notify_one();
        let sequence = Sequence {
            batch: Arc::clone(self),
            number,
            tokens,
            taken: 0,
        };
        let began = poll_fn(|context| sequence.poll(context, |schedule| schedule.began(number)));
        let began = began.await;
        Ok((sequence, began))
    }

    /// How many sequences are in the batch, and how many wait.
    pub(crate) fn occupancy(&self) -> Occupancy {
        self.state().schedule.occupancy()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request in the batch. Dropping it leaves the batch.
#[derive(Debug)]
pub(crate) struct Sequence {
    batch: Arc<Batch>,
    number: u64,
    tokens: u32,
    taken: u32,
}

impl Sequence {
    /// How many tokens it gets in all.
    pub(crate) fn tokens(&self) -> u32 {
        self.tokens
    }

    /// How many tokens were taken.
    pub(crate) fn taken(&self) -> u32 {
        self.taken
    }

    /// The tokens that were made since they were taken last; `None` after the last.
    pub(crate) fn poll_tokens(&mut self, context: &mut Context<'_>) -> Poll<Option<Made>> {
        if self.taken == self.tokens {
            return Poll::Ready(None);
        }
        let number = self.number;
        let made = self.poll(context, |schedule| schedule.take(number));
        made.map(|made| {
            self.taken += made.tokens;
            Some(made)
        })
    }

    /// Ready once there is what is looked for.
    fn poll<T>(
        &self,
        context: &mut Context<'_>,
        look: impl FnOnce(&mut Schedule) -> Option<T>,
    ) -> Poll<T> {
        let mut state = self.batch.state();
        if let Some(found) = look(&mut state.schedule) {
            return Poll::Ready(found);
        }
        state.wakers.insert(self.number, context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Sequence {
    fn drop(&mut self) {
        let mut state = self.batch.state();
        // Up to now it counts as having been there.
        state.advance(Instant::now());
        state.wakers.remove(&self.number);
        state.schedule.leave(self.number);
    }
}

#[cfg(test)]
mod tests;
