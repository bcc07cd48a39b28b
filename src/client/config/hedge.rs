//! When a second attempt is begun beside one that is slow: `hedge: { after: 50ms, budget: { share: 5%, reserve: 10 } }`.

use super::retry::{MOST_RESERVE, Repeats};
use crate::client::Error;
use inferometer_proto::quantity::{Period, Share};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A second attempt beside the first, when that does not begin to be answered: the one that begins first goes on, the
/// other is given up. Both may be executed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Hedge {
    /// How long an attempt may wait for its answer to begin before there is a second one.
    pub after: Period,
    /// How many second attempts there may be.
    pub budget: HedgeBudget,
}

/// A bound on second attempts: each request adds `share` of an attempt to a reserve that is full at first and never more than
/// full, each second attempt takes one from it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct HedgeBudget {
    /// Second attempts for each request, in the long run.
    pub share: Share,
    /// The most that there can be at once, 0 to 1000000.
    #[schemars(range(min = 0, max = 1_000_000))]
    pub reserve: u32,
}

impl Default for Hedge {
    fn default() -> Self {
        Self {
            after: Period::from_millis(50),
            budget: HedgeBudget::default(),
        }
    }
}

impl Default for HedgeBudget {
    fn default() -> Self {
        Self {
            share: Share::try_from_ratio(0.05).unwrap_or_default(),
            reserve: 10,
        }
    }
}

impl Hedge {
    pub(in crate::client) fn check(&self, repeats: Repeats) -> Result<(), Error> {
        if repeats != Repeats::Idempotent {
            return Err(Error::Config {
                field: "hedge",
                expected: "`retry.repeats: idempotent` beside it, since both attempts of a request may be executed",
                found: "unexecuted".to_owned(),
            });
        }
        if self.after.is_zero() {
            return Err(Error::Config {
                field: "hedge.after",
                expected: "more than 0s",
                found: self.after.to_string(),
            });
        }
        if self.budget.reserve > MOST_RESERVE {
            return Err(Error::Config {
                field: "hedge.budget.reserve",
                expected: "0 to 1000000",
                found: self.budget.reserve.to_string(),
            });
        }
        Ok(())
    }
}
