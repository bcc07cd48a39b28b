//! How many attempts may still be repeated, or made beside others: each request puts a share of an attempt in, each repeated attempt takes one
//! out, and no more is kept than the reserve.
//!
//! With `{ share: 50%, reserve: 2 }`: 2.0 at first, two repeated attempts leave 0.0, two requests later there is one more.

use inferometer_proto::quantity::Share;
use std::sync::{Mutex, PoisonError};

/// A running budget.
#[derive(Debug)]
pub(super) struct Budget {
    share: f64,
    reserve: f64,
    left: Mutex<f64>,
}

impl Budget {
    pub(super) fn new(share: Share, reserve: u32) -> Self {
        let reserve = f64::from(reserve);
        Self {
            share: share.ratio(),
            reserve,
            left: Mutex::new(reserve),
        }
    }

    /// A request begins.
    pub(super) fn earn(&self) {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        *left = (*left + self.share).min(self.reserve.max(1.0));
    }

    /// Takes one repeated attempt out, if there is one.
    pub(super) fn spend(&self) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        // What shares add up to is a little less than whole.
        let is_there = *left >= 1.0 - 1e-9;
        if is_there {
            *left -= 1.0;
        }
        is_there
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn budget(share: f64, reserve: u32) -> Budget {
        let share = Share::try_from_ratio(share).unwrap();
        Budget::new(share, reserve)
    }

    #[test]
    fn a_full_reserve_is_spent_at_once_and_earned_again_bit_by_bit() {
        let budget = budget(0.2, 2);
        let spent = [(); 3].map(|()| budget.spend());

        let after: Vec<bool> = (0..10)
            .map(|_| {
                budget.earn();
                budget.spend()
            })
            .collect();

        assert_eq!(spent, [true, true, false]);
        let [f, t] = [false, true];
        assert_eq!(after, [f, f, f, f, t, f, f, f, f, t]);
    }

    #[test]
    fn without_a_reserve_only_what_was_earned_is_spent() {
        let budget = budget(0.5, 0);
        assert!(!budget.spend());

        budget.earn();
        budget.earn();
        budget.earn();

        assert!(budget.spend());
        assert!(!budget.spend());
    }

    proptest! {
        #[test]
        fn no_more_is_repeated_than_the_reserve_and_the_share_of_requests(
            share in 0.0_f64..1.0, reserve in 0_u32..20, requests in prop::collection::vec(0_u8..4, 0..200)
        ) {
            let budget = budget(share, reserve);
            let (mut earned, mut repeated) = (0.0, 0.0);
            for wanted in requests {
                budget.earn();
                earned += share;
                repeated += (0..wanted).map(|_| f64::from(u8::from(budget.spend()))).sum::<f64>();
                prop_assert!(repeated <= earned + f64::from(reserve) + 1e-6);
            }
        }
    }
}
