//! When the mocks of a target misbehave: the faults whose time is limited, and the deaths that were planned, each with the
//! endpoints that it strikes: `refuse at the mock "primary", at endpoint 0, from here to there`.

use super::Backend;
use super::mock::Mock;
use crate::client::Protocol;
use inferometer_mock::Fault;
use tokio::time::Instant;

/// A time in which a mock misbehaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Disturbance {
    /// The kind of the fault, such as `refuse`; `death` where the mock ends.
    pub fault: String,
    /// What messages call the mock.
    pub mock: String,
    /// The endpoints at which it can be met, as the target lists them.
    pub endpoints: Vec<usize>,
    /// When it begins. Before it has come it is known as well as the machine's clock; a death is known when it was.
    pub begins: Instant,
    /// When it ends; never when there is none.
    pub ends: Option<Instant>,
}

impl Backend {
    /// Every time in which a mock misbehaves, since the mocks last began anew: one mock after the other, each as its
    /// specification lists them. The list has the same entries before and after they have come.
    pub fn disturbances(&self) -> Vec<Disturbance> {
        let mut first = 0;
        let mut all = Vec::new();
        for mock in &self.mocks {
            all.extend(of_mock(mock, first));
            first += mock.protocols().len();
        }
        all
    }
}

/// What befalls one mock, whose first endpoint stands at `first`.
fn of_mock(mock: &Mock, first: usize) -> impl Iterator<Item = Disturbance> {
    let endpoints = move |concerns: &dyn Fn(Protocol) -> bool| -> Vec<usize> {
        let numbered = (first..).zip(mock.protocols());
        let struck = numbered.filter(|(_, protocol)| concerns(**protocol));
        struck.map(|(endpoint, _)| endpoint).collect()
    };
    let fault = move |fault: &Fault| {
        let window = fault.window()?;
        Some(Disturbance {
            fault: fault.kind().to_owned(),
            mock: mock.called().to_owned(),
            endpoints: endpoints(&|protocol| fault.concerns(spoken(protocol))),
            begins: mock.since() + window.from,
            ends: window.until.map(|until| mock.since() + until),
        })
    };
    let death = mock.death().map(|begins| Disturbance {
        fault: "death".to_owned(),
        mock: mock.called().to_owned(),
        endpoints: endpoints(&|_| true),
        begins,
        ends: None,
    });
    mock.faults().iter().filter_map(fault).chain(death)
}

/// The protocol in the mock's words.
fn spoken(protocol: Protocol) -> inferometer_mock::Protocol {
    match protocol {
        Protocol::Openai => inferometer_mock::Protocol::Openai,
        Protocol::OipRest => inferometer_mock::Protocol::OipRest,
        Protocol::OipGrpc => inferometer_mock::Protocol::OipGrpc,
    }
}
