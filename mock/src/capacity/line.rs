//! The order in which requests get places: first come, first served. Pure: whoever waits is told by the caller.

use super::Occupancy;
use std::collections::BTreeMap;

/// Some places, and a line in front of them. `T` is what is needed to tell somebody that his turn has come.
#[derive(Debug)]
pub(super) struct Line<T> {
    slots: u64,
    queue: u64,
    running: u64,
    /// By number, and so by arrival.
    waiting: BTreeMap<u64, T>,
    next_number: u64,
}

/// When somebody gets a place; his number serves to leave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Turn {
    Now(u64),
    Later(u64),
}

impl<T> Line<T> {
    /// A line of nobody. No limit means none.
    pub(super) fn new(slots: Option<u32>, queue: Option<u32>) -> Self {
        Self {
            slots: slots.map_or(u64::MAX, u64::from),
            queue: queue.map_or(u64::MAX, u64::from),
            running: 0,
            waiting: BTreeMap::new(),
            next_number: 0,
        }
    }

    /// Takes a place, or waits for one; fails where no more may wait.
    pub(super) fn enter(&mut self, granting: T) -> Result<Turn, Occupancy> {
        let occupancy = self.occupancy();
        let number = self.next_number;
        let turn = if self.running < self.slots {
            self.running += 1;
            Turn::Now(number)
        } else if occupancy.waiting < self.queue {
            self.waiting.insert(number, granting);
            Turn::Later(number)
        } else {
            return Err(occupancy);
        };
        self.next_number += 1;
        Ok(turn)
    }

    /// Gives up a place, or the wait for one; says whose turn has come by that.
    pub(super) fn leave(&mut self, number: u64) -> Option<T> {
        if self.waiting.remove(&number).is_some() {
            return None;
        }
        let next = self.waiting.pop_first();
        if next.is_none() {
            self.running -= 1;
        }
        next.map(|(_, next)| next)
    }

    /// How many have a place, and how many wait.
    pub(super) fn occupancy(&self) -> Occupancy {
        Occupancy {
            running: self.running,
            waiting: u64::try_from(self.waiting.len()).unwrap_or(u64::MAX),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn places_are_given_in_the_order_of_arrival() {
        let mut line = Line::new(Some(1), None);

        assert_eq!(line.enter("a"), Ok(Turn::Now(0)));
        assert_eq!(line.enter("b"), Ok(Turn::Later(1)));
        assert_eq!(line.enter("c"), Ok(Turn::Later(2)));

        assert_eq!(line.leave(0), Some("b"));
        assert_eq!(line.leave(1), Some("c"));
        assert_eq!(line.leave(2), None);
        assert_eq!(line.occupancy(), Occupancy::default());
    }

    #[test]
    fn whoever_leaves_the_line_frees_his_place_in_it_and_passes_nothing_on() {
        let mut line = Line::new(Some(1), Some(1));
        line.enter("a").unwrap();
        line.enter("b").unwrap();
        let full = Occupancy {
            running: 1,
            waiting: 1,
        };
        assert_eq!(line.enter("c"), Err(full));

        assert_eq!(line.leave(1), None);

        assert_eq!(line.enter("d"), Ok(Turn::Later(2)));
        assert_eq!(line.leave(0), Some("d"));
    }

    #[test]
    fn a_line_of_none_turns_away_whoever_finds_no_place() {
        let mut line = Line::new(Some(2), Some(0));

        assert_eq!(line.enter(()), Ok(Turn::Now(0)));
        assert_eq!(line.enter(()), Ok(Turn::Now(1)));
        let full = Occupancy {
            running: 2,
            waiting: 0,
        };
        assert_eq!(line.enter(()), Err(full));
    }

    proptest! {
        #[test]
        fn bounds_hold_and_nobody_waits_beside_a_free_place(
            slots in 1_u32..5,
            queue in 0_u32..5,
            steps in proptest::collection::vec(proptest::option::of(0_usize..20), 0..200),
        ) {
            let mut line = Line::new(Some(slots), Some(queue));
            let mut inside = Vec::new();
            for step in steps {
                match step {
                    None => match line.enter(()) {
                        Ok(Turn::Now(number) | Turn::Later(number)) => inside.push(number),
                        Err(full) => prop_assert_eq!(full.waiting, u64::from(queue)),
                    },
                    Some(leaver) if !inside.is_empty() => {
                        line.leave(inside.remove(leaver % inside.len()));
                    }
                    Some(_) => {}
                }

                let Occupancy { running, waiting } = line.occupancy();
                prop_assert_eq!(running + waiting, u64::try_from(inside.len()).unwrap());
                prop_assert!(running <= u64::from(slots) && waiting <= u64::from(queue));
                prop_assert!(waiting == 0 || running == u64::from(slots));
            }
        }
    }
}
