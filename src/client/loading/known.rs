//! Which models are known to be loaded: those that this client has loaded, for as long as that is taken to be true. Pure; the
//! time comes in as an argument.

use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Models that are loaded.
#[derive(Debug)]
pub(super) struct Known {
    time_to_live: Duration,
    models: BTreeMap<String, Loaded>,
}

#[derive(Debug)]
struct Loaded {
    at: Instant,
    use_of: Use,
}

/// Whether somebody has asked for a model that is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It was loaded ahead, and nobody has so far.
    None,
    /// Somebody has.
    Asked,
}

impl Known {
    /// What is known is taken to be true for so long; not at all for no time.
    pub(super) fn new(time_to_live: Duration) -> Self {
        Self {
            time_to_live,
            models: BTreeMap::new(),
        }
    }

    /// A model has been loaded.
    pub(super) fn loaded(&mut self, model: String, use_of: Use, now: Instant) {
        let time_to_live = self.time_to_live;
        self.models
            .retain(|_, loaded| loaded.is_true(time_to_live, now));
        self.models.insert(model, Loaded { at: now, use_of });
    }

    /// A model is asked for: what use there was of it so far, if it is loaded.
    pub(super) fn asked_for(&mut self, model: &str, now: Instant) -> Option<Use> {
        let loaded = self.models.get_mut(model)?;
        loaded
            .is_true(self.time_to_live, now)
            .then(|| std::mem::replace(&mut loaded.use_of, Use::Asked))
    }

    /// Is this model loaded?
    pub(super) fn is_loaded(&self, model: &str, now: Instant) -> bool {
        let loaded = self.models.get(model);
        loaded.is_some_and(|loaded| loaded.is_true(self.time_to_live, now))
    }

    /// How many models were loaded ahead and not asked for.
    pub(super) fn unused(&self, now: Instant) -> usize {
        let loaded = self.models.values();
        let unused = loaded
            .filter(|loaded| loaded.use_of == Use::None && loaded.is_true(self.time_to_live, now));
        unused.count()
    }

    /// Nothing is known of a model any more.
    pub(super) fn forget(&mut self, model: &str) {
        self.models.remove(model);
    }
}

impl Loaded {
    fn is_true(&self, time_to_live: Duration, now: Instant) -> bool {
        now.saturating_duration_since(self.at) < time_to_live
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_mins(1);

    #[tokio::test(start_paused = true)]
    async fn a_model_is_known_to_be_loaded_for_its_time_and_until_it_is_forgotten() {
        let (mut known, now) = (Known::new(MINUTE), Instant::now());
        assert_eq!(known.asked_for("tiny", now), None);

        known.loaded("tiny".to_owned(), Use::Asked, now);
        known.loaded("other".to_owned(), Use::Asked, now);
        known.forget("other");

        let just_before = now + Duration::from_secs(59);
        assert_eq!(known.asked_for("tiny", just_before), Some(Use::Asked));
        assert_eq!(known.asked_for("tiny", now + MINUTE), None);
        assert!(!known.is_loaded("tiny", now + MINUTE));
        assert!(!known.is_loaded("other", now));
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_loaded_ahead_is_unused_until_it_is_asked_for() {
        let (mut known, now) = (Known::new(MINUTE), Instant::now());

        for model in ["a", "b"] {
            known.loaded(model.to_owned(), Use::None, now);
        }
        assert_eq!(known.unused(now), 2);

        assert_eq!(known.asked_for("a", now), Some(Use::None));
        assert_eq!(known.asked_for("a", now), Some(Use::Asked));
        assert_eq!(known.unused(now), 1);
        assert_eq!(known.unused(now + MINUTE), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_known_no_longer_takes_no_memory_after_the_next_load() {
        let (mut known, now) = (Known::new(MINUTE), Instant::now());
        known.loaded("old".to_owned(), Use::Asked, now);

        known.loaded("new".to_owned(), Use::Asked, now + MINUTE);

        assert_eq!(known.models.len(), 1);
    }
}
