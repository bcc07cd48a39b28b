//! Whole stages in paused virtual time, with an exchange that answers after a set time.

mod conversation;
mod counting;
mod journey;
mod replay;
mod streams;
mod users;

use super::clock::Clock;
use super::exchange::{Exchange, Exchanged};
use super::heard::Heard;
use super::ids::Ids;
use super::lane::{self, Lane, Ready, Share};
use super::pace::Pacer;
use super::request::{Asked, Requests};
use super::sender::Source;
use super::uncounted::{Ended, Uncounted};
use super::{Error, LaneRecord, Progress};
use crate::plan::Phases;
use crate::sample::{ClientCounts, ConnectionCounts, Failure, Operation, Outcome, Sample, Sink};
use crate::schedule::{Closed, Load, Open, Slot};
use crate::seed::Seed;
use crate::units::{Offset, Period};
use crate::workload::Workload;
use std::cell::Cell;
use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::LocalSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Answers every request after the same time.
struct After(Duration);

impl Exchange for After {
    async fn exchange(&self, _asked: &Asked, clock: Clock, heard: &mut Heard) -> Exchanged {
        sleep(self.0).await;
        heard.arrived(clock.now(), 1, "");
        Exchanged::ended(Outcome::Answered)
    }
}

/// Answers every request after 300 ms, and counts a connection for each.
struct Counting(Cell<u64>);

impl Exchange for Counting {
    async fn exchange(&self, _asked: &Asked, _clock: Clock, _heard: &mut Heard) -> Exchanged {
        sleep(Duration::from_millis(300)).await;
        self.0.update(|created| created + 1);
        Exchanged::ended(Outcome::Answered)
    }

    fn counts(&self) -> ClientCounts {
        let (created, reused) = (self.0.get(), 0);
        ClientCounts {
            connections: Some(ConnectionCounts { created, reused }),
            loading: None,
        }
    }
}

/// What a test needs of a sample.
#[derive(Debug, Clone, PartialEq)]
struct Seen {
    stream: usize,
    seq: u64,
    operation: Operation,
    scheduled: Offset,
    sent: Option<Offset>,
    finished: Offset,
    outcome: Outcome,
}

/// The samples, and when the measure phase ended.
#[derive(Debug, Default)]
struct Kept(Vec<Seen>, Option<Offset>);

impl Sink for Kept {
    fn take(&mut self, sample: &Sample<'_>) {
        self.0.push(Seen {
            stream: sample.stream,
            seq: sample.seq,
            operation: sample.operation,
            scheduled: sample.scheduled,
            sent: sample.sent,
            finished: sample.finished,
            outcome: sample.outcome,
        });
    }

    fn measure_ended(&mut self, at: Offset) {
        self.1 = Some(at);
    }
}

impl Kept {
    fn ended(&self, outcome: Outcome) -> usize {
        self.0.iter().filter(|seen| seen.outcome == outcome).count()
    }
}

/// One second of warm-up, ten of measuring, two of drain.
fn phases() -> Phases {
    Phases {
        warmup: Period::from_secs(1),
        measure: Period::from_secs(10),
        drain: Period::from_secs(2),
        requests: None,
    }
}

async fn drive(answer_after: Duration, load: Load, stop: CancellationToken) -> LaneRecord<Kept> {
    drive_through(phases(), answer_after, load, stop).await
}

/// Drives at most three requests, each answered after 100 ms.
async fn drive_three(load: Load) -> LaneRecord<Kept> {
    let three = Phases {
        warmup: Period::default(),
        requests: NonZero::new(3),
        ..phases()
    };
    drive_through(
        three,
        Duration::from_millis(100),
        load,
        CancellationToken::new(),
    )
    .await
}

async fn drive_through(
    phases: Phases,
    answer_after: Duration,
    load: Load,
    stop: CancellationToken,
) -> LaneRecord<Kept> {
    drive_lane(After(answer_after), ONE_CHAT, phases, load, stop).await
}

const ONE_CHAT: &str =
    r#"{ "chat": { "model": "tiny", "prompt": { "tokens": 1 }, "output": { "tokens": 1 } } }"#;

