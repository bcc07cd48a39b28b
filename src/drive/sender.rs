//! One load stream in a running lane: makes the lane's share of its requests, and emits the sample of each.

mod round;

pub(super) use round::Round;

use super::exchange::{Exchange, Exchanged};
use super::heard::Heard;
use super::lane::{Sending, Share};
use super::request::{Due, Requests};
use super::uncounted::{Ended, Uncounted};
use crate::sample::{Chunk, Failure, Outcome, Sample, Sink};
use crate::schedule::{Load, Slot};
use crate::seed::Seed;
use crate::units::Offset;
use std::cell::RefCell;
use std::rc::Rc;

/// What a lane sends of one load stream.
#[derive(Debug)]
pub(super) struct Source {
    /// The stream's place among those of its stage.
    pub(super) place: usize,
    pub(super) requests: Requests,
    pub(super) load: Load,
    pub(super) seed: Seed,
    /// Answers whose samples are emitted once their tokens are counted.
    pub(super) uncounted: RefCell<Uncounted>,
    pub(super) share: Share,
}

/// Sends it.
pub(super) struct Sender<E, S> {
    pub(super) sending: Rc<Sending<E, S>>,
    pub(super) source: Source,
}

impl<E: Exchange, S: Sink> Sender<E, S> {
    /// Is request `seq` one of those that the stream may send?
    pub(super) fn may_send(&self, seq: u64) -> bool {
        let most = self.sending.lane.phases.requests;
        most.is_none_or(|most| seq < most.get())
    }

    /// Makes the requests of a slot, one after the other, and emits the sample of each. `heard` is a buffer to reuse.
    pub(super) async fn send(&self, slot: Slot, heard: &mut Heard) {
        let mut round = self.round(slot);
        while !round.is_done() {
            round.step(self, heard).await;
        }
    }

    /// A slot whose requests are made step by step.
    pub(super) fn round(&self, slot: Slot) -> Round {
        Round::of(self.source.requests.of_slot(slot.seq), slot.at)
    }

    /// Emits the samples of a slot whose time has come and that cannot be sent.
    pub(super) fn not_sent(&self, slot: Slot) {
        for seq in self.source.requests.of_slot(slot.seq) {
            self.miss(Slot { seq, ..slot });
        }
    }

    /// Pauses before a request, and says when it is due then.
    async fn think(&self, slot: Slot, due: &Due) -> Slot {
        if due.think.is_zero() {
            return slot;
        }
        let at = slot.at.after(due.think);
        tokio::select! {
            biased;
            () = self.sending.give_up.cancelled() => {}
            () = self.sending.alarm.until(self.sending.clock.instant(at)) => {}
        }
        Slot { at, ..slot }
    }

    /// Sends one request and emits its sample.
    async fn exchange(&self, slot: Slot, due: &Due, heard: &mut Heard) -> Outcome {
        heard.begin(due.is_turn || self.source.uncounted.borrow().wants_words());
        self.sending.lane.progress.started();
        let exchange = &self.sending.lane.exchange;
        let sent = self.sending.clock.now();
        let exchanged = tokio::select! {
            biased;
            exchanged = exchange.exchange(&due.asked, self.sending.clock, heard) => exchanged,
            () = self.cancelled(sent, due) => Exchanged::ended(Outcome::Cancelled),
            () = self.sending.give_up.cancelled() => Exchanged::ended(Outcome::Failed(Failure::Unfinished)),
        };
        let outcome = exchanged.outcome;
        let ended = self.ended(slot, Some(sent), exchanged);
        let kept = self.source.uncounted.borrow_mut().keep(ended, heard);
        if let Some(counted) = kept {
            self.emit(&counted, &heard.chunks);
        }
        outcome
    }

    /// Emits the samples of the answers that were kept to be counted.
    pub(super) fn count(&self) {
        let mut uncounted = self.source.uncounted.borrow_mut();
        uncounted.count(|ended, chunks| self.emit(ended, chunks));
    }

    /// Waits until the caller of a request that was sent at `sent` gives it up; for ever, if it does not.
    async fn cancelled(&self, sent: Offset, due: &Due) {
        match due.cancel_after {
            Some(after) => {
                tokio::time::sleep_until(self.sending.clock.instant(sent.after(after))).await;
            }
            None => std::future::pending().await,
        }
    }

    /// Emits the sample of a request that was due and is not sent.
    fn miss(&self, slot: Slot) {
        let exchanged = Exchanged {
            attempts: 0,
            ..Exchanged::ended(Outcome::NotSent)
        };
        self.emit(&self.ended(slot, None, exchanged), &[]);
    }

    /// What became of a request, now that it has ended.
    fn ended(&self, slot: Slot, sent: Option<Offset>, exchanged: Exchanged) -> Ended {
        self.sending.lane.progress.ended(exchanged.outcome);
        Ended {
            slot,
            sent,
            finished: self.sending.clock.now(),
            exchanged,
        }
    }

    fn emit(&self, ended: &Ended, chunks: &[Chunk]) {
        let Ended {
            slot,
            sent,
            finished,
            exchanged,
        } = ended;
        let (kind, operation) = self.source.requests.kind(slot.seq);
        self.sending.lane.sink.borrow_mut().take(&Sample {
            stream: self.source.place,
            seq: slot.seq,
            operation,
            kind,
            scheduled: slot.at,
            sent: *sent,
            first_byte: exchanged.first_byte,
            chunks,
            finished: *finished,
            streamed: exchanged.streamed,
            endpoint: exchanged.endpoint,
            attempts: exchanged.attempts,
            failed_attempts: &exchanged.failed_attempts,
            answered_attempt: exchanged.answered_attempt,
            source: exchanged.source,
            connection: exchanged.connection,
            queued: exchanged.queued,
            hedges: exchanged.hedges,
            prompt_tokens: exchanged.prompt_tokens,
            output_tokens: exchanged.output_tokens,
            batch: exchanged.batch,
            outcome: exchanged.outcome,
        });
    }
}
