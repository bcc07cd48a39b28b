//! Users at work: goose's loop around our requests, in paused virtual time.

use super::*;
use crate::drive::users::untouched::untouched;
use crate::schedule::Users;

/// Users of `load: { users: .. }`.
fn users(yaml: &str) -> Load {
    let users: Users = serde_json::from_str(yaml).unwrap();
    Load::Users(users)
}

const OFFICE: &str = r#"{ "mix": [
    { "weight": 2, "name": "reader", "chat": { "model": "tiny", "prompt": { "tokens": 1 }, "output": { "tokens": 1 } } },
    { "name": "writer", "journey": [
        { "load": { "model": "tiny" }, "once": true },
        { "chat": { "model": "tiny", "prompt": { "tokens": 1 }, "output": { "tokens": 1 } }, "times": 2, "think": "200ms" },
        { "unload": { "model": "tiny" } } ] } ] }"#;

/// A second, without warm-up.
fn one_second() -> Phases {
    Phases {
        warmup: Period::default(),
        measure: Period::from_secs(1),
        ..phases()
    }
}

/// The samples of users whose answers take 100 ms, in the order of their numbers.
async fn seen(workload: &str, phases: Phases, load: Load) -> Vec<Seen> {
    let exchange = After(Duration::from_millis(100));
    let record = drive_lane(exchange, workload, phases, load, CancellationToken::new()).await;
    let mut seen = record.sink.0;
    seen.sort_by_key(|seen| seen.seq);
    seen
}

/// The number, and when it was due and sent, in milliseconds.
fn times(seen: &[Seen]) -> Vec<(u64, u128, u128)> {
    let millis = |offset: Offset| offset.duration().as_millis();
    let times = seen.iter().map(|seen| {
        let sent = seen.sent.unwrap();
        (seen.seq, millis(seen.scheduled), millis(sent))
    });
    times.collect()
}