async fn drive_lane<E: Exchange>(
    exchange: E,
    workload: &str,
    phases: Phases,
    load: Load,
    stop: CancellationToken,
) -> LaneRecord<Kept> {
    let share = Share {
        index: 0,
        lanes: NonZero::<usize>::MIN,
    };
    let driven = drive_share(exchange, workload, phases, load, stop, share).await;
    driven.unwrap()
}

async fn drive_share<E: Exchange>(
    exchange: E,
    workload: &str,
    phases: Phases,
    load: Load,
    stop: CancellationToken,
    share: Share,
) -> Result<LaneRecord<Kept>, Error> {
    let into = (Kept::default(), Uncounted::default());
    drive_share_into(into, exchange, workload, phases, load, stop, share).await
}

/// Likewise, into a sink of the caller's, with what counts tokens.
async fn drive_share_into<E: Exchange, S: Sink>(
    (sink, uncounted): (S, Uncounted),
    exchange: E,
    workload: &str,
    phases: Phases,
    load: Load,
    stop: CancellationToken,
    share: Share,
) -> Result<LaneRecord<S>, Error> {
    let source = source(0, workload, load, share, uncounted);
    drive_sources(sink, exchange, vec![source], phases, stop).await
}

/// Drives several load streams side by side, all with the same seed.
async fn drive_sources<E: Exchange, S: Sink>(
    sink: S,
    exchange: E,
    sources: Vec<Source>,
    phases: Phases,
    stop: CancellationToken,
) -> Result<LaneRecord<S>, Error> {
    let lane = Lane {
        index: 0,
        exchange,
        sink: sink.into(),
        phases,
        stop,
        progress: Arc::new(Progress::default()),
    };
    let driving = async {
        let mut ready = Vec::new();
        for source in sources {
            ready.push(Ready::of(source, Pacer::Coarse).await?);
        }
        lane::drive(lane, ready, Instant::now()).await
    };
    LocalSet::new().run_until(driving).await
}

/// What a lane sends of the load stream at this place.
fn source(place: usize, workload: &str, load: Load, share: Share, uncounted: Uncounted) -> Source {
    let mut workload: Workload = serde_json::from_str(workload).unwrap();
    if let Load::Users(users) = &load {
        workload.share_out(users.count);
    }
    Source {
        place,
        requests: Requests::new(workload, Seed::new(7), Ids::short(0, None)),
        load,
        seed: Seed::new(7),
        uncounted: uncounted.into(),
        share,
    }
}

fn closed(in_flight: u32, think: Period) -> Load {
    Load::Closed(Closed { in_flight, think })
}

fn constant(yaml: &str) -> Load {
    let open: Open = serde_json::from_str(yaml).unwrap();
    Load::Open(open)
}

