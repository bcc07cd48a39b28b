//! The order in which the records of a file are sent: its own, or one that is drawn from the seed, without a list of it.

use super::super::draw::Draw;
use crate::seed::Seed;
use rand::RngCore;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Rounds of the network: four make a permutation that cannot be told from a random one by few of its values (Luby and
/// Rackoff, "How to construct pseudorandom permutations from pseudorandom functions", SIAM J. Comput. 17, 1988).
const ROUNDS: u64 = 4;

/// The order in which the records of a file are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// As they stand in the file.
    #[default]
    AsInFile,
    /// Drawn from the seed, each once before any comes again; another order each time round.
    Shuffled,
}

impl Order {
    /// Which of `count` records is sent as number `place` of a time round.
    pub(super) fn place(self, place: u64, count: u64, seed: Seed, cycle: u64) -> u64 {
        match self {
            Self::AsInFile => place,
            Self::Shuffled => {
                let key = Draw::of("order", seed, cycle).next_u64();
                shuffled(place, count, Seed::new(key))
            }
        }
    }
}

/// A permutation of the numbers below `count`: one of the next power of four, walked until it comes back below.
fn shuffled(place: u64, count: u64, key: Seed) -> u64 {
    let bits = u64::BITS - count.saturating_sub(1).leading_zeros();
    let half = bits.div_ceil(2).max(1);
    let mut place = place;
    loop {
        place = feistel(place, half, key);
        if place < count {
            return place;
        }
    }
}

/// Feistel's network: a permutation of the numbers of twice `half` bits.
fn feistel(number: u64, half: u32, key: Seed) -> u64 {
    let mask = (1_u64 << half) - 1;
    let (mut left, mut right) = (number >> half, number & mask);
    for round in 0..ROUNDS {
        let mixed = Draw::of("round", key, (right << 3) | round).next_u64() & mask;
        (left, right) = (right, left ^ mixed);
    }
    (left << half) | right
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn order(count: u64, seed: u64, cycle: u64) -> Vec<u64> {
        let place = |place| Order::Shuffled.place(place, count, Seed::new(seed), cycle);
        (0..count).map(place).collect()
    }

    #[test]
    fn the_same_seed_shuffles_in_the_same_way_for_ever() {
        assert_eq!(order(8, 7, 0), [3, 2, 5, 1, 6, 0, 4, 7]);
        assert_ne!(order(8, 7, 1), order(8, 7, 0));
        assert_ne!(order(8, 8, 0), order(8, 7, 0));
    }

    #[test]
    fn every_place_is_taken_by_every_record_equally_often() {
        let mut first = [0_u32; 5];
        for seed in 0..10_000 {
            first[usize::try_from(order(5, seed, 0)[0]).unwrap()] += 1;
        }

        // Five standard deviations of a binomial count with mean 2,000.
        assert!(
            first.iter().all(|count| count.abs_diff(2000) < 200),
            "{first:?}"
        );
    }

    proptest! {
        #[test]
        fn each_record_comes_once_before_any_comes_again(count in 1_u64..300, seed: u64, cycle in 0_u64..9) {
            let seen: BTreeSet<u64> = order(count, seed, cycle).into_iter().collect();
            prop_assert_eq!(seen, (0..count).collect::<BTreeSet<u64>>());
        }
    }
}
