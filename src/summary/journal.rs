//! What the target's own journal says of a stage, beside what its client says of the same requests, warm-up and drain
//! included: `{ "requests": 1000, "answered": 990, "failed": 10, "output_tokens": 15840, "client": { "answered": 990 } }`.

use super::added::{Added, Comparison, Told};
use super::books::ClientBooks;
use super::distribution::Distribution;
use super::recorder::Timing;
use super::stage::TokenSources;
use super::streams::Recorders;
use crate::units::{Offset, wide};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// What the journals of a stage's mocks say, added up.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub struct Journal {
    /// Requests that came and have ended, each attempt by itself.
    pub requests: u64,
    /// Of these, answered to their end.
    pub answered: u64,
    /// Refused for a mistake of the client.
    pub refused: u64,
    /// Turned away because the mock was full.
    pub rejected: u64,
    /// Answered with an error, or broken off, by a fault.
    pub failed: u64,
    /// Given up by the client before their end.
    pub abandoned: u64,
    /// Requests that came again with the id and the number of an attempt that had come before.
    pub repeated: u64,
    /// Executions that began of requests that had begun to be executed before, here or at another mock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duplicated: Option<u64>,
    /// Output tokens of the requests that were answered.
    pub output_tokens: u64,
    /// Requests that a fault struck, by its kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub faults: BTreeMap<String, u64>,
    /// How much later each piece of an answer was written than it was due.
    pub lateness: Distribution,
    /// What the instrument added to the times of single requests.
    #[serde(default)]
    pub added: Added,
    /// Requests that the journals had no room for; they are not among `requests`.
    pub forgotten: u64,
    /// Requests that had not ended a second after the load was over.
    #[serde(default)]
    pub left_behind: u64,
    /// Mocks that did not tell their journals.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<String>,
    /// What the client says of the whole stage.
    pub client: ClientBooks,
}

/// One request as the journal has it.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Its id.
    pub id: &'a str,
    /// The place of its load stream among those of the stage, and its number there; `None` where the id is none of the stage's.
    pub request: Option<(usize, u64)>,
    /// How many attempts of it had come before, as it told.
    pub attempt: u32,
    /// How it ended.
    pub end: VisitEnd,
    /// When its head had been read.
    pub arrived: Offset,
    /// When its execution began; `None` where it never did.
    pub executed: Option<Offset>,
    /// The fault that struck it.
    pub fault: Option<&'a str>,
    /// Output tokens of its whole answer.
    pub output_tokens: u32,
    /// When each piece of its answer was written, and how much later than it was due.
    pub writes: &'a [(Offset, Duration)],
}

/// How a request ended, in the journal's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitEnd {
    /// Answered to its end.
    Answered,
    /// Refused for a mistake of the client.
    Refused,
    /// Turned away for want of room.
    Rejected,
    /// Answered with an error, or broken off.
    Failed,
    /// Given up by the client.
    Abandoned,
}

/// Adds up the requests of a journal.
#[derive(Debug)]
pub struct JournalReader<'a> {
    journal: Journal,
    comparison: Comparison<'a>,
    lateness: Timing,
    seen: BTreeSet<(Box<str>, u32)>,
    /// When each request was first executed.
    executed: BTreeMap<Box<str>, Offset>,
    duplicates: Vec<Offset>,
}

impl<'a> JournalReader<'a> {
    /// A reader that holds the times of a journal against those that a client recorded of the same stage.
    pub fn beside(recorders: &'a Recorders) -> Self {
        Self {
            journal: Journal::default(),
            comparison: Comparison::of(recorders.evidence()),
            lateness: Timing::new(),
            seen: BTreeSet::new(),
            executed: BTreeMap::new(),
            duplicates: Vec::new(),
        }
    }

    /// Notes one request.
    pub fn note(&mut self, visit: Visit<'_>) {
        let journal = &mut self.journal;
        journal.requests += 1;
        let place = match visit.end {
            VisitEnd::Answered => {
                journal.output_tokens += u64::from(visit.output_tokens);
                &mut journal.answered
            }
            VisitEnd::Refused => &mut journal.refused,
            VisitEnd::Rejected => &mut journal.rejected,
            VisitEnd::Failed => &mut journal.failed,
            VisitEnd::Abandoned => &mut journal.abandoned,
        };
        *place += 1;
        if let Some(fault) = visit.fault {
            *journal.faults.entry(fault.to_owned()).or_default() += 1;
        }
        if !self.seen.insert((visit.id.into(), visit.attempt)) {
            journal.repeated += 1;
        }
        for (_, late) in visit.writes {
            self.lateness.record(*late);
        }
        if let Some((stream, seq)) = visit.request {
            self.comparison.note(Told {
                stream,
                seq,
                attempt: visit.attempt,
                arrived: visit.arrived,
                writes: visit.writes,
            });
        }
        if let Some(at) = visit.executed {
            self.execute(visit.id, at);
        }
    }

    /// One mock's requests come after another's, so the first that is told need not have been the first.
    fn execute(&mut self, id: &str, at: Offset) {
        match self.executed.get_mut(id) {
            Some(first) => {
                self.duplicates.push(at.max(*first));
                *first = at.min(*first);
            }
            None => {
                self.executed.insert(id.into(), at);
            }
        }
    }

    /// When executions began of requests that had begun to be executed before, in no order.
    pub fn duplicates(&self) -> &[Offset] {
        &self.duplicates
    }

    /// The facts, with what was left out of the journals.
    pub fn finish(self, forgotten: u64, silent: Vec<String>) -> Journal {
        Journal {
            added: self.comparison.finish(),
            lateness: self.lateness.kept(),
            duplicated: Some(wide(self.duplicates.len())),
            forgotten,
            silent,
            ..self.journal
        }
    }
}