#[tokio::test(start_paused = true)]
async fn closed_loop_keeps_exactly_its_number_in_flight() {
    let load = closed(3, Period::default());

    let record = drive(Duration::from_millis(100), load, CancellationToken::new()).await;

    let samples = record.sink;
    assert_eq!(samples.ended(Outcome::Answered), 3 * 110);
    assert!(
        samples
            .0
            .iter()
            .all(|seen| seen.sent == Some(seen.scheduled))
    );
    assert_eq!(record.measured, Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn closed_loop_thinks_between_an_answer_and_the_next_request() {
    let load = closed(1, Period::from_millis(900));

    let record = drive(Duration::from_millis(100), load, CancellationToken::new()).await;

    assert_eq!(record.sink.ended(Outcome::Answered), 11);
}

#[tokio::test(start_paused = true)]
async fn closed_loop_does_not_wait_for_workers_who_think_beyond_the_end() {
    let begun = Instant::now();

    let record = drive(
        Duration::from_millis(100),
        closed(3, Period::from_secs(3600)),
        CancellationToken::new(),
    )
    .await;

    assert_eq!(record.sink.ended(Outcome::Answered), 3);
    assert_eq!(begun.elapsed().as_secs(), 11);
}

#[tokio::test(start_paused = true)]
async fn open_loop_sends_on_schedule_whatever_the_answers_do() {
    let load = constant(r#"{"constant": {"rate": "200/s"}}"#);

    let record = drive(Duration::from_secs(1), load, CancellationToken::new()).await;

    let samples = record.sink;
    assert_eq!(samples.ended(Outcome::Answered), 11 * 200);
    assert!(samples.0.iter().all(|seen| {
        seen.sent
            .is_some_and(|sent| sent.since(seen.scheduled) <= Duration::from_millis(1))
    }));
}

#[tokio::test(start_paused = true)]
async fn open_loop_at_its_cap_says_not_sent_and_never_waits() {
    let load = constant(r#"{"constant": {"rate": "100/s"}, "max_in_flight": 10}"#);

    let record = drive(Duration::from_secs(1), load, CancellationToken::new()).await;

    let samples = record.sink;
    let not_sent = samples.ended(Outcome::NotSent);
    assert_eq!(not_sent + samples.ended(Outcome::Answered), 11 * 100);
    assert_eq!(not_sent, 990);
}

#[tokio::test(start_paused = true)]
async fn what_is_unfinished_when_the_drain_ends_is_a_failed_sample() {
    let load = closed(5, Period::default());

    let record = drive(Duration::from_mins(1), load, CancellationToken::new()).await;

    let unfinished = Outcome::Failed(Failure::Unfinished);
    assert_eq!(record.sink.ended(unfinished), 5);
    assert!(record.sink.0.iter().all(|seen| {
        seen.finished.since(Offset::from_millis(13_000)) < Duration::from_millis(5)
    }));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_sending_at_once_and_lets_answers_come_in() {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let load = constant(r#"{"constant": {"rate": "10/s"}}"#);

    let (record, ()) = tokio::join!(drive(Duration::from_secs(1), load, stop), async move {
        sleep(Duration::from_millis(3_050)).await;
        stopping.cancel();
    });

    assert_eq!(record.sink.0.len(), 31);
    assert_eq!(record.sink.ended(Outcome::Answered), 31);
    assert_eq!(record.measured.as_millis(), 2_050);
    assert_eq!(
        record.sink.1.map(|end| end.duration().as_millis()),
        Some(3_050)
    );
}

#[tokio::test(start_paused = true)]
async fn a_stage_with_a_number_of_requests_ends_with_the_last_of_them() {
    let one_by_one = drive_three(closed(1, Period::default())).await;
    let at_once = drive_three(closed(10, Period::default())).await;
    let on_schedule = drive_three(constant(r#"{"constant": {"rate": "10/s"}}"#)).await;

    for (record, millis) in [(one_by_one, 300), (at_once, 100), (on_schedule, 300)] {
        let numbers: Vec<u64> = record.sink.0.iter().map(|seen| seen.seq).collect();
        assert_eq!(numbers, [0, 1, 2]);
        assert_eq!(record.sink.ended(Outcome::Answered), 3);
        assert_eq!(record.measured.as_millis(), millis);
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_drives_the_same_samples() {
    let load = || constant(r#"{"poisson": {"rate": "300/s"}}"#);
    let answer = Duration::from_millis(40);

    let first = drive(answer, load(), CancellationToken::new()).await;
    let second = drive(answer, load(), CancellationToken::new()).await;

    assert_eq!(first.sink.0, second.sink.0);
}

#[tokio::test(start_paused = true)]
async fn what_the_client_counts_is_that_of_the_measure_phase() {
    let exchange = Counting(Cell::new(0));
    let load = closed(1, Period::default());

    let record = drive_lane(exchange, ONE_CHAT, phases(), load, CancellationToken::new()).await;

    // 37 in all, of which three had ended with the warm-up, and one did in the drain.
    assert_eq!(record.sink.ended(Outcome::Answered), 37);
    let connections = record.client.connections;
    assert_eq!(connections.map(|kept| kept.created), Some(33));
}

#[test]
fn lanes_share_out_every_place_exactly_once() {
    let lanes = NonZero::new(3).unwrap();

    let shares: Vec<_> = (0..3).map(|index| Share { index, lanes }.of(50)).collect();

    assert_eq!(shares, [17, 17, 16]);
}
