//! One lane: a thread with a runtime of its own that sends its share of a stage.

mod round;

pub(super) use round::Round;

use super::alarm::Alarm;
use super::clock::Clock;
use super::epoch::Starter;
use super::exchange::{Exchange, Exchanged};
use super::heard::Heard;
use super::pace::Pacer;
use super::request::{Due, Requests};
use super::uncounted::{Ended, Uncounted};
use super::users::Crowd;
use super::{Error, LaneRecord, Progress, closed_loop, open_loop, users};
use crate::observe::{Meter, Usage};
use crate::plan::Phases;
use crate::sample::{Chunk, ClientCounts, Failure, Outcome, Sample, Sink};
use crate::schedule::{Closed, Load, Open, Slot, Users};
use crate::seed::Seed;
use crate::units::Offset;
use std::cell::RefCell;
use std::num::NonZero;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::{JoinHandle, LocalSet};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Everything that a lane needs, before it runs.
pub(super) struct Lane<E, S> {
    pub(super) exchange: E,
    pub(super) requests: Requests,
    pub(super) sink: RefCell<S>,
    /// Answers that go to the sink once their tokens are counted.
    pub(super) uncounted: RefCell<Uncounted>,
    pub(super) phases: Phases,
    pub(super) share: Share,
    pub(super) stop: CancellationToken,
    pub(super) progress: Arc<Progress>,
}

/// Which part of the stage's requests is this lane's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    pub(super) index: usize,
    pub(super) lanes: NonZero<usize>,
}

impl Share {
    /// This lane's part of `total` places; all lanes together have exactly `total`.
    pub(super) fn of(self, total: u32) -> usize {
        let total = usize::try_from(total).unwrap_or(usize::MAX);
        let extra = usize::from(self.index < total % self.lanes);
        total / self.lanes + extra
    }
}

/// A running lane.
pub(super) struct Sending<E, S> {
    lane: Lane<E, S>,
    pub(super) clock: Clock,
    /// Wakes those who pause before a request.
    alarm: Alarm,
    /// Cancelled when the drain phase is over: requests still in flight are given up.
    give_up: CancellationToken,
    /// Cancelled when all requests of a stage that has a number of them, or a trace of them, have ended: measuring ends with
    /// them.
    all_ended: CancellationToken,
}

/// What a lane does when its stage begins.
pub(super) enum Work {
    Open(Open),
    Closed(Closed),
    Users(Users, Crowd),
}

impl Work {
    /// The lane's work at this load, with all that has to be there before the stage begins.
    pub(super) async fn of<E, S>(load: Load, lane: &Lane<E, S>) -> Result<Self, Error> {
        Ok(match load {
            Load::Open(open) => Self::Open(open),
            Load::Closed(closed) => Self::Closed(closed),
            Load::Users(users) => {
                let crowd = Crowd::gather(&users, &lane.requests, lane.share).await?;
                Self::Users(users, crowd)
            }
        })
    }
}

/// Runs a lane to its end on the current thread. All lanes of a stage count time from the same epoch.
pub(super) fn run<E: Exchange, S: Sink>(
    lane: Lane<E, S>,
    load: Load,
    seed: Seed,
    starter: Starter,
) -> Result<LaneRecord<S>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        let pacer = Pacer::fine()?;
        // A stage that is stopped already needs no connections.
        let warming_up = lane.exchange.warm_up();
        lane.stop.run_until_cancelled(warming_up).await;
        let ends = load.ends();
        let work = Work::of(load, &lane).await?;
        let epoch = starter.ready().await;
        drive(lane, work, ends, seed, pacer, epoch).await
    })
}

/// Sends the lane's share, measures what that costs, and drains. Work that `ends` is measured no longer than it takes.
pub(super) async fn drive<E: Exchange, S: Sink>(
    lane: Lane<E, S>,
    work: Work,
    ends: bool,
    seed: Seed,
    pacer: Pacer,
    epoch: Instant,
) -> Result<LaneRecord<S>, Error> {
    lane.sink.borrow_mut().begins(epoch.into_std());
    let sending = Rc::new(Sending {
        lane,
        clock: Clock::new(epoch),
        alarm: Alarm::default(),
        give_up: CancellationToken::new(),
        all_ended: CancellationToken::new(),
    });
    let metering = tokio::task::spawn_local(meter(Rc::clone(&sending)));
    let draining = tokio::task::spawn_local(drain(Rc::clone(&sending)));
    let watching = tokio::task::spawn_local(watch(Rc::clone(&sending)));
    let ringing = tokio::task::spawn_local(ring(Rc::clone(&sending), pacer.another()?));
    match work {
        Work::Closed(closed) => closed_loop::send(&sending, &closed).await,
        Work::Open(open) => open_loop::send(&sending, &open, seed, &pacer).await?,
        Work::Users(users, crowd) => users::send(&sending, &users, crowd, seed).await?,
    }
    if ends || sending.lane.phases.requests.is_some() {
        sending.all_ended.cancel();
    }
    ended(draining).await;
    ended(watching).await;
    // Until its end measuring has to be woken.
    let metered = metering.await.map_err(|_| Error::LaneDied)?;
    sending.count();
    ended(ringing).await;
    let sending = Rc::into_inner(sending).ok_or(Error::LaneDied)?;
    Ok(LaneRecord {
        sink: sending.lane.sink.into_inner(),
        usage: metered.usage,
        client: metered.client,
        measured: metered.measured,
    })
}

/// Ends a task. Its only news is that it was aborted; waiting lets it drop its handle on the lane.
async fn ended(helping: JoinHandle<()>) {
    helping.abort();
    helping.await.ok();
}

