use super::*;
use inferometer_proto::quantity::Period;
use proptest::prelude::*;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// Steps of 10 ms, 1 ms more for each sequence that decodes, and for each prompt token.
fn spec(max_sequences: u32, prefill_tokens: u32) -> BatchingSpec {
    BatchingSpec {
        max_sequences,
        step: Period::from_millis(10),
        per_sequence: Period::from_millis(1),
        per_prefill_token: Period::from_millis(1),
        prefill_tokens,
    }
}

fn made_at(end: Instant) -> Made {
    Made {
        tokens: 1,
        first: end,
        last: end,
    }
}

/// Advances to the end of the present step, and says who got a token.
fn step(schedule: &mut Schedule) -> Vec<u64> {
    let end = schedule.ends().unwrap();
    schedule.advance(end, &mut |_| {});
    let numbers: Vec<u64> = schedule.sequences.keys().copied().collect();
    let mut took = Vec::new();
    for number in numbers {
        if let Some(made) = schedule.take(number) {
            assert_eq!(made, made_at(end));
            took.push(number);
        }
    }
    took
}

#[test]
fn the_gap_between_tokens_grows_by_what_each_sequence_costs() {
    let start = Instant::now();
    let mut schedule = Schedule::new(spec(8, 100), None);
    for _ in 0..4 {
        schedule.enter(start, 5, 3).unwrap();
    }

    // The first came to an empty mock, and so has a step for itself: 5 tokens of prompt.
    assert_eq!(schedule.ends(), Some(start + 15 * MS));
    assert_eq!(step(&mut schedule), [0]);
    // One decodes, three bring their prompts.
    assert_eq!(schedule.ends(), Some(start + (15 + 10 + 1 + 15) * MS));
    assert_eq!(step(&mut schedule), [0, 1, 2, 3]);
    assert_eq!(schedule.ends(), Some(start + (41 + 10 + 4) * MS));
    assert_eq!(step(&mut schedule), [0, 1, 2, 3]);
    // The first has all its tokens.
    assert_eq!(schedule.ends(), Some(start + (55 + 10 + 3) * MS));
    assert_eq!(step(&mut schedule), [1, 2, 3]);
    assert_eq!(schedule.ends(), None);
}

#[test]
fn prompts_share_the_room_of_a_step_in_the_order_of_arrival() {
    let start = Instant::now();
    let mut schedule = Schedule::new(spec(8, 10), None);
    schedule.enter(start, 4, 1).unwrap();
    schedule.enter(start, 15, 1).unwrap();
    schedule.enter(start, 3, 1).unwrap();

    assert_eq!(step(&mut schedule), [0]);
    assert_eq!(schedule.ends(), Some(start + (14 + 20) * MS));
    assert_eq!(step(&mut schedule), [0; 0]);
    assert_eq!(schedule.began(2), Some(start + 34 * MS));
    assert_eq!(step(&mut schedule), [1, 2]);
}

#[test]
fn a_full_batch_lets_the_others_wait_and_a_full_queue_turns_them_away() {
    let start = Instant::now();
    let mut schedule = Schedule::new(spec(1, 10), Some(1));
    schedule.enter(start, 1, 1).unwrap();
    schedule.enter(start, 1, 1).unwrap();

    let full = Occupancy {
        running: 1,
        waiting: 1,
    };
    assert_eq!(schedule.enter(start, 1, 1), Err(full));
    assert_eq!(schedule.began(1), None);

    assert_eq!(step(&mut schedule), [0]);
    assert_eq!(schedule.began(1), Some(start + 11 * MS));
    assert!(schedule.enter(start + 11 * MS, 1, 1).is_ok());
}

#[test]
fn whoever_leaves_frees_the_place_and_changes_no_step_that_has_begun() {
    let start = Instant::now();
    let mut schedule = Schedule::new(spec(1, 10), None);
    let first = schedule.enter(start, 1, 9).unwrap();
    let second = schedule.enter(start, 1, 1).unwrap();

    schedule.leave(first);

    assert_eq!(schedule.ends(), Some(start + 11 * MS));
    assert_eq!(step(&mut schedule), [0; 0]);
    assert_eq!(schedule.began(second), Some(start + 11 * MS));
}

#[test]
fn steps_that_are_noticed_late_are_made_up_for_and_move_none_that_follow() {
    let start = Instant::now();
    let mut schedule = Schedule::new(spec(1, 10), None);
    let number = schedule.enter(start, 1, 9).unwrap();

    let mut changes = 0;
    schedule.advance(start + 40 * MS, &mut |_| changes += 1);

    assert_eq!(changes, 3);
    let made = Made {
        tokens: 3,
        first: start + 11 * MS,
        last: start + 33 * MS,
    };
    assert_eq!(schedule.take(number), Some(made));
    assert_eq!(schedule.ends(), Some(start + 44 * MS));
}

proptest! {
    #[test]
    fn everybody_gets_all_tokens_one_in_a_step_and_bounds_hold(
        max_sequences in 1_u32..6,
        prefill_tokens in 1_u32..20,
        requests in proptest::collection::vec((0_u64..40, 1_u32..6), 1..30),
    ) {
        let start = Instant::now();
        let mut schedule = Schedule::new(spec(max_sequences, prefill_tokens), None);
        for &(prompt, tokens) in &requests {
            schedule.enter(start, prompt, tokens).unwrap();
        }
        let mut got = vec![0; requests.len()];
        let mut last_began = start;
        while let Some(end) = schedule.ends() {
            prop_assert!(schedule.occupancy().running <= u64::from(max_sequences));
            let longest = 10 + max_sequences + prefill_tokens;
            prop_assert!(end.duration_since(last_began) <= longest * MS);
            prop_assert!(end.duration_since(last_began) >= 10 * MS);
            for number in step(&mut schedule) {
                got[usize::try_from(number).unwrap()] += 1;
            }
            last_began = end;
        }
        let wanted: Vec<u32> = requests.iter().map(|&(_, tokens)| tokens).collect();
        prop_assert_eq!(got, wanted);
        let mut begins = (0..requests.len()).map(|one| schedule.began(u64::try_from(one).unwrap()));
        prop_assert!(begins.by_ref().is_sorted());
    }
}
