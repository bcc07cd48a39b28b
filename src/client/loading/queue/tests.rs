use super::*;
use Priority::{High, Low, Normal};
use proptest::prelude::*;

fn ticket(asked: Asked) -> Ticket {
    match asked {
        Asked::New(ticket) | Asked::Joined { ticket, .. } => ticket,
    }
}

/// Begins whatever can begin, and says what that was.
fn begun(queue: &mut Queue) -> Vec<String> {
    std::iter::from_fn(|| {
        let turn = queue.next()?;
        Some(queue.loads[&turn.ticket].model.clone())
    })
    .collect()
}

#[test]
fn who_is_first_of_the_highest_priority_comes_next() {
    let mut queue = Queue::new(2);
    let asked = [("a", Normal), ("b", Low)].map(|(model, priority)| queue.ask(model, priority));
    assert_eq!(begun(&mut queue), ["a", "b"]);
    for (model, priority) in [("c", Normal), ("d", High), ("e", Low), ("f", Normal)] {
        queue.ask(model, priority);
    }

    queue.ended(ticket(asked[0]));
    assert_eq!(begun(&mut queue), ["d"]);
    queue.ended(ticket(asked[1]));
    assert_eq!(begun(&mut queue), ["c"]);
    assert_eq!((queue.waiting(), queue.running()), (2, 2));
}

#[test]
fn who_joins_lifts_a_load_that_waits_and_never_lowers_it() {
    let mut queue = Queue::new(1);
    queue.ask("running", Normal);
    begun(&mut queue);
    let [low, normal] = [("low", Low), ("normal", Normal)].map(|(name, at)| queue.ask(name, at));
    assert_eq!(queue.position(ticket(low)), Some(1));

    let joined = queue.ask("low", High);
    queue.ask("low", Low);

    let expected = Asked::Joined {
        ticket: ticket(low),
        was_ahead: false,
    };
    assert_eq!(joined, expected);
    assert_eq!(queue.position(ticket(low)), Some(0));
    assert_eq!(queue.position(ticket(normal)), Some(1));
}

#[test]
fn a_load_is_gone_with_the_last_who_wants_it() {
    let mut queue = Queue::new(1);
    let asked = queue.ask("a", Normal);
    queue.ask("a", Normal);

    assert!(!queue.leave(ticket(asked)));
    assert!(queue.leave(ticket(asked)));

    assert!(!queue.holds("a"));
    assert!(!queue.leave(ticket(asked)));
}

#[test]
fn what_is_loaded_ahead_takes_no_place_from_what_is_wanted() {
    let mut queue = Queue::new(2);
    let ahead = ["a", "b"].map(|model| queue.begin_ahead(model));
    assert_eq!(queue.begin_ahead("c"), None);

    queue.ask("wanted", Low);
    let turn = queue.next().unwrap();

    assert_eq!(queue.loads[&turn.ticket].model, "wanted");
    assert_eq!(turn.instead_of, ahead[1]);
    assert_eq!((queue.running(), queue.running_ahead()), (2, 1));
    queue.ask("next", Low);
    assert_eq!(queue.next().unwrap().instead_of, ahead[0]);
    queue.ask("third", High);
    assert_eq!(queue.next(), None);
    assert_eq!(queue.begin_ahead("c"), None);
}

#[test]
fn what_is_loaded_ahead_and_then_wanted_is_kept() {
    let mut queue = Queue::new(1);
    let ahead = queue.begin_ahead("a").unwrap();

    let joined = queue.ask("a", Low);
    queue.ask("b", High);

    let expected = Asked::Joined {
        ticket: ahead,
        was_ahead: true,
    };
    assert_eq!(joined, expected);
    assert_eq!(queue.next(), None);
    assert_eq!(queue.withdraw(None), []);
}

