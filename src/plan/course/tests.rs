use super::*;
use proptest::prelude::*;

fn search(levels: &[f64]) -> Search {
    Search {
        setting: "load.open.poisson.rate".to_owned(),
        levels: levels.to_vec(),
    }
}

/// The levels that are measured, in order, if all up to `highest` meet the expectations; none if that is `None`.
fn tried(search: &Search, highest: Option<usize>) -> Vec<usize> {
    let mut done: Vec<Done> = Vec::new();
    while let Some(level) = search.next(&done) {
        done.push((level, highest.is_some_and(|highest| level <= highest)));
    }
    done.into_iter().map(|(level, _)| level).collect()
}

const LEVELS: [f64; 9] = [10.0, 12.0, 15.0, 20.0, 25.0, 30.0, 40.0, 60.0, 80.0];

#[test]
fn a_search_doubles_until_a_level_misses_and_then_halves_what_is_left() {
    let search = search(&LEVELS);

    assert_eq!(tried(&search, Some(4)), [0, 3, 6, 4, 5]);
    assert_eq!(tried(&search, Some(3)), [0, 3, 6, 4]);
    assert_eq!(tried(&search, Some(8)), [0, 3, 6, 8]);
    assert_eq!(tried(&search, None), [0]);
    assert_eq!(search.most(), 5);
}

#[test]
fn stages_run_in_order_or_in_one_that_is_drawn_from_the_seed_for_ever() {
    let all = |way: &Way| {
        let mut done: Vec<Done> = Vec::new();
        while let Some(stage) = way.next(6, &done) {
            done.push((stage, true));
        }
        done.into_iter().map(|(stage, _)| stage).collect::<Vec<_>>()
    };

    assert_eq!(all(&Way::InOrder), [0, 1, 2, 3, 4, 5]);
    assert_eq!(all(&Way::drawn(Seed::new(7), 6)), [2, 0, 1, 3, 5, 4]);
    assert_ne!(all(&Way::drawn(Seed::new(8), 6)), [2, 0, 1, 3, 5, 4]);
}

#[test]
fn rules_end_a_run_by_its_errors() {
    let course = Course {
        way: Way::InOrder,
        stop: serde_json::from_str(r#"{"error_share":"20%"}"#).unwrap(),
    };

    assert_eq!(course.stops_after("rate=9/s", 0.2), None);
    assert_eq!(
        course.stops_after("rate=9/s", 0.25).as_deref(),
        Some(
            "25.0% of the requests of stage rate=9/s were not answered right, more than the 20% of `stop.error_share`"
        )
    );
}

proptest! {
    #[test]
    fn a_search_finds_the_highest_level_that_meets_and_tries_none_twice(
        steps in prop::collection::vec(1.01_f64..3.0, 0..200),
        highest in prop::option::of(0_usize..200),
    ) {
        let mut value = 1.0;
        let mut levels = vec![value];
        for step in steps {
            value *= step;
            levels.push(value);
        }
        let highest = highest.filter(|highest| *highest < levels.len());
        let search = search(&levels);

        let tried = tried(&search, highest);

        let mut once = tried.clone();
        once.sort_unstable();
        once.dedup();
        prop_assert_eq!(once.len(), tried.len());
        prop_assert!(tried.len() <= search.most());
        let met = |level: &usize| highest.is_some_and(|highest| *level <= highest);
        let (met, missed): (Vec<usize>, Vec<usize>) = tried.iter().partition(|level| met(level));
        prop_assert_eq!(met.into_iter().max(), highest);
        // The one above it was tried too: nothing is left between both.
        let above = highest.map_or(0, |highest| highest + 1);
        prop_assert_eq!(missed.into_iter().min(), Some(above).filter(|above| *above < levels.len()));
    }
}
