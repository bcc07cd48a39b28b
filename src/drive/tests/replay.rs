//! Traces in paused time: every request at its moment, and a stage that is over with its last answer.

use super::{Seen, drive_through, phases};
use crate::plan::Phases;
use crate::sample::Outcome;
use crate::schedule::{Law, Load, Open, Replay};
use crate::trace::Format;
use crate::units::{Offset, Period};
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const TRACE: &str = r#"{"scheduled":10000000000}
{"scheduled":10001000000}
{"scheduled":10500000000}
{"scheduled":13000000000}
"#;

fn replay(settings: &str, max_in_flight: u32) -> Load {
    let replay: Replay = serde_json::from_str(settings).unwrap();
    let trace = Format::Samples.read(TRACE, None).unwrap();
    Load::Open(Open {
        law: Law::Replay(replay.of(Arc::new(trace))),
        max_in_flight,
    })
}

fn without_warmup() -> Phases {
    Phases {
        warmup: Period::default(),
        ..phases()
    }
}

fn micros(offset: Offset) -> u64 {
    offset.nanos() / 1000
}

#[tokio::test(start_paused = true)]
async fn requests_of_a_trace_are_sent_at_its_times_and_the_stage_is_over_with_the_last_answer() {
    let load = replay(r#"{ "file": "t", "format": "samples", "speed": 2.0 }"#, 10);

    let answer_after = Duration::from_millis(400);
    let record = drive_through(
        without_warmup(),
        answer_after,
        load,
        CancellationToken::new(),
    )
    .await;

    let seen = |seen: &Seen| (seen.seq, micros(seen.scheduled), seen.sent.map(micros));
    let sent: Vec<_> = record.sink.0.iter().map(seen).collect();
    assert_eq!(
        sent,
        [
            (0, 0, Some(0)),
            // Tokio's paused clock stands still between whole milliseconds.
            (1, 500, Some(1000)),
            (2, 250_000, Some(250_000)),
            (3, 1_500_000, Some(1_500_000)),
        ]
    );
    assert_eq!(record.measured, Duration::from_millis(1900));
    assert_eq!(record.sink.1, Some(Offset::from_millis(1900)));
}

#[tokio::test(start_paused = true)]
async fn a_request_of_a_trace_that_finds_no_room_is_not_sent_and_delays_no_other() {
    let load = replay(r#"{ "file": "t", "format": "samples" }"#, 1);

    let answer_after = Duration::from_millis(600);
    let record = drive_through(
        without_warmup(),
        answer_after,
        load,
        CancellationToken::new(),
    )
    .await;

    let mut seen = record.sink.0.clone();
    seen.sort_by_key(|seen| seen.seq);
    let outcomes: Vec<_> = seen.iter().map(|seen| seen.outcome).collect();
    assert_eq!(
        outcomes,
        [
            Outcome::Answered,
            Outcome::NotSent,
            Outcome::NotSent,
            Outcome::Answered
        ]
    );
    assert_eq!(seen[3].sent, Some(Offset::from_millis(3000)));
}

#[tokio::test(start_paused = true)]
async fn a_trace_that_is_repeated_lasts_as_long_as_the_stage() {
    let load = replay(r#"{ "file": "t", "format": "samples", "loop": true }"#, 10);

    let answer_after = Duration::from_millis(1);
    let record = drive_through(
        without_warmup(),
        answer_after,
        load,
        CancellationToken::new(),
    )
    .await;

    // A lap takes 4 s: four requests from 0 s, 4 s and 8 s on, but the last, which is due after ten seconds.
    assert_eq!(record.sink.0.len(), 11);
    assert_eq!(record.measured, Duration::from_secs(10));
}
