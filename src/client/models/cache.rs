//! The list of models as it was asked for last, for a while. What was asked before a change of the models is never kept
//! after it.

use super::Model;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// A kept list.
#[derive(Debug)]
pub(in crate::client) struct ListCache {
    time_to_live: Duration,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    list: Option<(Instant, Vec<Model>)>,
    /// How often the list was forgotten.
    forgotten: u64,
}

/// The moment at which a list was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Asked(u64);

impl ListCache {
    /// Keeps a list for so long; not at all for no time.
    pub(in crate::client) fn new(time_to_live: Duration) -> Self {
        Self {
            time_to_live,
            kept: Mutex::default(),
        }
    }

    /// The list, if it is young enough.
    pub(super) fn get(&self, now: Instant) -> Option<Vec<Model>> {
        let kept = self.lock();
        let (at, list) = kept.list.as_ref()?;
        let is_young = now.saturating_duration_since(*at) < self.time_to_live;
        is_young.then(|| list.clone())
    }

    /// The list is asked for now.
    pub(super) fn asked(&self) -> Asked {
        Asked(self.lock().forgotten)
    }

    /// Keeps what was answered, unless it was forgotten since it was asked for.
    pub(super) fn keep(&self, asked: Asked, now: Instant, list: &[Model]) {
        let mut kept = self.lock();
        if asked == Asked(kept.forgotten) {
            kept.list = Some((now, list.to_vec()));
        }
    }

    pub(super) fn forget(&self) {
        let mut kept = self.lock();
        kept.list = None;
        kept.forgotten += 1;
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::ModelState;

    fn list() -> Vec<Model> {
        vec![Model {
            name: "tiny".to_owned(),
            state: ModelState::Loaded,
        }]
    }

    #[tokio::test(start_paused = true)]
    async fn a_list_is_kept_for_its_time_and_no_longer() {
        let (cache, now) = (ListCache::new(Duration::from_mins(5)), Instant::now());
        assert_eq!(cache.get(now), None);

        cache.keep(cache.asked(), now, &list());

        assert_eq!(cache.get(now + Duration::from_secs(299)), Some(list()));
        assert_eq!(cache.get(now + Duration::from_mins(5)), None);
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_asked_before_a_change_is_not_kept_after_it() {
        let (cache, now) = (ListCache::new(Duration::from_mins(5)), Instant::now());
        let asked = cache.asked();

        cache.forget();
        cache.keep(asked, now, &list());

        assert_eq!(cache.get(now), None);
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_time_to_live_nothing_is_kept() {
        let (cache, now) = (ListCache::new(Duration::ZERO), Instant::now());

        cache.keep(cache.asked(), now, &list());

        assert_eq!(cache.get(now), None);
    }
}
