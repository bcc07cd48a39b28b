use super::*;
use crate::Uniform;
use crate::timer::Timer;
use inferometer_proto::quantity::Period;
use proptest::prelude::*;
use std::future::poll_fn;
use tokio::time::Instant;

fn fixed(millis: u64) -> Latency {
    Latency::Fixed(Period::from_millis(millis))
}

fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

fn timing(first: Latency, gap: Latency) -> Timing {
    Timing {
        first,
        per_prompt_token: Duration::ZERO,
        gap,
        jitter: fixed(0),
        tokens_per_chunk: 1,
        coalesce: Duration::ZERO,
    }
}

fn pace(timing: Timing, tokens: u32) -> Pace {
    Pace::new(&Arc::new(timing), Dice::new(7, "a"), 10, tokens)
}

fn pieces(timing: Timing, tokens: u32) -> Vec<(u32, u128)> {
    pace(timing, tokens)
        .map(|piece| (piece.tokens, piece.due.as_millis()))
        .collect()
}

fn spread() -> Latency {
    Latency::Uniform(Uniform {
        min: Period::from_millis(1),
        max: Period::from_millis(9),
    })
}

#[test]
fn a_fixed_pace_is_the_latency_and_then_equal_gaps() {
    let timing = timing(fixed(20), fixed(5));

    assert_eq!(
        pieces(timing.clone(), 4),
        [(1, 20), (1, 25), (1, 30), (1, 35)]
    );
    assert_eq!(pace(timing.clone(), 4).end(), millis(35));
    assert_eq!(pace(timing, 0).end(), Duration::ZERO);
}

#[test]
fn each_token_of_the_prompt_puts_the_first_token_off() {
    let timing = Timing {
        per_prompt_token: millis(2),
        ..timing(fixed(20), fixed(5))
    };

    assert_eq!(pieces(timing, 2), [(1, 40), (1, 45)]);
}

#[test]
fn gaps_are_drawn_anew_for_each_token_and_the_same_again_for_the_same_id() {
    let dues: Vec<_> = pace(timing(fixed(0), spread()), 5).collect();

    assert_eq!(
        pace(timing(fixed(0), spread()), 5).collect::<Vec<_>>(),
        dues
    );
    let gaps: Vec<_> = dues
        .windows(2)
        .map(|pair| pair[1].due.saturating_sub(pair[0].due))
        .collect();
    assert!(gaps.iter().all(|gap| *gap >= millis(1)));
    assert!(gaps.windows(2).all(|pair| pair[0] != pair[1]));
}

#[test]
fn the_first_piece_holds_one_token_and_each_further_one_its_number() {
    let timing = Timing {
        tokens_per_chunk: 3,
        ..timing(fixed(20), fixed(5))
    };

    assert_eq!(pieces(timing, 6), [(1, 20), (3, 35), (2, 45)]);
}

#[test]
fn tokens_that_come_while_a_piece_waits_leave_with_it() {
    let timing = Timing {
        coalesce: millis(10),
        ..timing(fixed(20), fixed(5))
    };

    assert_eq!(pieces(timing, 5), [(3, 30), (2, 45)]);
}

#[test]
fn jitter_puts_a_piece_off_and_moves_no_later_one_before_it() {
    let jittered = Timing {
        jitter: spread(),
        ..timing(fixed(20), fixed(5))
    };
    let on_time = pieces(timing(fixed(20), fixed(5)), 50);

    let late = pieces(jittered, 50);

    assert!(late.is_sorted());
    for ((_, due), (_, late)) in on_time.iter().zip(&late) {
        assert!((1..=9).contains(&(late - due)), "{due} {late}");
    }
}

proptest! {
    #[test]
    fn every_token_leaves_once_and_none_before_it_is_due(
        tokens in 1_u32..200,
        tokens_per_chunk in 1_u32..9,
        coalesce in 0_u64..30,
    ) {
        let plain = timing(fixed(3), spread());
        let dues: Vec<_> = pace(plain.clone(), tokens).map(|piece| piece.due).collect();
        let timing = Timing { tokens_per_chunk, coalesce: millis(coalesce), ..plain };

        let mut sent = 0;
        for piece in pace(timing, tokens) {
            sent += piece.tokens;
            let last = usize::try_from(sent).unwrap() - 1;
            prop_assert!(dues[last] <= piece.due);
        }

        prop_assert_eq!(sent, tokens);
    }
}

#[tokio::test(start_paused = true)]
async fn pieces_come_when_they_are_due() {
    let began = Instant::now();
    let pace = pace(timing(fixed(20), fixed(5)), 3);
    let mut ticker = Ticker::paced(pace, &Timer::Coarse, began);
    let mut seen = Vec::new();

    while let Some(chunk) = poll_fn(|context| ticker.poll_chunk(context)).await {
        assert_eq!(chunk.due, Instant::now());
        seen.push((chunk.first, chunk.tokens, began.elapsed().as_millis()));
    }

    assert_eq!(seen, [(0, 1, 20), (1, 1, 25), (2, 1, 30)]);
}

#[tokio::test(start_paused = true)]
async fn a_late_reader_gets_all_due_pieces_at_once_and_the_rest_on_time() {
    let began = Instant::now();
    let pace = pace(timing(fixed(10), fixed(10)), 4);
    let mut ticker = Ticker::paced(pace, &Timer::Coarse, began);
    tokio::time::advance(millis(35)).await;
    let mut seen = Vec::new();

    while let Some(chunk) = poll_fn(|context| ticker.poll_chunk(context)).await {
        let due = chunk.due.duration_since(began).as_millis();
        seen.push((due, began.elapsed().as_millis()));
    }

    assert_eq!(seen, [(10, 35), (20, 35), (30, 35), (40, 40)]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_in_one_piece_is_due_with_its_last_token() {
    let began = Instant::now();
    let ticker = |tokens| {
        let pace = pace(timing(fixed(20), fixed(5)), tokens);
        Ticker::paced(pace, &Timer::Coarse, began)
    };

    assert_eq!(ticker(0).last_token().await, began);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(ticker(16).last_token().await, began + millis(95));
    assert_eq!(began.elapsed(), millis(95));
}