#[tokio::test(start_paused = true)]
async fn users_pause_between_an_answer_and_their_next_round() {
    let load = users(r#"{"count": 2, "think": "300ms"}"#);

    let seen = seen(ONE_CHAT, one_second(), load).await;

    let due = [(0, 0), (1, 0), (2, 400), (3, 400), (4, 800), (5, 800)];
    assert_eq!(times(&seen), due.map(|(seq, at)| (seq, at, at)));
}

#[tokio::test(start_paused = true)]
async fn users_begin_one_after_the_other_over_the_ramp() {
    let load = users(r#"{"count": 4, "ramp_up": "800ms", "think": "24h"}"#);

    let seen = seen(ONE_CHAT, one_second(), load).await;

    let due = [(0, 0), (1, 200), (2, 400), (3, 600)];
    assert_eq!(times(&seen), due.map(|(seq, at)| (seq, at, at)));
}

#[tokio::test(start_paused = true)]
async fn a_user_makes_some_steps_once_and_the_others_in_each_round() {
    let load = users(r#"{"count": 3}"#);

    let seen = seen(OFFICE, one_second(), load).await;

    let of_the_writer = |seen: &&Seen| seen.seq / 4 % 3 == 1;
    let writer: Vec<Seen> = seen.iter().filter(of_the_writer).cloned().collect();
    let made: Vec<_> = writer
        .iter()
        .map(|seen| {
            (
                seen.seq,
                seen.operation,
                seen.scheduled.duration().as_millis(),
            )
        })
        .collect();
    let (load, chat, unload) = (Operation::Load, Operation::Chat, Operation::Unload);
    assert_eq!(
        made,
        [
            (4, load, 0),
            (5, chat, 300),
            (6, chat, 600),
            (7, unload, 700),
            (17, chat, 1000),
            (18, chat, 1300),
            (19, unload, 1400),
        ]
    );
    assert_eq!(seen.len() - writer.len(), 2 * 10);
}

#[tokio::test(start_paused = true)]
async fn a_user_holds_its_conversations_to_their_end() {
    let talk = r#"{ "conversation": { "model": "tiny", "turns": 3, "prompt": { "tokens": 1 }, "output": { "tokens": 1 }, "think": "200ms" } }"#;
    let load = users(r#"{"count": 1, "think": "500ms"}"#);

    let seen = seen(talk, one_second(), load).await;

    let due = [0, 300, 600].map(|at| (at, at));
    let due: Vec<_> = (0..)
        .zip(due)
        .map(|(seq, (at, sent))| (seq, at, sent))
        .collect();
    assert_eq!(times(&seen), due);
}

#[tokio::test(start_paused = true)]
async fn users_make_no_more_rounds_than_the_stage_has() {
    let five = Phases {
        requests: NonZero::new(5),
        ..one_second()
    };

    let seen = seen(ONE_CHAT, five, users(r#"{"count": 2}"#)).await;

    let due = [(0, 0), (1, 0), (2, 100), (3, 100), (4, 200)];
    assert_eq!(times(&seen), due.map(|(seq, at)| (seq, at, at)));
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_the_work_of_all_users_at_once() {
    let stop = CancellationToken::new();
    let stopping = stop.clone();
    let load = users(r#"{"count": 2, "think": "1h"}"#);
    let exchange = After(Duration::from_millis(100));

    let (record, ()) = tokio::join!(
        drive_lane(exchange, ONE_CHAT, phases(), load, stop),
        async move {
            sleep(Duration::from_millis(3_050)).await;
            stopping.cancel();
        }
    );

    assert_eq!(record.sink.ended(Outcome::Answered), 2);
    assert_eq!(record.measured.as_millis(), 2_050);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_has_the_same_users_on_any_number_of_lanes() {
    let load = || {
        users(
            r#"{"count": 5, "ramp_up": "100ms", "think": {"uniform": {"min": "10ms", "max": "90ms"}}}"#,
        )
    };
    let lanes = NonZero::new(2).unwrap();

    let alone = seen(OFFICE, one_second(), load()).await;
    let mut together = Vec::new();
    for index in 0..2 {
        let exchange = After(Duration::from_millis(100));
        let (share, stop) = (Share { index, lanes }, CancellationToken::new());
        let driven = drive_share(exchange, OFFICE, one_second(), load(), stop, share).await;
        together.extend(driven.unwrap().sink.0);
    }
    together.sort_by_key(|seen| seen.seq);

    assert_eq!(alone, together);
    let of_the_first = |seen: &&Seen| (seen.seq / 4).is_multiple_of(5);
    let first: Vec<Seen> = alone.iter().filter(of_the_first).cloned().collect();
    let due: Vec<u128> = times(&first).into_iter().map(|(_, due, _)| due).collect();
    assert_eq!(due, [0, 116, 281, 459, 575, 702, 862]);
}

/// Panics at the second request.
struct Panics(Cell<u32>);

impl Exchange for Panics {
    async fn exchange(&self, _asked: &Asked, _clock: Clock, _heard: &mut Heard) -> Exchanged {
        self.0.update(|asked| asked + 1);
        assert!(self.0.get() < 2, "as is meant to happen here");
        Exchanged::ended(Outcome::Answered)
    }
}

#[tokio::test(start_paused = true)]
async fn a_panic_of_one_user_is_an_error_of_the_stage() {
    let load = users(r#"{"count": 2, "think": "10ms"}"#);
    let share = Share {
        index: 0,
        lanes: NonZero::<usize>::MIN,
    };
    let stop = CancellationToken::new();

    let driven = drive_share(
        Panics(Cell::new(0)),
        ONE_CHAT,
        one_second(),
        load,
        stop,
        share,
    );

    assert!(matches!(driven.await, Err(Error::LaneDied)));
}

#[tokio::test(start_paused = true)]
async fn no_logger_is_left_behind_and_its_level_stays() {
    // Goose may be starting in another test, where it is another one for a moment.
    let level = || untouched(log::max_level);
    let before = level();

    seen(ONE_CHAT, one_second(), users(r#"{"count": 1}"#)).await;

    assert_eq!(level(), before);
    let warning = log::Metadata::builder().level(log::Level::Error).build();
    assert!(!log::logger().enabled(&warning));
}