impl<E: Exchange, S: Sink> Sending<E, S> {
    pub(super) fn share(&self) -> Share {
        self.lane.share
    }

    /// When the measure phase begins.
    pub(super) fn measure_start(&self) -> Offset {
        Offset::from(self.lane.phases.warmup.duration())
    }

    /// When the measure phase, and with it all sending, ends.
    pub(super) fn measure_end(&self) -> Offset {
        self.measure_start()
            .after(self.lane.phases.measure.duration())
    }

    /// Waits until sending is stopped.
    pub(super) async fn stopped(&self) {
        self.lane.stop.cancelled().await;
    }

    /// Waits until `at`, or until sending is stopped, whichever comes first. Says whether to go on.
    pub(super) async fn wait_until(&self, at: Offset) -> bool {
        tokio::select! {
            biased;
            () = self.lane.stop.cancelled() => false,
            () = self.alarm.until(self.clock.instant(at)) => true,
        }
    }

    /// Is sending over, because the time is up or because it was stopped?
    pub(super) fn is_over(&self) -> bool {
        self.lane.stop.is_cancelled() || self.clock.now() >= self.measure_end()
    }

    /// Is request `seq` one of those that the stage may send?
    pub(super) fn may_send(&self, seq: u64) -> bool {
        let most = self.lane.phases.requests;
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
        Round::of(self.lane.requests.of_slot(slot.seq), slot.at)
    }

    /// Emits the samples of a slot whose time has come and that cannot be sent.
    pub(super) fn not_sent(&self, slot: Slot) {
        for seq in self.lane.requests.of_slot(slot.seq) {
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
            () = self.give_up.cancelled() => {}
            () = self.alarm.until(self.clock.instant(at)) => {}
        }
        Slot { at, ..slot }
    }

    /// Sends one request and emits its sample.
    async fn exchange(&self, slot: Slot, due: &Due, heard: &mut Heard) -> Outcome {
        heard.begin(due.is_turn || self.lane.uncounted.borrow().wants_words());
        self.lane.progress.started();
        let sent = self.clock.now();
        let exchanged = tokio::select! {
            biased;
            exchanged = self.lane.exchange.exchange(&due.asked, self.clock, heard) => exchanged,
            () = self.cancelled(sent, due) => Exchanged::ended(Outcome::Cancelled),
            () = self.give_up.cancelled() => Exchanged::ended(Outcome::Failed(Failure::Unfinished)),
        };
        let outcome = exchanged.outcome;
        let ended = self.ended(slot, Some(sent), exchanged);
        let kept = self.lane.uncounted.borrow_mut().keep(ended, heard);
        if let Some(counted) = kept {
            self.emit(&counted, &heard.chunks);
        }
        outcome
    }

    /// Emits the samples of the answers that were kept to be counted.
    fn count(&self) {
        let mut uncounted = self.lane.uncounted.borrow_mut();
        uncounted.count(|ended, chunks| self.emit(ended, chunks));
    }

    /// Waits until the caller of a request that was sent at `sent` gives it up; for ever, if it does not.
    async fn cancelled(&self, sent: Offset, due: &Due) {
        match due.cancel_after {
            Some(after) => {
                tokio::time::sleep_until(self.clock.instant(sent.after(after))).await;
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

    /// Tells the sink that the measure phase is over: at its planned end, or now if it was stopped before that.
    fn measure_ended(&self) -> Offset {
        let end = self.clock.now().min(self.measure_end());
        self.lane.sink.borrow_mut().measure_ended(end);
        end
    }

    /// What became of a request, now that it has ended.
    fn ended(&self, slot: Slot, sent: Option<Offset>, exchanged: Exchanged) -> Ended {
        self.lane.progress.ended(exchanged.outcome);
        Ended {
            slot,
            sent,
            finished: self.clock.now(),
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
        let (kind, operation) = self.lane.requests.kind(slot.seq);
        self.lane.sink.borrow_mut().take(&Sample {
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

/// What was read over the measure phase.
#[derive(Default)]
struct Metered {
    usage: Usage,
    client: ClientCounts,
    /// How long the phase really was.
    measured: Duration,
}

/// Reads what the thread uses and the client counts from the start of the measure phase to its end, and how long that really
/// was.
async fn meter<E: Exchange, S: Sink>(sending: Rc<Sending<E, S>>) -> Metered {
    let start = sending.measure_start();
    // A timer for now would come after the first requests.
    if start > sending.clock.now() && !sending.wait_until(start).await {
        sending.measure_ended();
        return Metered::default();
    }
    let before = sending.lane.exchange.counts();
    let meter = Meter::start();
    tokio::select! {
        biased;
        () = sending.all_ended.cancelled() => {}
        _ = sending.wait_until(sending.measure_end()) => {}
    }
    Metered {
        usage: meter.stop(),
        client: sending.lane.exchange.counts().since(before),
        measured: sending.measure_ended().since(start),
    }
}

/// Wakes those who pause.
async fn ring<E: Exchange, S: Sink>(sending: Rc<Sending<E, S>>, pacer: Pacer) {
    sending.alarm.ring(&pacer).await;
}

/// Lets the client do what it has to do besides requests.
async fn watch<E: Exchange, S: Sink>(sending: Rc<Sending<E, S>>) {
    let lane = sending.lane.share.index;
    sending.lane.exchange.watch(lane).await;
}

/// Gives up what is in flight when the drain phase is over.
async fn drain<E: Exchange, S: Sink>(sending: Rc<Sending<E, S>>) {
    sending.wait_until(sending.measure_end()).await;
    tokio::time::sleep(sending.lane.phases.drain.duration()).await;
    sending.give_up.cancel();
}
