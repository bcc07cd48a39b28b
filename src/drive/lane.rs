//! One lane: a thread with a runtime of its own that sends its share of a stage: of each of its load streams, side by side.

use super::alarm::Alarm;
use super::clock::Clock;
use super::epoch::Starter;
use super::exchange::Exchange;
use super::pace::Pacer;
use super::sender::{Sender, Source};
use super::users::Crowd;
use super::{Error, LaneRecord, Progress, closed_loop, open_loop, users};
use crate::observe::{Meter, Usage};
use crate::plan::Phases;
use crate::sample::{ClientCounts, Sink};
use crate::schedule::Load;
use crate::units::Offset;
use futures_util::future::try_join_all;
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
    /// Its place among the lanes of the stage.
    pub(super) index: usize,
    pub(super) exchange: E,
    pub(super) sink: RefCell<S>,
    pub(super) phases: Phases,
    pub(super) stop: CancellationToken,
    pub(super) progress: Arc<Progress>,
}

/// Which part of a load stream's requests is a lane's.
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
    pub(super) lane: Lane<E, S>,
    pub(super) clock: Clock,
    /// Wakes those who pause before a request.
    pub(super) alarm: Alarm,
    /// Cancelled when the drain phase is over: requests still in flight are given up.
    pub(super) give_up: CancellationToken,
    /// Cancelled when all requests of a stage that has a number of them, or a trace of them, have ended: measuring ends with
    /// them.
    all_ended: CancellationToken,
}

/// What a lane sends of one load stream, with all that has to be there before the stage begins.
pub(super) struct Ready {
    source: Source,
    pacer: Pacer,
    /// Who comes, where the load is users.
    crowd: Option<Crowd>,
}

impl Ready {
    /// Gets the stream ready to be sent by this pacer.
    pub(super) async fn of(source: Source, pacer: Pacer) -> Result<Self, Error> {
        let crowd = match &source.load {
            Load::Users(users) => Some(Crowd::gather(users, &source.requests, source.share).await?),
            Load::Open(_) | Load::Closed(_) => None,
        };
        Ok(Self {
            source,
            pacer,
            crowd,
        })
    }
}

/// Runs a lane to its end on the current thread. All lanes of a stage count time from the same epoch.
pub(super) fn run<E: Exchange, S: Sink>(
    lane: Lane<E, S>,
    sources: Vec<Source>,
    starter: Starter,
) -> Result<LaneRecord<S>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, async {
        // A stage that is stopped already needs no connections.
        let warming_up = lane.exchange.warm_up();
        lane.stop.run_until_cancelled(warming_up).await;
        let mut ready = Vec::with_capacity(sources.len());
        for source in sources {
            ready.push(Ready::of(source, Pacer::fine()?).await?);
        }
        let epoch = starter.ready().await;
        drive(lane, ready, epoch).await
    })
}

/// Sends the lane's share of every load stream, measures what that costs, and drains.
pub(super) async fn drive<E: Exchange, S: Sink>(
    lane: Lane<E, S>,
    ready: Vec<Ready>,
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
    let pacer = match ready.first() {
        Some(one) => one.pacer.another()?,
        None => Pacer::fine()?,
    };
    let ringing = tokio::task::spawn_local(ring(Rc::clone(&sending), pacer));
    let ends = ready.iter().all(|one| one.source.load.ends());
    let (senders, sent): (Vec<_>, Vec<_>) = ready
        .into_iter()
        .map(|one| {
            let (sending, source) = (Rc::clone(&sending), one.source);
            let sender = Rc::new(Sender { sending, source });
            (Rc::clone(&sender), send(sender, one.pacer, one.crowd))
        })
        .unzip();
    try_join_all(sent).await?;
    if ends || sending.lane.phases.requests.is_some() {
        sending.all_ended.cancel();
    }
    ended(draining).await;
    ended(watching).await;
    // Until its end measuring has to be woken.
    let metered = metering.await.map_err(|_| Error::LaneDied)?;
    for sender in &senders {
        sender.count();
    }
    drop(senders);
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

/// Sends the lane's share of one load stream.
async fn send<E: Exchange, S: Sink>(
    sender: Rc<Sender<E, S>>,
    pacer: Pacer,
    crowd: Option<Crowd>,
) -> Result<(), Error> {
    match (&sender.source.load, crowd) {
        (Load::Closed(closed), _) => closed_loop::send(&sender, closed).await,
        (Load::Open(open), _) => open_loop::send(&sender, open, &pacer).await?,
        (Load::Users(users), Some(crowd)) => users::send(&sender, users, crowd).await?,
        (Load::Users(_), None) => return Err(Error::LaneDied),
    }
    Ok(())
}

impl<E: Exchange, S: Sink> Sending<E, S> {
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

    /// Tells the sink that the measure phase is over: at its planned end, or now if it was stopped before that.
    fn measure_ended(&self) -> Offset {
        let end = self.clock.now().min(self.measure_end());
        self.lane.sink.borrow_mut().measure_ended(end);
        end
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
    let lane = sending.lane.index;
    sending.lane.exchange.watch(lane).await;
}

/// Gives up what is in flight when the drain phase is over.
async fn drain<E: Exchange, S: Sink>(sending: Rc<Sending<E, S>>) {
    sending.wait_until(sending.measure_end()).await;
    tokio::time::sleep(sending.lane.phases.drain.duration()).await;
    sending.give_up.cancel();
}
