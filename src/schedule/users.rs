//! Users at work: `{ count: 50, ramp_up: 5s, think: { uniform: { min: 1s, max: 3s } } }`.

use super::within_a_day;
use crate::seed::Seed;
use crate::units::{Offset, Period};
use crate::workload::Think;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::num::NonZero;
use std::time::Duration;

/// The most users.
const MOST: u32 = 100_000;

/// Users who each go through a round of requests, pause, and begin the next round.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Users {
    /// How many users, 1 to 100000.
    #[serde(deserialize_with = "count")]
    #[schemars(range(min = 1, max = 100_000))]
    pub count: NonZero<u32>,
    /// Over how long they begin, evenly one after the other. At most 24h.
    #[serde(default, deserialize_with = "within_a_day")]
    pub ramp_up: Period,
    /// How long a user pauses between two rounds.
    #[serde(default)]
    pub think: Think,
}

impl Users {
    /// When the first round of a user is due.
    pub fn begins(&self, user: u32) -> Offset {
        let all = self.ramp_up.duration().as_nanos();
        let share = all * u128::from(user) / u128::from(self.count.get());
        Offset::from_nanos(u64::try_from(share).unwrap_or(u64::MAX))
    }

    /// The pause before a round, after the end of the one before.
    pub fn pause(&self, seed: Seed, slot: u64) -> Duration {
        self.think.before(seed, slot)
    }
}

fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZero<u32>, D::Error> {
    let number = u32::deserialize(deserializer)?;
    let count = NonZero::new(number).filter(|count| count.get() <= MOST);
    count.ok_or_else(|| {
        D::Error::custom(format_args!("expected 1 to {MOST} users, found `{number}`"))
    })
}
