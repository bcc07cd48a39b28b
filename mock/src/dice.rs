//! Chance without state: a draw is a pure function of the seed, the request's id, its earlier attempts, the purpose and
//! an index, so that neither concurrency nor the order of arrival can change what happens to a request.
//!
//! The id is hashed by FNV-1a (64 bits), then seed, attempts, purpose and index are mixed in by the finalizer of
//! `SplitMix64` (Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014). A draw costs a few
//! nanoseconds.

/// What a draw decides. Draws for different purposes are independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The time to the first token.
    FirstToken,
    /// The gap before a further token, by its index.
    Gap,
    /// How much later a piece comes than its tokens are due, by the index of its first token.
    Jitter,
    /// Whether a fault strikes, by its place in the list.
    Fault,
    /// By how much a fault delays an answer.
    Delay,
    /// Whether the load of a model fails, by its number.
    Load,
}

impl Purpose {
    const fn salt(self) -> u64 {
        match self {
            Self::FirstToken => 0x66_6972_7374,
            Self::Gap => 0x67_6170,
            Self::Jitter => 0x6a69_7474_6572,
            Self::Fault => 0x66_6175_6c74,
            Self::Delay => 0x64_656c_6179,
            Self::Load => 0x6c6f_6164,
        }
    }
}

/// All draws for one request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice(u64);

impl Dice {
    /// The dice of the request `id` under `seed`.
    pub(crate) fn new(seed: u64, id: &str) -> Self {
        Self(mix(mix(seed) ^ hash(FNV_OFFSET, id.as_bytes())))
    }

    /// The dice of the same request once it has been attempted `earlier` times: others each time, and these for 0.
    pub(crate) fn after_attempts(self, earlier: u32) -> Self {
        let step = u64::from(earlier).wrapping_mul(GOLDEN_GAMMA);
        Self(self.0.wrapping_add(step))
    }

    /// An evenly spread number between 0 and 1, both excluded.
    pub(crate) fn draw(self, purpose: Purpose, index: u32) -> f64 {
        let step = u64::from(index).wrapping_mul(GOLDEN_GAMMA);
        unit(mix(self.0 ^ mix(purpose.salt().wrapping_add(step))))
    }
}

/// The hash of nothing.
pub(crate) const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0100_0000_01b3;
const GOLDEN_GAMMA: u64 = 0x9e37_79b9_7f4a_7c15;

/// FNV-1a of bytes that follow others, whose hash is `before`.
pub(crate) fn hash(before: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(before, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME)
    })
}

/// Spreads every bit of a number over all bits of another.
pub(crate) fn mix(value: u64) -> u64 {
    let value = value.wrapping_add(GOLDEN_GAMMA);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

/// The upper 52 bits as the fraction of a float in `1.0..2.0`, moved to the middle of their step below 1.
fn unit(bits: u64) -> f64 {
    f64::from_bits((0x3ff << 52) | (bits >> 12)) - 1.0 + f64::EPSILON / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn extreme_bits_stay_between_zero_and_one() {
        assert!(unit(0) > 0.0);
        assert!(unit(u64::MAX) < 1.0);
    }

    #[test]
    fn purposes_ids_seeds_and_indices_draw_differently() {
        let dice = Dice::new(7, "a");
        let draws = [
            dice.draw(Purpose::FirstToken, 0),
            dice.draw(Purpose::Gap, 0),
            dice.draw(Purpose::Gap, 1),
            dice.draw(Purpose::Fault, 0),
            Dice::new(7, "b").draw(Purpose::Fault, 0),
            Dice::new(8, "a").draw(Purpose::Fault, 0),
        ];

        let mut sorted = draws;
        sorted.sort_by(f64::total_cmp);
        assert!(sorted.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn each_attempt_of_a_request_draws_anew_and_the_first_as_if_none_were_counted() {
        let dice = Dice::new(7, "a");
        let draws = [0, 1, 2].map(|earlier| dice.after_attempts(earlier).draw(Purpose::Fault, 0));

        assert_eq!(
            draws.map(|draw| format!("{draw:.6}")),
            ["0.812279", "0.167846", "0.227508"]
        );
        assert_eq!(draws[0].to_bits(), dice.draw(Purpose::Fault, 0).to_bits());
    }

    #[test]
    fn draws_over_consecutive_ids_are_evenly_spread() {
        let mut tenths = [0_u32; 10];

        for id in 0..10_000 {
            let draw = Dice::new(0, &id.to_string()).draw(Purpose::FirstToken, 0);
            let tenth = (0..10)
                .find(|tenth| draw < f64::from(tenth + 1) / 10.0)
                .unwrap();
            tenths[usize::try_from(tenth).unwrap()] += 1;
        }

        // 1000 expected in each, standard deviation 30: five of them.
        assert!(
            tenths.iter().all(|&n| (850..1150).contains(&n)),
            "{tenths:?}"
        );
    }

    proptest! {
        #[test]
        fn every_draw_is_repeatable_and_in_bounds(seed: u64, id: String, index: u32) {
            let draw = Dice::new(seed, &id).draw(Purpose::Gap, index);

            prop_assert!(0.0 < draw && draw < 1.0);
            prop_assert_eq!(draw.to_bits(), Dice::new(seed, &id).draw(Purpose::Gap, index).to_bits());
        }
    }
}