#[test]
fn what_is_loaded_ahead_can_be_withdrawn() {
    let mut queue = Queue::new(3);
    let ahead = ["a", "b"].map(|model| queue.begin_ahead(model).unwrap());

    assert_eq!(queue.withdraw(Some("b")), [ahead[1]]);
    assert_eq!(queue.withdraw(Some("b")), []);
    assert_eq!(queue.withdraw(None), [ahead[0]]);
}

/// What may happen to a queue.
#[derive(Debug, Clone)]
enum Step {
    Ask(u8, Priority),
    Leave(usize),
    End(usize),
    Ahead(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let priority = prop_oneof![Just(Low), Just(Normal), Just(High)];
    let step = prop_oneof![
        4 => (0_u8..8, priority).prop_map(|(model, priority)| Step::Ask(model, priority)),
        1 => any::<usize>().prop_map(Step::Leave),
        2 => any::<usize>().prop_map(Step::End),
        1 => (0_u8..8).prop_map(Step::Ahead),
    ];
    prop::collection::vec(step, 1..120)
}

proptest! {
    #[test]
    fn never_more_than_allowed_are_running_the_order_is_kept_and_every_load_ends(
        concurrent in 1_usize..5,
        steps in steps(),
    ) {
        let mut queue = Queue::new(concurrent);
        // Each who waits; the tickets that are running.
        let (mut waiting, mut running): (Vec<Ticket>, Vec<Ticket>) = (Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Ask(model, priority) => waiting.push(ticket(queue.ask(&model.to_string(), priority))),
                Step::Leave(nth) if !waiting.is_empty() => {
                    let leaving = waiting.swap_remove(nth % waiting.len());
                    if queue.leave(leaving) {
                        prop_assert!(!waiting.contains(&leaving));
                        running.retain(|ticket| *ticket != leaving);
                    }
                }
                Step::End(nth) if !running.is_empty() => {
                    let ended = running.swap_remove(nth % running.len());
                    queue.ended(ended);
                    waiting.retain(|ticket| *ticket != ended);
                }
                Step::Ahead(model) => {
                    if !queue.holds(&model.to_string()) {
                        running.extend(queue.begin_ahead(&model.to_string()));
                    }
                }
                Step::Leave(_) | Step::End(_) => {}
            }
            begin(&mut queue, &mut running)?;
            prop_assert!(queue.running() <= concurrent);
            prop_assert_eq!(queue.running(), running.len());
            // Nobody waits for a place that is free, or taken by what nobody wants.
            prop_assert!(queue.waiting() == 0 || (queue.running() == concurrent && queue.running_ahead() == 0));
        }

        while let Some(ended) = running.pop() {
            queue.ended(ended);
            waiting.retain(|ticket| *ticket != ended);
            begin(&mut queue, &mut running)?;
        }

        prop_assert_eq!((queue.waiting(), queue.running()), (0, 0));
        prop_assert_eq!(waiting, []);
    }
}

/// Begins whatever can begin, which is always the first in the order.
fn begin(queue: &mut Queue, running: &mut Vec<Ticket>) -> Result<(), TestCaseError> {
    loop {
        let mut positions: Vec<(usize, Ticket)> = queue
            .loads
            .keys()
            .filter_map(|ticket| Some((queue.position(*ticket)?, *ticket)))
            .collect();
        positions.sort_unstable();
        let numbers: Vec<usize> = positions.iter().map(|(position, _)| *position).collect();
        prop_assert_eq!(numbers, (0..positions.len()).collect::<Vec<_>>());
        let ranks: Vec<_> = positions
            .iter()
            .map(|(_, ticket)| (Reverse(queue.loads[ticket].priority), *ticket))
            .collect();
        prop_assert!(ranks.is_sorted());
        let first = positions.first().map(|(_, ticket)| *ticket);
        let Some(turn) = queue.next() else {
            return Ok(());
        };
        prop_assert_eq!(Some(turn.ticket), first);
        running.retain(|ticket| Some(*ticket) != turn.instead_of);
        running.push(turn.ticket);
    }
}
