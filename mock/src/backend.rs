//! The one server behind all protocols: what it knows, what it decides, what it remembers.

use crate::batching::Batch;
use crate::behaviour::{Behaviour, Welcome};
use crate::burden::Burden;
use crate::capacity::{Capacity, Occupancy};
use crate::connection::{Connection, Port};
use crate::journal::{Operation, Protocol};
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::repository::Repository;
use crate::signature::Signatures;
use crate::spec::{Error, MockSpec};
use crate::tally::Counters;
use crate::timer::Timer;
use crate::visit::{Ledger, Visit};
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// Output tokens when a request does not say how many.
pub(crate) const DEFAULT_TOKENS: u32 = 16;

/// The most output tokens that a request may ask for: the context of a large model, so that no request can ask for
/// memory without end.
pub(crate) const MOST_TOKENS: u32 = 131_072;

/// The largest request body, in bytes, on every protocol.
pub(crate) const LARGEST_BODY: usize = 4 * 1024 * 1024;

/// The header and metadata key by which a request says its id.
pub(crate) const REQUEST_ID: &str = "x-request-id";

/// Everything that the protocols share.
#[derive(Debug)]
pub(crate) struct Backend {
    /// Which models there are.
    pub(crate) repository: Repository,
    /// What happened.
    pub(crate) ledger: Arc<Ledger>,
    /// What each of them takes and gives.
    pub(crate) signatures: Signatures,
    /// Who may ask.
    pub(crate) keys: Keys,
    /// The longest wait between two pieces of a request's body.
    pub(crate) body_read: Duration,
    behaviour: RwLock<Arc<Behaviour>>,
    /// Tells who has to know at once that it behaves differently.
    changed: watch::Sender<()>,
    /// As it was started: its places can be taken, so they cannot be changed.
    capacity: Arc<Capacity>,
    /// In place of the capacity, where requests share steps.
    batch: Option<Arc<Batch>>,
    /// What each request costs beyond its answer.
    burden: Burden,
    timer: Timer,
}

impl Backend {
    /// A backend that behaves as specified, in the time that `timer` measures.
    pub(crate) fn try_new(spec: MockSpec, timer: Timer) -> Result<Self, Error> {
        let spec = spec.resolved();
        let journal = spec.journal;
        let behaviour = Behaviour::try_new(spec, Instant::now())?;
        let spec = behaviour.spec();
        let signatures = Signatures::new(&spec.models, spec.seed.unwrap_or_default());
        let body_read = spec.limits.body_read.duration();
        let repository = Repository::new(spec);
        let metrics = Metrics::new(repository.index().map(|(model, _)| model));
        let capacity = spec.capacity.clone().unwrap_or_default();
        let batch = spec
            .batching
            .map(|batching| Arc::new(Batch::new(batching, &capacity, &timer)));
        Ok(Self {
            repository,
            batch,
            keys: Keys::new(&spec.api_keys),
            signatures,
            capacity: Arc::new(Capacity::new(&capacity)),
            ledger: Arc::new(Ledger::new(journal, metrics)),
            body_read,
            behaviour: RwLock::new(Arc::new(behaviour)),
            changed: watch::Sender::default(),
            burden: Burden::default(),
            timer,
        })
    }

    /// Notes the arrival of a request, now, on a connection where that is known.
    pub(crate) fn arrive(
        &self,
        protocol: Protocol,
        operation: Operation,
        connection: Option<&Connection>,
    ) -> Visit {
        self.ledger.arrive(protocol, operation, connection)
    }

    /// How it behaves at present.
    pub(crate) fn behaviour(&self) -> Arc<Behaviour> {
        let behaviour = self.behaviour.read();
        Arc::clone(&behaviour.unwrap_or_else(PoisonError::into_inner))
    }

    /// Behaves differently from the next request on.
    pub(crate) fn change<E: From<Error>>(
        &self,
        change: impl FnOnce(&mut MockSpec) -> Result<(), E>,
    ) -> Result<(), E> {
        // Held throughout, so that of two changes at once neither is lost.
        let mut present = self.present();
        let mut spec = present.spec().clone();
        change(&mut spec)?;
        *present = Arc::new(Behaviour::try_new(spec, present.since())?);
        drop(present);
        self.changed.send_replace(());
        Ok(())
    }

    /// Begins again, as if the mock had just started, and says when its time begins.
    pub(crate) fn reset(&self) -> Instant {
        let mut present = self.present();
        // What was sound once is sound still.
        if let Ok(anew) = Behaviour::try_new(present.spec().clone(), Instant::now()) {
            *present = Arc::new(anew);
        }
        let since = present.since();
        drop(present);
        self.ledger.tally.clear();
        self.ledger.statistics.clear();
        self.ledger.journal.clear();
        self.changed.send_replace(());
        since
    }

    /// Is told of every change of behaviour from now on, and of every reset.
    pub(crate) fn changes(&self) -> watch::Receiver<()> {
        self.changed.subscribe()
    }

    /// Says how a connection that has come on this port is met, and counts what befalls it.
    pub(crate) fn welcome(&self, port: Port) -> Welcome {
        let number = self.ledger.tally.connect(port);
        let (welcome, fault) = self.behaviour().welcome(port, number, Instant::now());
        if let Some(kind) = fault {
            self.ledger.befall(kind);
        }
        welcome
    }

    /// What has happened so far, and what is going on.
    pub(crate) fn counters(&self) -> Counters {
        let Occupancy { running, waiting } = match &self.batch {
            Some(batch) => batch.occupancy(),
            None => self.capacity.occupancy(),
        };
        Counters {
            running,
            waiting,
            ..self.ledger.tally.counters()
        }
    }

    fn present(&self) -> RwLockWriteGuard<'_, Arc<Behaviour>> {
        let present = self.behaviour.write();
        present.unwrap_or_else(PoisonError::into_inner)
    }

    /// Where requests get their places.
    pub(crate) fn capacity(&self) -> &Arc<Capacity> {
        &self.capacity
    }

    /// Where requests get their tokens, if they share steps.
    pub(crate) fn batch(&self) -> Option<&Arc<Batch>> {
        self.batch.as_ref()
    }

    /// What each request costs beyond its answer.
    pub(crate) fn burden(&self) -> &Burden {
        &self.burden
    }

    /// What its waits are measured with.
    pub(crate) fn timer(&self) -> &Timer {
        &self.timer
    }
}

/// The number of earlier attempts that a request tells, in whatever header its protocol has for it; none when it tells
/// nothing, or nothing that is a number.
pub(crate) fn earlier_attempts(told: Option<&str>) -> u32 {
    told.and_then(|told| told.parse().ok()).unwrap_or_default()
}

/// The number of output tokens that a request asks for, if a server would accept it.
pub(crate) fn accept_tokens(asked: i64) -> Result<u32, TokensOutOfRange> {
    u32::try_from(asked)
        .ok()
        .filter(|tokens| (1..=MOST_TOKENS).contains(tokens))
        .ok_or(TokensOutOfRange { asked })
}

/// More output tokens asked for than there can be, or fewer than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {MOST_TOKENS} output tokens, found `{asked}`")]
pub(crate) struct TokensOutOfRange {
    asked: i64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_tells_no_number_of_earlier_attempts_makes_the_first() {
        for told in [None, Some(""), Some("0"), Some("-1"), Some("many")] {
            assert_eq!(earlier_attempts(told), 0, "{told:?}");
        }
        assert_eq!(earlier_attempts(Some("2")), 2);
    }
}
