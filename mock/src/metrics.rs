//! The page that Prometheus reads, under vLLM's names where vLLM has one and under `inferometer_mock_` where not, so that
//! a dashboard made for vLLM shows a mock too. It counts from the start of the mock, also over a reset: Prometheus wants
//! counters that only grow.
//!
//! ```text
//! vllm:time_to_first_token_seconds_bucket{engine="0",model_name="tiny",le="0.02"} 17
//! inferometer_mock_faults_total{kind="stall"} 3
//! ```
//!
//! All of it is fed when a request arrives, is admitted and ends, from its own record; a token costs nothing. Labels are
//! the names of models, protocols, outcomes and faults, all known from the start: no request can add one.

mod model;
mod page;

pub(crate) use page::CONTENT_TYPE;

use crate::fault::{EARLY_KINDS, KINDS};
use crate::journal::{End, Entry, Protocol};
use model::{Families, ModelMetrics};
use page::{counters, one};
use prometheus::{IntCounter, Registry};

const PROTOCOLS: [Protocol; 3] = [Protocol::Openai, Protocol::OipRest, Protocol::OipGrpc];
const ENDS: [End; 5] = [
    End::Answered,
    End::Refused,
    End::Rejected,
    End::Failed,
    End::Abandoned,
];

/// The live metrics of one mock.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    models: Vec<(String, ModelMetrics)>,
    /// By protocol and then by end, in the order of both lists.
    requests: Vec<IntCounter>,
    /// In the order of [`KINDS`], and then in that of [`EARLY_KINDS`].
    faults: Vec<IntCounter>,
}

/// Where a request stands that has not ended, as the gauges show it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gauge {
    /// Nobody knows what it asks for, or it names a model that there is not.
    Nowhere,
    /// Waiting to be worked on, for the model of this index.
    Waiting(usize),
    /// Being worked on, for the model of this index.
    Running(usize),
}

/// Why the text of an answer ended, in vLLM's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Finished {
    /// By itself: it was complete, or a stop sequence came.
    #[default]
    Stop,
    /// It had as many tokens as the request allowed.
    Length,
}

impl Gauge {
    /// The place of the request's model among all models, if it names one that there is.
    pub(crate) fn model(self) -> Option<usize> {
        match self {
            Self::Nowhere => None,
            Self::Waiting(index) | Self::Running(index) => Some(index),
        }
    }
}

impl Metrics {
    /// Metrics that have seen nothing, for these models.
    pub(crate) fn new<'a>(models: impl IntoIterator<Item = &'a str>) -> Self {
        let registry = Registry::new();
        let families = Families::new(&registry);
        let models = models.into_iter().map(|name| {
            let metrics = families.model(name);
            (name.to_owned(), metrics)
        });
        let requests = counters(
            &registry,
            "inferometer_mock_requests_total",
            "Requests that have ended, by protocol and by how they ended.",
            &["protocol", "end"],
        );
        let faults = counters(
            &registry,
            "inferometer_mock_faults_total",
            "Requests, and connections before their first one, that a fault has struck, by its kind.",
            &["kind"],
        );
        let every_end = PROTOCOLS
            .iter()
            .flat_map(|protocol| ENDS.iter().map(|end| [protocol.name(), end.name()]));
        Self {
            models: models.collect(),
            requests: every_end.map(|labels| one(&requests, &labels)).collect(),
            faults: kinds().map(|kind| one(&faults, &[kind])).collect(),
            registry,
        }
    }

    /// How many models there are.
    pub(crate) fn models(&self) -> usize {
        self.models.len()
    }

    /// Notes that a request waits that names `model`.
    pub(crate) fn wait(&self, model: &str) -> Gauge {
        let known = self.models.iter().position(|(name, _)| name == model);
        known.map_or(Gauge::Nowhere, |index| {
            self.at(index).inspect(|at| at.waiting.inc());
            Gauge::Waiting(index)
        })
    }

    /// Notes that a request is worked on from now on.
    pub(crate) fn admit(&self, gauge: Gauge) -> Gauge {
        match gauge {
            Gauge::Waiting(index) => {
                self.at(index).inspect(|at| {
                    at.waiting.dec();
                    at.running.inc();
                });
                Gauge::Running(index)
            }
            Gauge::Nowhere | Gauge::Running(_) => gauge,
        }
    }

    /// Notes that a request has ended.
    pub(crate) fn leave(
        &self,
        gauge: Gauge,
        fault: Option<&str>,
        finished: Finished,
        entry: &Entry,
    ) {
        if let Some(fault) = fault {
            self.strike(fault);
        }
        let mut labels = PROTOCOLS
            .iter()
            .flat_map(|protocol| ENDS.iter().map(move |end| (*protocol, *end)));
        let ended = labels.position(|labels| labels == (entry.protocol, entry.end));
        if let Some(count) = ended.and_then(|at| self.requests.get(at)) {
            count.inc();
        }
        match gauge {
            Gauge::Nowhere => {}
            Gauge::Waiting(index) => {
                self.at(index).inspect(|at| {
                    at.waiting.dec();
                    at.end(finished, entry);
                });
            }
            Gauge::Running(index) => {
                self.at(index).inspect(|at| {
                    at.running.dec();
                    at.end(finished, entry);
                });
            }
        }
    }

    /// Notes that a fault of this kind has struck a request that has ended, or a connection that has none yet.
    pub(crate) fn strike(&self, fault: &str) {
        let mut counts = kinds().zip(&self.faults);
        if let Some((_, count)) = counts.find(|(kind, _)| *kind == fault) {
            count.inc();
        }
    }

    /// The whole page.
    pub(crate) fn page(&self) -> String {
        page::text(&self.registry)
    }

    fn at(&self, index: usize) -> Option<&ModelMetrics> {
        self.models.get(index).map(|(_, metrics)| metrics)
    }
}

/// The name of every kind of fault.
fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().chain(EARLY_KINDS).copied()
}

#[cfg(test)]
mod tests;
