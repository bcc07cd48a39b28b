//! Single steps with exact times, and laws that hold for any traffic.

use super::*;
use inferometer_proto::quantity::Period;
use proptest::prelude::*;

const MS: Duration = Duration::from_millis(1);

fn collector(max_size: u32, adaptive: bool) -> Collector<u8, usize> {
    Collector::new(&BatchConfig {
        window: Period::from_millis(5),
        max_size,
        adaptive,
    })
}

fn names(gathered: Option<Gathered<usize>>) -> Option<Vec<usize>> {
    let names = |list: Gathered<usize>| list.into_iter().map(|waiting| waiting.request).collect();
    gathered.map(names)
}

#[test]
fn a_batch_is_sent_when_it_is_full_and_otherwise_when_its_oldest_has_waited() {
    let (mut collector, start) = (collector(3, false), Instant::now());
    let mut arrive = |name, at| names(collector.arrive(0, name, start + at * MS).1);

    assert_eq!(arrive(0, 0), None);
    assert_eq!(arrive(1, 2), None);
    assert_eq!(arrive(2, 4), Some(vec![0, 1, 2]));
    assert_eq!(arrive(3, 6), None);
    assert_eq!(arrive(4, 8), None);

    assert_eq!(names(collector.due(&0, start + 10 * MS)), None);
    assert_eq!(names(collector.due(&0, start + 11 * MS)), Some(vec![3, 4]));
    assert_eq!(names(collector.due(&0, start + 11 * MS)), None);
}

#[test]
fn an_adaptive_batch_gathers_only_while_another_of_its_kind_is_under_way() {
    let (mut collector, now) = (collector(3, true), Instant::now());
    let mut arrive = |kind, name| names(collector.arrive(kind, name, now).1);

    assert_eq!(arrive(0, 0), Some(vec![0]));
    assert_eq!(arrive(0, 1), None);
    assert_eq!(arrive(1, 2), Some(vec![2]));
    assert_eq!(arrive(0, 3), None);

    assert_eq!(names(collector.ended(&1)), None);
    assert_eq!(names(collector.ended(&0)), Some(vec![1, 3]));
    assert_eq!(names(collector.ended(&0)), None);
    assert_eq!(collector.lines.len(), 0);
}

#[test]
fn an_adaptive_batch_waits_for_all_that_are_under_way() {
    let (mut collector, now) = (collector(2, true), Instant::now());

    let gathered: Vec<_> = (0..4)
        .map(|name| names(collector.arrive(0, name, now).1))
        .collect();

    assert_eq!(gathered, [Some(vec![0]), None, Some(vec![1, 2]), None]);
    assert_eq!(names(collector.ended(&0)), None);
    assert_eq!(names(collector.ended(&0)), Some(vec![3]));
}

#[test]
fn who_leaves_is_not_sent_and_holds_nobody_up() {
    let (mut collector, start) = (collector(3, false), Instant::now());
    let (oldest, _) = collector.arrive(0, 0, start);
    collector.arrive(0, 1, start + 3 * MS);

    collector.leave(&0, oldest);
    collector.leave(&0, oldest);

    assert_eq!(names(collector.due(&0, start + 5 * MS)), None);
    assert_eq!(names(collector.due(&0, start + 8 * MS)), Some(vec![1]));
}

/// One request of some traffic.
#[derive(Debug, Clone, Copy)]
struct Coming {
    after: u32,
    kind: u8,
    /// How long it would wait before it leaves; most never do.
    patience: Option<u32>,
    /// How long its batch is under way, if it is the first of one.
    takes: u32,
}

fn coming() -> impl Strategy<Value = Coming> {
    let patience = prop_oneof![4 => Just(None), 1 => (0_u32..8).prop_map(Some)];
    (0_u32..4, 0_u8..3, patience, 0_u32..20).prop_map(|(after, kind, patience, takes)| Coming {
        after,
        kind,
        patience,
        takes,
    })
}

/// What can happen; at one moment in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Ended(u8),
    Leaves(usize),
    Due(usize),
    Arrives(usize),
}

/// Lets traffic pass, and gives each batch with the millisecond at which it was sent, and who left before.
fn pass(
    collector: &mut Collector<u8, usize>,
    traffic: &[Coming],
) -> (Vec<(u32, Vec<usize>)>, Vec<usize>) {
    let start = Instant::now();
    let mut events = std::collections::BTreeSet::new();
    let mut at = 0;
    for (name, coming) in traffic.iter().enumerate() {
        at += coming.after;
        events.insert((at, Event::Arrives(name)));
    }
    let mut tickets = vec![None; traffic.len()];
    let (mut batches, mut left) = (Vec::new(), Vec::new());
    // A serial number keeps ends of one kind at one moment apart.
    let mut ends: Vec<(u32, u8)> = Vec::new();
    while let Some((at, event)) = events.pop_first() {
        let now = start + at * MS;
        let gathered = match event {
            Event::Arrives(name) => {
                events.insert((at + 5, Event::Due(name)));
                if let Some(patience) = traffic[name].patience {
                    events.insert((at + patience, Event::Leaves(name)));
                }
                let (ticket, gathered) = collector.arrive(traffic[name].kind, name, now);
                tickets[name] = Some(ticket);
                gathered
            }
            Event::Due(name) => collector.due(&traffic[name].kind, now),
            Event::Leaves(name) => {
                let is_sent = batches
                    .iter()
                    .any(|(_, batch): &(u32, Vec<usize>)| batch.contains(&name));
                if !is_sent {
                    left.push(name);
                }
                collector.leave(&traffic[name].kind, tickets[name].unwrap());
                None
            }
            Event::Ended(kind) => {
                let ending = ends.iter().position(|end| *end == (at, kind)).unwrap();
                ends.swap_remove(ending);
                if ends.contains(&(at, kind)) {
                    events.insert((at, Event::Ended(kind)));
                }
                collector.ended(&kind)
            }
        };
        if let Some(batch) = names(gathered) {
            let Coming { kind, takes, .. } = traffic[batch[0]];
            ends.push((at + takes, kind));
            events.insert((at + takes, Event::Ended(kind)));
            batches.push((at, batch));
        }
    }
    (batches, left)
}

proptest! {
    #[test]
    fn every_request_that_stays_is_sent_once_in_order_in_time_and_among_its_own(
        traffic in prop::collection::vec(coming(), 0..80), max_size in 1_u32..6, adaptive: bool
    ) {
        let mut collector = collector(max_size, adaptive);

        let (batches, left) = pass(&mut collector, &traffic);

        let mut arrivals = Vec::new();
        for coming in &traffic {
            arrivals.push(arrivals.last().unwrap_or(&0) + coming.after);
        }
        for (at, batch) in &batches {
            prop_assert!(!batch.is_empty() && batch.len() <= usize::try_from(max_size).unwrap());
            prop_assert!(batch.iter().all(|name| traffic[*name].kind == traffic[batch[0]].kind));
            prop_assert!(batch.iter().all(|name| at - arrivals[*name] <= 5));
        }
        for kind in 0..3 {
            let sent: Vec<usize> = batches.iter().flat_map(|(_, batch)| batch).copied().filter(|name| traffic[*name].kind == kind).collect();
            let staying = |name: &usize| traffic[*name].kind == kind && !left.contains(name);
            let stayed: Vec<usize> = (0..traffic.len()).filter(staying).collect();
            prop_assert_eq!(sent, stayed);
        }
        prop_assert!(collector.lines.is_empty());
    }
}
