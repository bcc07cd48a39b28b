//! The response cache: whole answers by what was asked for, and one request for all who ask for the same at the same time.
//!
//! Only answers are kept that the server said are complete. An answer that was asked for before its model's answers were
//! forgotten is not kept after it. Nothing goes on in the background: what is over goes with the next call.

mod kept;
mod key;
mod store;

pub(super) use kept::Kept;

use super::transport::Delta;
use super::{CacheConfig, Request, Source};
use key::Key;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use store::Store;
use tokio::sync::watch;
use tokio::task::coop;
use tokio::time::{Instant, timeout_at};

/// What the response cache has done so far, and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CacheStatistics {
    /// Requests answered from the cache.
    pub hits: u64,
    /// Requests for which an endpoint had to be asked.
    pub misses: u64,
    /// Requests answered with what another one, which asked for the same at the same time, got from an endpoint.
    pub shared: u64,
    /// Answers held.
    pub entries: usize,
    /// Memory that they take, with what was asked for them; an estimate.
    pub bytes: usize,
    /// Answers that had to go for want of room.
    pub evicted: u64,
    /// Answers whose time was over.
    pub expired: u64,
}

/// The answers that are kept, and who is asking.
pub(super) struct ResponseCache {
    single_flight: bool,
    max_bytes: usize,
    state: Mutex<State>,
}

struct State {
    store: Store<Arc<Kept>>,
    /// What is being asked, by the number of the asking; without what was forgotten meanwhile.
    asked: BTreeMap<u64, Key>,
    /// Those among them whom others may wait for.
    awaited: BTreeMap<Key, Awaited>,
    askings: u64,
    hits: u64,
    misses: u64,
    shared: u64,
}

struct Awaited {
    asking: u64,
    answer: Answered,
}

/// Where those who wait are told the answer; closed without one when there is none to be told.
type Answered = watch::Receiver<Option<Arc<Kept>>>;

/// What came of looking for an answer.
pub(super) enum Found {
    /// There is one.
    Answer(Arc<Kept>, Source),
    /// There is none: an endpoint has to be asked, and this told of its answer.
    Nothing(Asking),
}

/// What is there when one looks.
enum Seen {
    Kept(Arc<Kept>),
    Awaited(Answered),
    Nothing(Asking),
}

/// An answer that is being asked for, as far as it has come. Dropping it gives it up: then one of those who wait asks
/// instead.
pub(super) struct Asking {
    cache: Arc<ResponseCache>,
    request: Request,
    key: Key,
    number: u64,
    waiting: watch::Sender<Option<Arc<Kept>>>,
    answer: Kept,
}

impl ResponseCache {
    pub(super) fn new(config: &CacheConfig) -> Self {
        let max_bytes = usize::try_from(config.max_bytes.bytes()).unwrap_or(usize::MAX);
        Self {
            single_flight: config.single_flight,
            max_bytes,
            state: Mutex::new(State {
                store: Store::new(config.ttl.duration(), max_bytes),
                asked: BTreeMap::new(),
                awaited: BTreeMap::new(),
                askings: 0,
                hits: 0,
                misses: 0,
                shared: 0,
            }),
        }
    }

    /// Looks for the answer to a request, and waits for the one under way no longer than `patience`. Dropping the future
    /// changes nothing for others.
    pub(super) async fn find(self: &Arc<Self>, request: &Request, patience: Duration) -> Found {
        let key = Key::of(request);
        let until = Instant::now() + patience;
        loop {
            let mut under_way = match self.see(request, &key) {
                Seen::Kept(answer) => {
                    // A caller that gets nothing but hits would otherwise never give way to another task.
                    coop::consume_budget().await;
                    return Found::Answer(answer, Source::Cache);
                }
                Seen::Nothing(asking) => return Found::Nothing(asking),
                Seen::Awaited(under_way) => under_way,
            };
            let told = timeout_at(until, under_way.wait_for(Option::is_some)).await;
            let answer = match told {
                Ok(Ok(answer)) => answer.clone(),
                // The one who asked has given up or failed.
                Ok(Err(_)) => None,
                Err(_) => return Found::Nothing(self.ask(&mut self.lock(), request, &key)),
            };
            if let Some(answer) = answer {
                self.lock().shared += 1;
                return Found::Answer(answer, Source::Shared);
            }
        }
    }

    fn see(self: &Arc<Self>, request: &Request, key: &Key) -> Seen {
        let mut state = self.lock();
        if let Some(answer) = state.store.get(key, Instant::now()) {
            state.hits += 1;
            return Seen::Kept(answer);
        }
        if let Some(awaited) = state.awaited.get(key) {
            return Seen::Awaited(awaited.answer.clone());
        }
        let asking = self.ask(&mut state, request, key);
        if self.single_flight {
            let awaited = Awaited {
                asking: asking.number,
                answer: asking.waiting.subscribe(),
            };
            state.awaited.insert(key.clone(), awaited);
        }
        Seen::Nothing(asking)
    }

    fn ask(self: &Arc<Self>, state: &mut State, request: &Request, key: &Key) -> Asking {
        state.misses += 1;
        state.askings += 1;
        state.asked.insert(state.askings, key.clone());
        Asking {
            cache: Arc::clone(self),
            request: request.clone(),
            key: key.clone(),
            number: state.askings,
            waiting: watch::Sender::new(None),
            answer: Kept::default(),
        }
    }

    /// Forgets all answers, those under way included.
    pub(super) fn clear(&self) {
        self.retain(|_| false);
    }

    /// Forgets the answers of one model, those under way included.
    pub(super) fn forget(&self, model: &str) {
        self.retain(|key| key.model() != model);
    }

    fn retain(&self, is_kept: impl Fn(&Key) -> bool) {
        let mut state = self.lock();
        state.store.retain(&is_kept);
        state.asked.retain(|_, key| is_kept(key));
        state.awaited.retain(|key, _| is_kept(key));
    }

    pub(super) fn statistics(&self) -> CacheStatistics {
        let mut state = self.lock();
        state.store.expire(Instant::now());
        CacheStatistics {
            hits: state.hits,
            misses: state.misses,
            shared: state.shared,
            entries: state.store.len(),
            bytes: state.store.bytes,
            evicted: state.store.evicted,
            expired: state.store.expired,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asking {
    /// Takes in a piece of the answer; gives it up when there is more of it than may be kept.
    pub(super) fn hears(mut self, delta: &Delta) -> Option<Self> {
        self.answer.add(delta);
        (self.answer.bytes() <= self.cache.max_bytes).then_some(self)
    }

    /// The answer is complete: keeps it, unless it was forgotten meanwhile, and tells it to those who wait.
    pub(super) fn completed(mut self) {
        if !self.answer.answers(&self.request) {
            return;
        }
        let answer = Arc::new(std::mem::take(&mut self.answer));
        let mut state = self.cache.lock();
        if state.asked.contains_key(&self.number) {
            let (key, kept) = (self.key.clone(), Arc::clone(&answer));
            state.store.put(key, kept, answer.bytes(), Instant::now());
        }
        drop(state);
        self.waiting.send_replace(Some(answer));
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let mut state = self.cache.lock();
        state.asked.remove(&self.number);
        let awaited = state.awaited.get(&self.key);
        if awaited.is_some_and(|awaited| awaited.asking == self.number) {
            state.awaited.remove(&self.key);
        }
    }
}

/// What was asked and answered is not shown.
impl fmt::Debug for ResponseCache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statistics().fmt(f)
    }
}
