use super::{of as of_lanes, *};
use crate::schedule::{Constant, Gamma, Law, Open, Poisson};
use crate::seed::Seed;
use crate::units::Rate;
use proptest::prelude::*;
use std::time::Duration;

fn rate() -> Rate {
    Rate::try_per_second(1000.0).unwrap()
}

/// What `lanes` lanes send of a schedule, each request later by what `late` says of its number.
fn sent(law: Law, lanes: u64, late: impl Fn(u64) -> u64) -> Vec<Sends> {
    let open = Open {
        law,
        max_in_flight: 1,
    };
    let mut sends: Vec<Sends> = (0..lanes).map(|_| Sends::new()).collect();
    for slot in open.slots(Seed::new(7)).take(10_000) {
        let index = usize::try_from(slot.seq % lanes).unwrap();
        let sent = slot.at.after(Duration::from_micros(late(slot.seq)));
        sends[index].note(slot.at, sent);
    }
    sends
}

fn of(lanes: &[Sends], burstiness: Option<f64>) -> Option<Shape> {
    of_lanes(lanes.iter(), burstiness)
}

fn poisson() -> Law {
    Law::Poisson(Poisson { rate: rate() })
}

fn near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 0.05
}

#[test]
fn constant_gaps_have_no_variation_and_no_dispersion() {
    let sends = sent(Law::Constant(Constant { rate: rate() }), 2, |_| 0);

    let shape = of(&sends, Some(f64::INFINITY)).unwrap();

    assert_eq!(shape.requests, 10_000);
    assert_eq!(shape.variation_asked, Some(0.0));
    assert!(
        near(shape.scheduled.variation, 0.0) && near(shape.sent.dispersion, 0.0),
        "{shape:?}"
    );
    assert!(shape.schedule_follows_law && shape.sent_follows_schedule);
}

#[test]
fn a_poisson_process_sent_on_time_is_recognized() {
    let shape = of(&sent(poisson(), 2, |_| 0), Some(1.0)).unwrap();

    assert!(near(shape.sent.variation, 1.0), "{shape:?}");
    assert!((0.8..1.2).contains(&shape.sent.dispersion), "{shape:?}");
    assert!(shape.scheduled_distance.unwrap() < 0.02, "{shape:?}");
    assert!(shape.schedule_follows_law && shape.sent_follows_schedule);
}

#[test]
fn gamma_gaps_are_held_against_their_own_law() {
    let law = Law::Gamma(Gamma {
        rate: rate(),
        burstiness: 0.25,
    });
    let sends = sent(law, 1, |_| 0);

    assert!(of(&sends, Some(0.25)).unwrap().schedule_follows_law);
    assert!(!of(&sends, Some(1.0)).unwrap().schedule_follows_law);
}

#[test]
fn gaps_shorter_than_a_nanosecond_are_part_of_their_law() {
    let law = Law::Gamma(Gamma {
        rate: rate(),
        burstiness: 0.0625,
    });

    let shape = of(&sent(law, 1, |_| 0), Some(0.0625)).unwrap();

    assert!(shape.schedule_follows_law, "{shape:?}");
}

#[test]
fn exponential_gaps_are_not_taken_for_constant_ones_nor_the_other_way_round() {
    let constant = sent(Law::Constant(Constant { rate: rate() }), 1, |_| 0);
    let exponential = sent(poisson(), 1, |_| 0);

    assert!(!of(&constant, Some(1.0)).unwrap().schedule_follows_law);
    assert!(
        !of(&exponential, Some(f64::INFINITY))
            .unwrap()
            .schedule_follows_law
    );
}

#[test]
fn a_little_lag_keeps_the_shape_and_sending_in_lumps_does_not() {
    let law = Law::Constant(Constant { rate: rate() });
    let asked = Some(f64::INFINITY);

    // Up to 0.3 ms late at a gap of 1 ms.
    let late = of(&sent(law.clone(), 1, |seq| seq * 7 % 300), asked).unwrap();
    // A ticker of 50 ms: all that is due within one waits for its end.
    let lumps = of(&sent(law, 1, |seq| (50 - seq % 50) * 1000), asked).unwrap();

    assert!(late.sent_follows_schedule, "{late:?}");
    assert!(!lumps.sent_follows_schedule, "{lumps:?}");
    assert!(lumps.sent.dispersion > 1.0, "{lumps:?}");
}

#[test]
fn the_same_draws_in_several_lanes_burst_when_they_are_merged() {
    // Each of four lanes draws the same gaps, and sends its requests when the others send theirs.
    let one = sent(poisson(), 1, |_| 0);
    let four: Vec<Sends> = (0..4).map(|_| one[0].clone()).collect();

    let shape = of(&four, Some(1.0)).unwrap();

    assert!(!shape.schedule_follows_law);
    assert!(shape.sent.dispersion > 3.0, "{shape:?}");
}

#[test]
fn one_lane_that_sends_in_lumps_is_found_among_good_ones() {
    let mut sends = sent(Law::Constant(Constant { rate: rate() }), 4, |_| 0);
    let bad = sent(Law::Constant(Constant { rate: rate() }), 4, |seq| {
        (400 - seq % 400) * 1000
    });
    sends[3] = bad[3].clone();

    let shape = of(&sends, Some(f64::INFINITY)).unwrap();

    assert!(!shape.sent_follows_schedule, "{shape:?}");
    assert!(shape.worst_lane.sent.dispersion > shape.sent.dispersion);
}

#[test]
fn requests_that_end_in_another_order_than_they_began_have_the_same_shape() {
    let sends = sent(poisson(), 1, |_| 0);
    let mut backwards = Sends::new();
    for (due, sent) in sends[0].due.iter().zip(&sends[0].sent).rev() {
        backwards.note(*due, *sent);
    }

    assert_eq!(of(&[backwards], Some(1.0)), of(&sends, Some(1.0)));
}

#[test]
fn too_few_requests_have_no_shape() {
    let mut few = Sends::new();
    for at in 0..199 {
        few.note(Offset::from_nanos(at), Offset::from_nanos(at));
    }

    assert_eq!(of(&[few], None), None);
    assert_eq!(of(&[], None), None);
}

#[test]
fn what_a_full_lane_no_longer_kept_is_not_missed_in_the_others() {
    let (mut fast, mut slow) = (Sends::new(), Sends::new());
    for seq in 0..70_000 {
        let at = Offset::from_nanos(seq * 1000);
        fast.note(at, at);
        if seq % 2 == 0 {
            slow.note(at, at);
        }
    }

    let shape = of(&[fast, slow], None).unwrap();

    assert_eq!(shape.requests, 65_536 + 32_768);
    assert!(shape.sent_follows_schedule);
}

proptest! {
    #[test]
    fn a_shape_depends_on_neither_the_unit_of_time_nor_the_order_of_lanes(scale in 1_u64..1000, lanes in 1_u64..5) {
        let sends = sent(poisson(), lanes, |seq| seq % 90);
        let scaled = |sends: &Sends| {
            let times = |times: &[Offset]| times.iter().map(|at| Offset::from_nanos(at.nanos() * scale)).collect();
            Sends { due: times(&sends.due), sent: times(&sends.sent), missed: None }
        };
        let others: Vec<Sends> = sends.iter().rev().map(scaled).collect();

        let (one, other) = (of(&sends, Some(1.0)).unwrap(), of(&others, Some(1.0)).unwrap());

        prop_assert!(near(one.sent.variation, other.sent.variation));
        prop_assert!(near(one.sent_distance.unwrap(), other.sent_distance.unwrap()));
        prop_assert_eq!(one.sent_follows_schedule, other.sent_follows_schedule);
    }
}
