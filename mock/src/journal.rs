//! The journal of the truth: every request that ended, with the time of each write, for a load generator to hold its own
//! numbers against. Memory is bounded: over either bound the requests that ended first are forgotten, and counted.
//!
//! ```yaml
//! journal: { requests: 100000, writes: 2000000 }
//! ```

mod entry;
mod follower;

pub use entry::{End, Entry, LONGEST_NAME, Operation, Protocol, Write};
pub use follower::Follower;

use crate::spec::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How much the journal remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JournalSpec {
    /// The most requests, about 200 bytes each; 0 keeps no journal.
    pub requests: usize,
    /// The most writes of all requests together, 16 bytes each.
    pub writes: usize,
}

impl Default for JournalSpec {
    fn default() -> Self {
        Self {
            requests: 100_000,
            writes: 2_000_000,
        }
    }
}

/// More could not be held in memory by the machines that this runs on.
const MOST: usize = 100_000_000;

impl JournalSpec {
    /// Refuses more than a machine can hold.
    pub(crate) fn check(&self) -> Result<(), Error> {
        for (field, bound) in [("requests", self.requests), ("writes", self.writes)] {
            if bound > MOST {
                return Err(Error::unfit(field, "at most 100000000", bound));
            }
        }
        Ok(())
    }
}

/// The requests that have ended, in the order in which they did.
#[derive(Debug)]
pub(crate) struct Journal {
    bounds: JournalSpec,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: VecDeque<Entry>,
    writes: usize,
    forgotten: u64,
    /// How often everything was forgotten on purpose.
    clearings: u64,
}

/// How far a reader is who reads on and on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    next: u64,
    clearings: u64,
}

/// The most requests that are sent at a time.
const PIECE: usize = 256;
/// The most writes that are sent with them, if it is not one request alone that has more.
const PIECE_WRITES: usize = 16_384;

/// Numbers of requests, `next` not among them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) start: u64,
    pub(crate) next: u64,
}

/// Some of the journal, in the order in which requests ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The requests.
    pub entries: Vec<Entry>,
    /// Where the next page begins.
    pub next: u64,
    /// Requests before this page that were asked for and are forgotten.
    pub forgotten: u64,
    /// Requests that had arrived and not ended when the page was made.
    #[serde(default)]
    pub under_way: u64,
}

impl Journal {
    /// An empty journal.
    pub(crate) fn new(bounds: JournalSpec) -> Self {
        Self {
            bounds,
            kept: Mutex::default(),
        }
    }

    /// Are writes remembered at all?
    pub(crate) fn wants_writes(&self) -> bool {
        self.bounds.requests > 0 && self.bounds.writes > 0
    }

    /// Writes a request down that has ended.
    pub(crate) fn push(&self, entry: Entry) {
        let mut kept = self.kept();
        kept.writes += entry.writes.len();
        kept.entries.push_back(entry);
        while kept.entries.len() > self.bounds.requests || kept.writes > self.bounds.writes {
            let Some(oldest) = kept.entries.pop_front() else {
                break;
            };
            kept.writes -= oldest.writes.len();
            kept.forgotten += 1;
        }
    }

    /// At most `most` requests, from the one that ended as number `from` on, counted from 0.
    pub(crate) fn page(&self, from: u64, most: usize) -> Page {
        self.kept().page(from, most, usize::MAX)
    }

    /// The same, up to but without number `until`, and no more than are sent at a time.
    pub(crate) fn piece(&self, from: u64, until: u64) -> Page {
        let most = usize::try_from(until.saturating_sub(from)).unwrap_or(usize::MAX);
        let mut page = self.kept().page(from, most.min(PIECE), PIECE_WRITES);
        // What was forgotten in the meantime moved the page on.
        let over = usize::try_from(page.next.saturating_sub(until)).unwrap_or(usize::MAX);
        page.entries
            .truncate(page.entries.len().saturating_sub(over));
        page.next = page.next.min(until);
        page
    }

    /// What ended since `place`, no more than is sent at a time; an empty page is the end for now. Where everything was
    /// forgotten on purpose in the meantime, it goes on from the beginning.
    pub(crate) fn follow(&self, place: &mut Place) -> Page {
        let kept = self.kept();
        if kept.clearings != place.clearings {
            *place = Place {
                next: 0,
                clearings: kept.clearings,
            };
        }
        let page = kept.page(place.next, PIECE, PIECE_WRITES);
        place.next = page.next;
        page
    }

    /// Which requests there are among the `most` from number `from` on.
    pub(crate) fn range(&self, from: u64, most: u64) -> Range {
        let kept = self.kept();
        let start = from.max(kept.forgotten);
        let count = u64::try_from(kept.entries.len()).unwrap_or(u64::MAX);
        let end = kept.forgotten.saturating_add(count);
        Range {
            start,
            next: start.saturating_add(most).min(end.max(start)),
        }
    }

