//! Values by what was asked for them: each for its time and no longer, all of them in no more than so many bytes. What was
//! used longest ago goes first. Pure; the time comes in as an argument.
//!
//! Three ordered maps: no operation but forgetting walks over the entries, and none now and then takes as long as all
//! of them, as the growth of a hash table does.

use super::key::Key;
use std::collections::BTreeMap;
use std::time::Duration;
use tokio::time::Instant;

/// Bounded in time and in bytes.
#[derive(Debug)]
pub(super) struct Store<V> {
    time_to_live: Duration,
    max_bytes: usize,
    entries: BTreeMap<Key, Entry<V>>,
    /// Keys by the turn in which they were put there, which is the order in which they expire.
    by_age: BTreeMap<u64, Key>,
    /// Keys by the turn in which they were used last.
    by_use: BTreeMap<u64, Key>,
    turn: u64,
    pub(super) bytes: usize,
    /// Entries that had to go for want of room, so far.
    pub(super) evicted: u64,
    /// Entries whose time was over, so far.
    pub(super) expired: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    since: Instant,
    put: u64,
    used: u64,
}

/// What an entry takes besides its key and its value: its places in the maps.
const OVERHEAD: usize = 128;

impl<V: Clone> Store<V> {
    pub(super) fn new(time_to_live: Duration, max_bytes: usize) -> Self {
        Self {
            time_to_live,
            max_bytes,
            entries: BTreeMap::new(),
            by_age: BTreeMap::new(),
            by_use: BTreeMap::new(),
            turn: 0,
            bytes: 0,
            evicted: 0,
            expired: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The value, if it is there and its time is not over.
    pub(super) fn get(&mut self, key: &Key, now: Instant) -> Option<V> {
        self.expire(now);
        let entry = self.entries.get_mut(key)?;
        self.turn += 1;
        if let Some(key) = self.by_use.remove(&entry.used) {
            self.by_use.insert(self.turn, key);
        }
        entry.used = self.turn;
        Some(entry.value.clone())
    }

    /// Puts a value there that takes so many bytes, in place of any that was. One that takes more than there may be is not
    /// kept.
    pub(super) fn put(&mut self, key: Key, value: V, bytes: usize, now: Instant) {
        self.expire(now);
        self.remove(&key);
        let bytes = bytes.saturating_add(key.bytes()).saturating_add(OVERHEAD);
        if bytes > self.max_bytes {
            return;
        }
        while self.bytes.saturating_add(bytes) > self.max_bytes {
            let Some((_, oldest)) = self.by_use.pop_first() else {
                unreachable!("bytes are those of the entries, and each has its place by use")
            };
            self.remove(&oldest);
            self.evicted += 1;
        }
        self.turn += 1;
        self.bytes += bytes;
        self.by_age.insert(self.turn, key.clone());
        self.by_use.insert(self.turn, key.clone());
        let entry = Entry {
            value,
            bytes,
            since: now,
            put: self.turn,
            used: self.turn,
        };
        self.entries.insert(key, entry);
    }

    /// Removes whatever is over.
    pub(super) fn expire(&mut self, now: Instant) {
        while let Some(oldest) = self.by_age.first_entry() {
            let entry = self.entries.get(oldest.get());
            let age = entry.map(|entry| now.saturating_duration_since(entry.since));
            if age.is_some_and(|age| age < self.time_to_live) {
                return;
            }
            let oldest = oldest.remove();
            self.remove(&oldest);
            self.expired += 1;
        }
    }

    /// Forgets every key that is not to be kept.
    pub(super) fn retain(&mut self, is_kept: impl Fn(&Key) -> bool) {
        let keys = self.entries.keys();
        let forgotten: Vec<Key> = keys.filter(|key| !is_kept(key)).cloned().collect();
        for key in forgotten {
            self.remove(&key);
        }
    }

    fn remove(&mut self, key: &Key) {
        if let Some(entry) = self.entries.remove(key) {
            self.by_age.remove(&entry.put);
            self.by_use.remove(&entry.used);
            self.bytes -= entry.bytes;
        }
    }
}

#[cfg(test)]
mod tests;