impl Journal {
    /// Was there nothing that could not be heard?
    pub fn is_whole(&self) -> bool {
        self.forgotten == 0 && self.silent.is_empty()
    }

    /// Does it agree with the client? `None` where it is not whole, and so cannot say.
    pub fn agrees(&self) -> Option<bool> {
        Some(self.answers_agree()? && self.cancellations_agree()?)
    }

    /// Does it agree about answers? `None` where it is not whole. The client may have fewer answers
    /// than the mock gave, because it gave some up or found them damaged, but never more; with equally many, the server's
    /// own token counts, where the client heard no others, must be those that the mock gave.
    pub(super) fn answers_agree(&self) -> Option<bool> {
        if !self.is_whole() {
            return None;
        }
        let client = &self.client;
        let same_answers = client.answered == self.answered;
        let same_tokens = client.token_source != TokenSources::Usage
            || client.output_tokens == self.output_tokens;
        Some(client.answered < self.answered || same_answers && same_tokens)
    }

    /// Does it agree about the requests that their callers gave up? `None` where it is not whole. Each of them was given
    /// up in the target too, unless it never came there, or had ended there before its end was known.
    pub(super) fn cancellations_agree(&self) -> Option<bool> {
        if !self.is_whole() {
            return None;
        }
        let client = &self.client;
        let never_came = client.attempts.saturating_sub(self.requests);
        let answered_unheard = self.answered.saturating_sub(client.answered);
        let ended_otherwise = answered_unheard + self.refused + self.rejected + self.failed;
        Some(client.cancelled <= self.abandoned + never_came + ended_otherwise)
    }

    /// Adds the journal of another generator's stage, whose target was its own.
    pub(super) fn add(&mut self, other: &Self) {
        self.requests += other.requests;
        self.answered += other.answered;
        self.refused += other.refused;
        self.rejected += other.rejected;
        self.failed += other.failed;
        self.abandoned += other.abandoned;
        self.repeated += other.repeated;
        let both = self.duplicated.zip(other.duplicated);
        self.duplicated = both.map(|(mine, theirs)| mine + theirs);
        self.output_tokens += other.output_tokens;
        self.forgotten += other.forgotten;
        self.left_behind += other.left_behind;
        self.lateness.merge(&other.lateness);
        self.added.add(&other.added);
        self.silent.extend(other.silent.iter().cloned());
        self.client.add(&other.client);
        for (kind, count) in &other.faults {
            *self.faults.entry(kind.clone()).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::summary::Recorder;
    use crate::summary::fixture::WINDOW;

    fn visit(id: &str, end: VisitEnd) -> Visit<'_> {
        Visit {
            id,
            request: None,
            attempt: 0,
            end,
            arrived: Offset::ZERO,
            executed: Some(Offset::from_millis(5)),
            fault: None,
            output_tokens: 4,
            writes: &[],
        }
    }

    #[test]
    fn requests_are_counted_by_their_end_and_their_fault_and_repetitions_are_found() {
        let recorders = Recorders::from(Recorder::new(WINDOW));
        let mut reader = JournalReader::beside(&recorders);
        let late = |micros| (Offset::ZERO, Duration::from_micros(micros));

        reader.note(Visit {
            writes: &[late(10), late(20)],
            ..visit("a", VisitEnd::Answered)
        });
        reader.note(visit("a", VisitEnd::Answered));
        let retried = Visit {
            attempt: 1,
            fault: Some("reset"),
            writes: &[late(30)],
            ..visit("a", VisitEnd::Failed)
        };
        reader.note(retried);
        let journal = reader.finish(2, vec!["the mock `b`".to_owned()]);

        assert_eq!((journal.requests, journal.answered), (3, 2));
        assert_eq!((journal.failed, journal.repeated), (1, 1));
        assert_eq!(journal.output_tokens, 8);
        assert_eq!(journal.faults, BTreeMap::from([("reset".to_owned(), 1)]));
        assert_eq!((journal.lateness.n, journal.lateness.max), (3, 30_000));
        assert!(!journal.is_whole());
        assert_eq!(journal.agrees(), None);
    }

    #[test]
    fn a_client_may_have_fewer_answers_than_the_mock_gave_but_no_others() {
        let said = |answered, output_tokens, token_source| Journal {
            answered: 2,
            output_tokens: 8,
            client: ClientBooks {
                attempts: 3,
                answered,
                cancelled: 0,
                output_tokens,
                token_source,
                cached: 40,
            },
            ..Journal::default()
        };

        assert_eq!(said(2, 8, TokenSources::Usage).agrees(), Some(true));
        assert_eq!(said(1, 4, TokenSources::Usage).agrees(), Some(true));
        assert_eq!(said(2, 6, TokenSources::Chunks).agrees(), Some(true));
        assert_eq!(said(2, 7, TokenSources::Usage).agrees(), Some(false));
        assert_eq!(said(3, 12, TokenSources::Usage).agrees(), Some(false));
    }

    #[test]
    fn what_callers_gave_up_was_given_up_in_the_target_or_had_ended_or_never_came() {
        let said = |abandoned, answered, attempts| Journal {
            requests: 10,
            answered,
            abandoned,
            client: ClientBooks {
                attempts,
                answered: 6,
                cancelled: 4,
                ..ClientBooks::default()
            },
            ..Journal::default()
        };

        assert_eq!(said(4, 6, 10).agrees(), Some(true));
        assert_eq!(said(3, 7, 10).agrees(), Some(true));
        assert_eq!(said(3, 6, 11).agrees(), Some(true));
        assert_eq!(said(3, 6, 10).agrees(), Some(false));
    }
}
