//! Slots of several requests, of which the schedule knows the first alone.

use super::*;

/// A slot each 10 ms, whose second request is due when the first has been answered, at a time of its own.
fn shape_of(requests_per_slot: u64) -> Shape {
    let mut recorder = Recorder::new(WINDOW).of_slots(requests_per_slot);
    for slot in 0..500 {
        let due = Offset::from_millis(1_000 + slot * 10);
        let took = Duration::from_micros(500 + slot * 7_919 % 9_000);
        for (seq, at) in [(2 * slot, due), (2 * slot + 1, due.after(took))] {
            recorder.record(&Sample {
                seq,
                ..ended(at, Duration::from_millis(1), Outcome::Answered)
            });
        }
    }
    let facts = StageFacts {
        asked: Asked::OpenLoop {
            burstiness: Some(f64::INFINITY),
        },
        ..facts(0, 1)
    };
    summarize(facts, recorder).shape.unwrap()
}

#[test]
fn the_shape_of_journeys_is_that_of_their_starts() {
    let starts = shape_of(2);
    let all = shape_of(1);

    assert_eq!(starts.requests, 500);
    assert!(starts.scheduled.variation < 1e-9, "{starts:?}");
    assert!(starts.is_kept(), "{starts:?}");
    assert_eq!(all.requests, 1_000);
    assert!(all.scheduled.variation > 0.1, "{all:?}");
}