    /// Forgets everything, as if nothing had happened.
    pub(crate) fn clear(&self) {
        let mut kept = self.kept();
        *kept = Kept {
            clearings: kept.clearings + 1,
            ..Kept::default()
        };
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    /// At most `most` requests with together at most `writes` writes, but one at least.
    fn page(&self, from: u64, most: usize, writes: usize) -> Page {
        let skip = usize::try_from(from.saturating_sub(self.forgotten)).unwrap_or(usize::MAX);
        let mut entries = Vec::new();
        let mut left = writes;
        for entry in self.entries.iter().skip(skip).take(most) {
            if entry.writes.len() > left && !entries.is_empty() {
                break;
            }
            left = left.saturating_sub(entry.writes.len());
            entries.push(entry.clone());
        }
        let first = from.max(self.forgotten);
        let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
        Page {
            entries,
            next: first.saturating_add(count),
            forgotten: first - from,
            under_way: 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(number: u64, writes: usize) -> Entry {
        Entry {
            number,
            id: format!("r-{number}").into(),
            attempt: 0,
            protocol: Protocol::Openai,
            operation: Operation::Chat,
            model: "tiny".into(),
            prompt_tokens: 3,
            output_tokens: 2,
            arrived_ns: 10,
            admitted_ns: Some(10),
            fault: None,
            writes: vec![
                Write {
                    at_ns: 20,
                    late_ns: 1,
                    tokens: 1
                };
                writes
            ],
            ended_ns: 30,
            end: End::Answered,
        }
    }

    fn numbers(page: &Page) -> Vec<u64> {
        page.entries.iter().map(|entry| entry.number).collect()
    }

    #[test]
    fn pages_follow_each_other_and_an_empty_one_is_the_end() {
        let journal = Journal::new(JournalSpec::default());
        (0..5).for_each(|number| journal.push(entry(number, 1)));

        let first = journal.page(0, 3);
        let second = journal.page(first.next, 3);
        let end = journal.page(second.next, 3);

        assert_eq!((numbers(&first), first.next), (vec![0, 1, 2], 3));
        assert_eq!((numbers(&second), second.next), (vec![3, 4], 5));
        assert_eq!((numbers(&end), end.next, end.forgotten), (vec![], 5, 0));
    }

    #[test]
    fn over_either_bound_the_oldest_are_forgotten_and_counted() {
        let journal = Journal::new(JournalSpec {
            requests: 3,
            writes: 10,
        });

        (0..5).for_each(|number| journal.push(entry(number, 1)));
        let by_requests = journal.page(0, 10);
        journal.push(entry(5, 9));
        let by_writes = journal.page(3, 10);

        assert_eq!(
            (numbers(&by_requests), by_requests.forgotten),
            (vec![2, 3, 4], 2)
        );
        assert_eq!((numbers(&by_writes), by_writes.forgotten), (vec![4, 5], 1));
    }

    #[test]
    fn pieces_are_bounded_by_their_writes_and_by_where_they_end() {
        let journal = Journal::new(JournalSpec::default());
        (0..4).for_each(|number| journal.push(entry(number, PIECE_WRITES / 2)));

        assert_eq!(numbers(&journal.piece(0, 4)), [0, 1]);
        assert_eq!(numbers(&journal.piece(1, 2)), [1]);
        assert_eq!(numbers(&journal.piece(4, 4)), [0; 0]);
        assert_eq!(journal.range(1, 2), Range { start: 1, next: 3 });
        assert_eq!(journal.range(3, 9), Range { start: 3, next: 4 });
        assert_eq!(journal.range(9, 9), Range { start: 9, next: 9 });
    }

    #[test]
    fn what_is_forgotten_between_two_pieces_is_left_out_and_nothing_added() {
        let journal = Journal::new(JournalSpec {
            requests: 3,
            writes: 10,
        });
        (0..5).for_each(|number| journal.push(entry(number, 1)));

        let piece = journal.piece(0, 4);

        assert_eq!((numbers(&piece), piece.next), (vec![2, 3], 4));
        assert_eq!(journal.range(0, 1), Range { start: 2, next: 3 });
        assert_eq!(numbers(&journal.piece(0, 2)), [0; 0]);
    }

    #[test]
    fn a_follower_reads_every_request_once_and_begins_anew_when_all_was_cleared() {
        let journal = Journal::new(JournalSpec {
            requests: 3,
            writes: 10,
        });
        let mut place = Place::default();

        (0..2).for_each(|number| journal.push(entry(number, 1)));
        let begin = journal.follow(&mut place);
        let nothing_new = journal.follow(&mut place);
        (2..7).for_each(|number| journal.push(entry(number, 1)));
        let late = journal.follow(&mut place);
        journal.clear();
        journal.push(entry(0, 1));
        let anew = journal.follow(&mut place);

        assert_eq!(numbers(&begin), [0, 1]);
        assert_eq!(numbers(&nothing_new), [0; 0]);
        assert_eq!((numbers(&late), late.forgotten), (vec![4, 5, 6], 2));
        assert_eq!((numbers(&anew), anew.forgotten), (vec![0], 0));
    }

    #[test]
    fn a_journal_of_no_requests_keeps_none() {
        let journal = Journal::new(JournalSpec {
            requests: 0,
            writes: 10,
        });

        journal.push(entry(0, 1));

        assert_eq!(journal.page(0, 10).forgotten, 1);
        assert!(!journal.wants_writes());
    }

    #[test]
    fn hostile_ids_stay_inside_their_line() {
        let mut hostile = entry(0, 0);
        hostile.id = "a\"}\n\u{1b}[31m".into();

        let line = serde_json::to_string(&hostile).unwrap();

        assert!(line.contains(r#""id":"a\"}\n\u001b[31m""#), "{line}");
        assert_eq!(serde_json::from_str::<Entry>(&line).unwrap(), hostile);
    }
}
