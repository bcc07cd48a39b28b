//! A mock wherever it runs, and the endpoints that its addresses become: `rest` is `openai` and `oip_rest`, `grpc` is `oip_grpc`.

use super::mock_process::MockProcess;
use super::mock_thread::MockThread;
use super::{Error, MockHost};
use crate::client::{Endpoint, Protocol, Secret};
use crate::units::Period;
use inferometer_mock::child::Addresses;
use inferometer_mock::{Fault, MockSpec, Page};
use tokio::time::{Instant, sleep_until};

/// A mock that listens. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Mock {
    /// What messages call it.
    called: String,
    place: Place,
    life: Life,
    /// When its time began.
    since: Instant,
    /// What will go wrong in it.
    faults: Vec<Fault>,
    /// By what it can be asked, an endpoint each.
    protocols: Vec<Protocol>,
}

/// Where a mock runs.
#[derive(Debug)]
enum Place {
    Process(Box<MockProcess>),
    Thread(MockThread),
}

/// How long a mock is meant to live.
#[derive(Debug)]
enum Life {
    /// As long as its target.
    Whole,
    /// Until then: the scenario wants to see what happens without it.
    Until(Instant),
    /// Since then it is dead to its clients, as it was meant to be. It can still tell what it wrote down.
    Over(Instant),
}

impl Mock {
    /// Starts a mock that messages call `called`, and waits until it listens. Its endpoints are those of `protocols`.
    pub(super) async fn start(
        called: &str,
        host: &MockHost,
        spec: &MockSpec,
        protocols: &[Protocol],
    ) -> Result<(Self, Vec<Endpoint>), Error> {
        let (place, addresses) = match host {
            MockHost::OwnProcess(executable) => {
                let (mock, addresses) = MockProcess::start(called, executable, spec).await?;
                (Place::Process(Box::new(mock)), addresses)
            }
            MockHost::OwnThread => {
                let (mock, addresses) = MockThread::start(called, spec).await?;
                (Place::Thread(mock), addresses)
            }
        };
        let mock = Self {
            called: called.to_owned(),
            place,
            life: Life::Whole,
            since: Instant::now(),
            faults: spec.faults.clone(),
            protocols: protocols.to_vec(),
        };
        Ok((mock, endpoints(&addresses, spec, protocols)))
    }

    /// The same mock, to be ended after `period` from now by whoever waits for [`died`](Self::died).
    pub(super) fn ending_after(self, period: Period) -> Self {
        Self {
            life: Life::Until(Instant::now() + period.duration()),
            ..self
        }
    }

    /// What messages call it.
    pub(super) fn called(&self) -> &str {
        &self.called
    }

    /// The id of its process, where it has one of its own that is still there.
    pub(super) fn process(&self) -> Option<u32> {
        match &self.place {
            Place::Process(process) => process.id(),
            Place::Thread(_) => None,
        }
    }

    /// Lets it begin again, with empty counters and journal; says whether it did.
    pub(super) async fn reset(&mut self) -> bool {
        let since = match (&self.life, &mut self.place) {
            (Life::Over(_), _) => None,
            (_, Place::Process(process)) => process.reset().await,
            (_, Place::Thread(thread)) => Some(thread.reset()),
        };
        self.since = since.unwrap_or(self.since);
        since.is_some()
    }

    /// When its time began: when it was started, or began again.
    pub(super) fn since(&self) -> Instant {
        self.since
    }

    /// When it dies as planned, or did.
    pub(super) fn death(&self) -> Option<Instant> {
        match self.life {
            Life::Whole => None,
            Life::Until(at) | Life::Over(at) => Some(at),
        }
    }

    /// What will go wrong in it.
    pub(super) fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// By what it can be asked, in the order of its endpoints.
    pub(super) fn protocols(&self) -> &[Protocol] {
        &self.protocols
    }

    /// A piece of its journal, from the request that ended as number `from` on; `None` if it is gone.
    pub(super) async fn journal(&mut self, from: u64) -> Option<Page> {
        match &mut self.place {
            Place::Process(process) => process.journal(from).await,
            Place::Thread(thread) => Some(thread.journal(from)),
        }
    }

    /// Waits until it ends by itself, and says how; ends it when its time has come, which is no death to tell of.
    /// Dropping the future loses nothing.
    pub(super) async fn died(&mut self) -> String {
        if let Life::Until(end) = self.life {
            tokio::select! {
                biased;
                () = sleep_until(end) => {}
                death = self.place.died() => return death,
            }
            self.life = Life::Over(self.place.die().await);
        }
        match self.life {
            Life::Whole | Life::Until(_) => self.place.died().await,
            Life::Over(_) => std::future::pending().await,
        }
    }

    /// Ends it and waits until it is gone.
    pub(super) async fn stop(self) {
        match self.place {
            Place::Process(process) => process.stop().await,
            Place::Thread(thread) => thread.stop().await,
        }
    }
}

impl Place {
    async fn died(&mut self) -> String {
        match self {
            Self::Process(process) => process.died().await,
            Self::Thread(thread) => thread.died().await,
        }
    }

    /// Lets it be dead to its clients, and says since when.
    async fn die(&mut self) -> Instant {
        match self {
            Self::Process(process) => process.die().await,
            Self::Thread(thread) => thread.die(),
        }
    }
}

/// The endpoints, with what it takes to enter them: the first of its keys, and the certificate that it has made for itself.
fn endpoints(addresses: &Addresses, spec: &MockSpec, protocols: &[Protocol]) -> Vec<Endpoint> {
    let enter = |endpoint: Endpoint| {
        let endpoint = match spec.api_keys.first() {
            Some(key) => endpoint.with_key(Secret::new(key.revealed())),
            None => endpoint,
        };
        match &addresses.certificate {
            Some(pem) => endpoint.trusting(pem),
            None => endpoint,
        }
    };
    let address = |protocol| match protocol {
        Protocol::Openai | Protocol::OipRest => &addresses.rest,
        Protocol::OipGrpc => &addresses.grpc,
    };
    let endpoint = |&protocol| enter(Endpoint::new(protocol, address(protocol)));
    protocols.iter().map(endpoint).collect()
}
