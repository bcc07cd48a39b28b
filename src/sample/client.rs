//! What a client counts besides requests, over a measure phase: `{ "connections": { "created": 3, "reused": 997 }, "loading":
//! { "asked": 40, "hits": 36, .. } }`. What a client does not tell of is not there.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a client counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ClientCounts {
    /// What became of its connections.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<ConnectionCounts>,
    /// What became of the models that it loaded in a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loading: Option<LoadingCounts>,
}

/// Connections to all endpoints together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct ConnectionCounts {
    /// Connections made.
    pub created: u64,
    /// Requests that went over a connection that was there already.
    pub reused: u64,
}

/// Models that were loaded in the client's queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct LoadingCounts {
    /// How often a model was asked for.
    pub asked: u64,
    /// How often it was known to be loaded then.
    pub hits: u64,
    /// How often its load was waiting or running then.
    pub joined: u64,
    /// Loads that began because they were asked for.
    pub loads: u64,
    /// Loads that failed.
    pub failed: u64,
    /// Loads that began ahead.
    pub preloads: u64,
    /// Models that were asked for after a load ahead had begun.
    pub preload_hits: u64,
}

impl ClientCounts {
    /// Does it tell of nothing?
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// What was counted from `earlier` to now, by the same client.
    #[must_use]
    pub fn since(self, earlier: Self) -> Self {
        self.with(earlier, u64::saturating_sub)
    }

    /// What two clients counted together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.with(other, u64::saturating_add)
    }

    /// Each count of both made one; what either does not tell of is not there.
    fn with(self, other: Self, one: impl Fn(u64, u64) -> u64) -> Self {
        let connections = self.connections.zip(other.connections);
        let loading = self.loading.zip(other.loading);
        Self {
            connections: connections.map(|(mine, other)| ConnectionCounts {
                created: one(mine.created, other.created),
                reused: one(mine.reused, other.reused),
            }),
            loading: loading.map(|(mine, other)| LoadingCounts {
                asked: one(mine.asked, other.asked),
                hits: one(mine.hits, other.hits),
                joined: one(mine.joined, other.joined),
                loads: one(mine.loads, other.loads),
                failed: one(mine.failed, other.failed),
                preloads: one(mine.preloads, other.preloads),
                preload_hits: one(mine.preload_hits, other.preload_hits),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(created: u64) -> ClientCounts {
        let connections = ConnectionCounts { created, reused: 5 };
        ClientCounts {
            connections: Some(connections),
            loading: None,
        }
    }

    #[test]
    fn what_is_told_of_is_added_and_what_is_not_stays_unknown() {
        let reused = |counts: ClientCounts| counts.connections.map(|kept| kept.reused);
        let created = |counts: ClientCounts| counts.connections.map(|kept| kept.created);

        let both = counts(3).and(counts(4));
        let between = counts(7).since(counts(4));

        assert_eq!((created(both), reused(both)), (Some(7), Some(10)));
        assert_eq!((created(between), reused(between)), (Some(3), Some(0)));
        assert_eq!(both.loading, None);
        assert_eq!(counts(3).and(ClientCounts::default()).connections, None);
    }
}
