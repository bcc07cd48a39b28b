//! How often each model was asked for of late, and so which ones are likely to be asked for next. Pure and bounded.
//!
//! Counts that are halved from time to time: what was asked for long ago is worth less, and what was asked for once is
//! forgotten. That is the ageing of `TinyLFU` (Einziger, Friedman and Manes, <https://doi.org/10.1145/3149371>). All counts
//! together are never more than twice the asks between two halvings, so neither is the number of models.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Asks between two halvings.
const PERIOD: u32 = 256;

/// How often models were asked for.
#[derive(Debug, Default)]
pub(super) struct Frequency {
    counts: BTreeMap<String, Count>,
    /// Asks so far.
    asks: u64,
    since_halved: u32,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    times: u32,
    /// The number of the last ask.
    last: u64,
}

impl Frequency {
    /// A model is asked for.
    pub(super) fn note(&mut self, model: &str) {
        self.asks += 1;
        self.since_halved += 1;
        let last = self.asks;
        match self.counts.get_mut(model) {
            Some(count) => {
                count.times += 1;
                count.last = last;
            }
            None => {
                self.counts
                    .insert(model.to_owned(), Count { times: 1, last });
            }
        }
        if self.since_halved == PERIOD {
            self.halve();
        }
    }

    /// A model is not worth being loaded ahead until it is asked for again.
    pub(super) fn forget(&mut self, model: &str) {
        self.counts.remove(model);
    }

    /// The models that were asked for most often among those that may be, at most `most` of them, most often first; of
    /// equals, those first that were asked for longest ago, as they come next where models take turns.
    pub(super) fn likely(&self, most: usize, may_be: impl Fn(&str) -> bool) -> Vec<String> {
        let candidates = self.counts.iter().filter(|(model, _)| may_be(model));
        let mut candidates: Vec<_> = candidates.collect();
        candidates.sort_by_key(|(_, count)| (Reverse(count.times), count.last));
        candidates.truncate(most);
        let models = candidates.into_iter().map(|(model, _)| model.clone());
        models.collect()
    }

    fn halve(&mut self) {
        self.since_halved = 0;
        self.counts.retain(|_, count| {
            count.times /= 2;
            count.times > 0
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn likely(frequency: &Frequency, most: usize) -> Vec<String> {
        frequency.likely(most, |_| true)
    }

    fn noted(asks: &str) -> Frequency {
        let mut frequency = Frequency::default();
        for model in asks.split(' ') {
            frequency.note(model);
        }
        frequency
    }

    #[test]
    fn what_was_asked_for_most_often_comes_first_and_of_equals_what_has_waited_longest() {
        let frequency = noted("a b c b a c d c");

        assert_eq!(likely(&frequency, 9), ["c", "b", "a", "d"]);
        assert_eq!(likely(&frequency, 2), ["c", "b"]);
        assert_eq!(frequency.likely(2, |model| model != "c"), ["b", "a"]);
    }

    #[test]
    fn what_is_forgotten_counts_from_nothing() {
        let mut frequency = noted("a a a b b");

        frequency.forget("a");
        frequency.note("a");

        assert_eq!(likely(&frequency, 2), ["b", "a"]);
    }

    #[test]
    fn what_was_asked_for_of_late_outweighs_what_was_asked_for_long_ago() {
        let mut frequency = Frequency::default();
        for _ in 0..250 {
            frequency.note("once");
        }
        for _ in 0..700 {
            frequency.note("now");
        }

        // 250, halved three times: 31. A second model that was asked for once is not there after the next halving.
        assert_eq!(frequency.counts["once"].times, 31);
        assert_eq!(likely(&frequency, 2), ["now", "once"]);
        for _ in 0..6 * PERIOD {
            frequency.note("now");
        }
        assert_eq!(likely(&frequency, 2), ["now"]);
    }

    proptest! {
        #[test]
        fn counts_are_bounded_and_likely_models_are_in_order(
            asks in prop::collection::vec(0_u32..2000, 0..3000),
            most in 0_usize..20,
        ) {
            let mut frequency = Frequency::default();
            for model in asks {
                frequency.note(&model.to_string());
                let sum: u32 = frequency.counts.values().map(|count| count.times).sum();
                prop_assert!(sum < 2 * PERIOD);
                prop_assert!(frequency.counts.len() < 512);
            }

            let likely = likely(&frequency, most);

            prop_assert_eq!(likely.len(), most.min(frequency.counts.len()));
            let counts: Vec<u32> = likely.iter().map(|model| frequency.counts[model].times).collect();
            prop_assert!(counts.is_sorted_by(|one, next| one >= next));
            let least = counts.last().copied().unwrap_or_default();
            let others = frequency.counts.iter().filter(|(model, _)| !likely.contains(*model));
            prop_assert!(most == 0 || others.into_iter().all(|(_, count)| count.times <= least));
        }
    }
}
