//! What the loading of models did so far: [`LoadingStatistics`].

use crate::client::count::float;

/// What a client's loading did since it was made. A model is asked for by [`load`](crate::client::ModelService::load),
/// by [`submit`](crate::client::ModelService::submit), and by inference with `on_demand`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LoadingStatistics {
    /// How often a model was asked for.
    pub asked: u64,
    /// How often it was known to be loaded then.
    pub hits: u64,
    /// How often its load was waiting or running then, so that there was no second one.
    pub joined: u64,
    /// Loads that began because they were asked for.
    pub loads: u64,
    /// Loads that failed, those ahead among them.
    pub failed: u64,
    /// Loads that began ahead, before anybody asked for the model.
    pub preloads: u64,
    /// Models that were asked for after a load ahead had ended, or while it was running.
    pub preload_hits: u64,
    /// Loads that wait for their turn now.
    pub waiting: usize,
    /// The most that waited at once.
    pub longest_queue: usize,
    /// Loads that are running now.
    pub running: usize,
}

impl LoadingStatistics {
    /// How often a model was loaded when it was asked for, of all times; `None` before the first.
    pub fn hit_rate(&self) -> Option<f64> {
        (self.asked > 0).then(|| float(self.hits) / float(self.asked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hit_rate_is_that_of_all_times_that_a_model_was_asked_for() {
        let statistics = LoadingStatistics {
            asked: 4,
            hits: 3,
            ..LoadingStatistics::default()
        };

        assert_eq!(statistics.hit_rate(), Some(0.75));
        assert_eq!(LoadingStatistics::default().hit_rate(), None);
    }
}
