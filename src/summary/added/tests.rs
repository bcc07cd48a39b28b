use super::*;
use crate::sample::{Chunk, Failure};
use crate::summary::Statistic;
use crate::summary::fixture::ended;

fn at(micros: u64) -> Offset {
    Offset::from_nanos(micros * 1000)
}

/// A write on time.
fn written(micros: u64) -> (Offset, Duration) {
    (at(micros), Duration::ZERO)
}

/// A request that was sent at a time, with what it got and when.
fn sample(seq: u64, sent: u64, chunks: &[Chunk], outcome: Outcome) -> Sample<'_> {
    Sample {
        seq,
        chunks,
        streamed: true,
        ..ended(at(sent), Duration::from_millis(1), outcome)
    }
}

fn chunks(micros: &[u64]) -> Vec<Chunk> {
    let chunk = |&micros: &u64| Chunk {
        at: at(micros),
        tokens: 1,
    };
    micros.iter().map(chunk).collect()
}

fn max(distribution: &Distribution) -> Option<f64> {
    distribution.read(Statistic::Max).value()
}

#[test]
fn each_time_of_the_client_is_held_against_the_journals_own() {
    let mut lane = Evidence::new();
    lane.sightings.note(&sample(
        3,
        100,
        &chunks(&[250, 390, 500]),
        Outcome::Answered,
    ));
    let lanes = [lane];
    let mut comparison = Comparison::of(lanes.iter());

    comparison.note(Told {
        stream: 0,
        seq: 3,
        attempt: 0,
        arrived: at(130),
        writes: &[written(200), written(300), written(480)],
    });
    let added = comparison.finish();

    assert_eq!((added.requests, added.unknown, added.early), (1, 0, 0));
    assert_eq!(max(&added.arrival), Some(30_000.0));
    assert_eq!(max(&added.first_token), Some(50_000.0));
    assert_eq!(max(&added.last_token), Some(20_000.0));
    // Gaps of 140 and 110 where 100 and 180 were written.
    assert_eq!(added.token_gap.n(), 2);
    assert_eq!(max(&added.token_gap), Some(70_000.0));
}

#[test]
fn a_request_is_compared_by_its_answered_attempt_alone_and_once() {
    let mut lane = Evidence::new();
    let chunks = chunks(&[250]);
    let retried = Sample {
        attempts: 2,
        ..sample(3, 100, &chunks, Outcome::Answered)
    };
    lane.sightings.note(&retried);
    let lanes = [lane];
    let mut comparison = Comparison::of(lanes.iter());
    let told = |attempt| Told {
        stream: 0,
        seq: 3,
        attempt,
        arrived: at(150),
        writes: &[],
    };

    for attempt in [0, 1, 1] {
        comparison.note(told(attempt));
    }

    assert_eq!(comparison.finish().requests, 1);
}

#[test]
fn what_the_journal_does_not_know_and_what_cannot_be_is_counted() {
    let mut lane = Evidence::new();
    let chunks = chunks(&[250]);
    lane.sightings
        .note(&sample(1, 100, &chunks, Outcome::Answered));
    lane.sightings
        .note(&sample(2, 100, &chunks, Outcome::Answered));
    lane.sightings
        .note(&sample(3, 100, &[], Outcome::Failed(Failure::Closed)));
    let lanes = [lane];
    let mut comparison = Comparison::of(lanes.iter());

    comparison.note(Told {
        stream: 0,
        seq: 1,
        attempt: 0,
        arrived: at(90),
        writes: &[written(260)],
    });
    let added = comparison.finish();

    assert_eq!((added.requests, added.unknown), (1, 1));
    // It arrived before it was sent; its one piece, first and last, was read before it was written.
    assert_eq!(added.early, 3);
    assert_eq!(max(&added.arrival), Some(0.0));
}

#[test]
fn pieces_that_were_joined_on_their_way_have_no_gaps_to_compare() {
    let mut lane = Evidence::new();
    lane.sightings
        .note(&sample(1, 0, &chunks(&[250, 400]), Outcome::Answered));
    let lanes = [lane];
    let mut comparison = Comparison::of(lanes.iter());

    comparison.note(Told {
        stream: 0,
        seq: 1,
        attempt: 0,
        arrived: at(10),
        writes: &[written(200), written(300), written(350)],
    });

    let added = comparison.finish();
    assert_eq!((added.token_gap.n(), added.last_token.n()), (0, 1));
}

#[test]
fn a_lane_keeps_no_more_than_it_has_room_for() {
    let mut lane = Evidence::new();
    let (requests, arrivals) = (
        lane.sightings.requests.capacity(),
        lane.sightings.arrivals.capacity(),
    );
    let many = chunks(&vec![1; 100_000]);

    for seq in 0..6 {
        lane.sightings
            .note(&sample(seq, 0, &many, Outcome::Answered));
    }
    // Not even one that would still fit: those that are kept are the first ones.
    lane.sightings.note(&sample(6, 0, &[], Outcome::Answered));

    assert_eq!(lane.sightings.requests.len(), 5);
    assert_eq!(
        (
            lane.sightings.requests.capacity(),
            lane.sightings.arrivals.capacity()
        ),
        (requests, arrivals)
    );
}
