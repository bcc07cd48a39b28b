use super::*;
use crate::client::{Input, Request};
use proptest::prelude::*;

const TIME: Duration = Duration::from_millis(100);

fn key(name: u8) -> Key {
    Key::of(&Request {
        id: String::new(),
        model: format!("model-{}", name % 2),
        input: Input::Prompt(name.to_string()),
        max_tokens: 1,
        stream: false,
        temperature: None,
        top_p: None,
    })
}

/// What an entry takes whose value takes so much.
fn taken(bytes: usize) -> usize {
    key(0).bytes() + OVERHEAD + bytes
}

#[test]
fn a_value_is_there_for_its_time_and_no_longer_however_often_it_is_used() {
    let (mut store, now) = (Store::new(TIME, 10_000), Instant::now());
    store.put(key(1), 'a', 0, now);

    for millis in [0, 60, 99] {
        let then = now + Duration::from_millis(millis);
        assert_eq!(store.get(&key(1), then), Some('a'));
    }
    assert_eq!(store.get(&key(1), now + TIME), None);

    assert_eq!((store.len(), store.bytes, store.expired), (0, 0, 1));
}

#[test]
fn what_was_used_longest_ago_goes_first_when_there_is_no_more_room() {
    let (mut store, now) = (Store::new(TIME, 3 * taken(10)), Instant::now());
    for (name, value) in [(1, 'a'), (2, 'b'), (3, 'c')] {
        store.put(key(name), value, 10, now);
    }
    store.get(&key(1), now);

    store.put(key(4), 'd', 11, now);

    let held: Vec<u8> = (1..=4)
        .filter(|name| store.get(&key(*name), now).is_some())
        .collect();
    assert_eq!(held, [1, 4]);
    assert_eq!((store.evicted, store.bytes), (2, taken(10) + taken(11)));
}

#[test]
fn what_takes_more_than_there_is_is_not_kept_and_moves_nothing_out() {
    let (mut store, now) = (Store::new(TIME, taken(10)), Instant::now());
    store.put(key(1), 'a', 10, now);

    store.put(key(2), 'b', 11, now);

    assert_eq!(store.get(&key(2), now), None);
    assert_eq!(store.get(&key(1), now), Some('a'));
    assert_eq!(store.evicted, 0);
}

/// The same in few words: entries in the order of their use.
#[derive(Debug, Default)]
struct Model {
    entries: Vec<(u8, u32, usize, Instant)>,
    evicted: u64,
    expired: u64,
}

impl Model {
    fn expire(&mut self, now: Instant) {
        let before = self.entries.len();
        self.entries.retain(|(_, _, _, since)| now - *since < TIME);
        self.expired += u64::try_from(before - self.entries.len()).unwrap();
    }

    fn get(&mut self, name: u8, now: Instant) -> Option<u32> {
        self.expire(now);
        let at = self.entries.iter().position(|entry| entry.0 == name)?;
        let entry = self.entries.remove(at);
        self.entries.push(entry);
        Some(entry.1)
    }

    fn put(&mut self, name: u8, value: u32, bytes: usize, most: usize, now: Instant) {
        self.expire(now);
        self.entries.retain(|entry| entry.0 != name);
        if bytes > most {
            return;
        }
        while self.bytes() + bytes > most {
            self.entries.remove(0);
            self.evicted += 1;
        }
        self.entries.push((name, value, bytes, now));
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|entry| entry.2).sum()
    }
}

#[derive(Debug, Clone)]
enum Step {
    Put(u8, usize),
    Get(u8),
    Wait(u64),
    Forget(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => (0_u8..8, 0_usize..1500).prop_map(|(name, bytes)| Step::Put(name, bytes)),
        4 => (0_u8..8).prop_map(Step::Get),
        2 => (0_u64..60).prop_map(Step::Wait),
        1 => (0_u8..8).prop_map(Step::Forget),
    ];
    proptest::collection::vec(step, 1..200)
}

proptest! {
    #[test]
    fn it_holds_what_a_simple_list_would_hold(steps in steps()) {
        let most = 3 * taken(300);
        let (mut store, mut model) = (Store::new(TIME, most), Model::default());
        let (start, mut now) = (Instant::now(), Instant::now());

        for (value, step) in (0_u32..).zip(steps) {
            match step {
                Step::Put(name, bytes) => {
                    store.put(key(name), value, bytes, now);
                    model.put(name, value, taken(bytes), most, now);
                }
                Step::Get(name) => prop_assert_eq!(store.get(&key(name), now), model.get(name, now)),
                Step::Wait(millis) => now += Duration::from_millis(millis),
                Step::Forget(name) => {
                    store.retain(|kept| *kept != key(name));
                    model.entries.retain(|entry| entry.0 != name);
                }
            }
            prop_assert!(store.bytes <= most);
            prop_assert_eq!((store.bytes, store.len()), (model.bytes(), model.entries.len()));
            prop_assert_eq!((store.evicted, store.expired), (model.evicted, model.expired));
        }

        store.expire(now.max(start) + TIME);
        prop_assert_eq!((store.bytes, store.len()), (0, 0));
        prop_assert_eq!((store.by_age.len(), store.by_use.len()), (0, 0));
    }
}
