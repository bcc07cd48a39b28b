//! What stands before an endpoint: its breaker and, under `scope: model`, one for each of its models besides. Then failures
//! to connect count against the endpoint, all others against the model that was asked for.

use super::sign::Sign;
use super::{Breaker, EndpointState, Permit};
use crate::client::{BreakerConfig, ClientConfig, FailureKind, Scope};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// The breakers before one endpoint.
#[derive(Debug)]
pub(in crate::client) struct Guard {
    endpoint: Arc<Breaker>,
    models: Option<Models>,
}

impl Guard {
    /// What the configuration puts before an endpoint; `None` when that is nothing.
    pub(in crate::client) fn new(config: &ClientConfig) -> Option<Self> {
        let is_judged = config.breaker.is_some() || config.health_check.is_some();
        let by_model = config.breaker.as_ref();
        let by_model = by_model.filter(|breaker| breaker.scope == Scope::Model);
        is_judged.then(|| Self {
            endpoint: Arc::new(Breaker::new(config.breaker.clone())),
            models: by_model.cloned().map(Models::new),
        })
    }

    /// Lets a request through, for this model if it is for one, or says how long to wait until one may probe; no time at all
    /// while one does.
    pub(in crate::client) fn admit(
        &self,
        model: Option<&str>,
        now: Instant,
    ) -> Result<Pass, Duration> {
        let endpoint = self.endpoint.admit(now)?;
        let Some(models) = &self.models else {
            return Ok(Pass {
                endpoint,
                ..Pass::FREE
            });
        };
        let model = model.map_or(Ok(Permit::FREE), |model| models.breaker(model).admit(now))?;
        Ok(Pass {
            endpoint,
            model,
            scope: Scope::Model,
        })
    }

    /// The endpoint's state, and how often it was ejected.
    pub(in crate::client) fn state(&self, now: Instant) -> (EndpointState, u64) {
        self.endpoint.state(now)
    }

    /// Likewise of a model there; the endpoint's where it is not judged by itself.
    pub(in crate::client) fn model_state(&self, model: &str, now: Instant) -> (EndpointState, u64) {
        match &self.models {
            Some(models) => models.breaker(model).state(now),
            None => self.state(now),
        }
    }

    /// Checks find the endpoint unwell, and the next of them ends within `checked_within`.
    pub(in crate::client) fn found_unwell(&self, now: Instant, checked_within: Duration) {
        self.endpoint.found_unwell(now, checked_within);
    }

    /// Checks find the endpoint well.
    pub(in crate::client) fn found_well(&self, now: Instant) {
        self.endpoint.found_well(now);
    }
}

/// The right to ask an endpoint once, and the duty to say what came of it. Dropping it says nothing.
#[derive(Debug)]
pub(in crate::client) struct Pass {
    endpoint: Permit,
    model: Permit,
    scope: Scope,
}

impl Pass {
    /// For an endpoint that nothing stands before.
    pub(in crate::client) const FREE: Self = Self {
        endpoint: Permit::FREE,
        model: Permit::FREE,
        scope: Scope::Endpoint,
    };

    /// An answer has begun.
    pub(in crate::client) fn begun(&mut self) {
        self.endpoint.begun();
        self.model.begun();
    }

    /// The attempt has ended: with this failure, or well.
    pub(in crate::client) fn ends(self, failure: Option<FailureKind>, now: Instant) {
        let sign = |of: fn(FailureKind) -> Sign| failure.map_or(Sign::Well, of);
        match self.scope {
            Scope::Endpoint => self.endpoint.ends(sign(Sign::of), now),
            Scope::Model => {
                self.endpoint.ends(sign(Sign::of_endpoint), now);
                self.model.ends(sign(Sign::of_model), now);
            }
        }
    }
}

/// The most models of one endpoint that are remembered. Names come from whoever sends requests.
const MOST: usize = 64;

/// A breaker for each of the models that were asked for last.
#[derive(Debug)]
struct Models {
    config: BreakerConfig,
    /// The one asked for last is the last.
    known: Mutex<Vec<(Box<str>, Arc<Breaker>)>>,
}

impl Models {
    fn new(config: BreakerConfig) -> Self {
        Self {
            config,
            known: Mutex::default(),
        }
    }

    /// The breaker of a model. The one that was not asked for longest is forgotten when there are too many.
    fn breaker(&self, model: &str) -> Arc<Breaker> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((last, breaker)) = known.last()
            && **last == *model
        {
            return Arc::clone(breaker);
        }
        let found = known.iter().position(|(name, _)| **name == *model);
        let entry = match found {
            Some(at) => known.remove(at),
            None => (
                model.into(),
                Arc::new(Breaker::new(Some(self.config.clone()))),
            ),
        };
        if known.len() >= MOST {
            known.remove(0);
        }
        let breaker = Arc::clone(&entry.1);
        known.push(entry);
        breaker
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNWELL: Option<FailureKind> = Some(FailureKind::Http(503));

    fn guard() -> Guard {
        let config = ClientConfig {
            breaker: Some(BreakerConfig {
                failures: 2,
                scope: Scope::Model,
                ..BreakerConfig::default()
            }),
            ..ClientConfig::default()
        };
        Guard::new(&config).unwrap()
    }

    fn ask(guard: &Guard, model: &str, ends: Option<FailureKind>, now: Instant) {
        guard.admit(Some(model), now).unwrap().ends(ends, now);
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_is_out_is_ejected_and_the_others_are_not() {
        let (guard, now) = (guard(), Instant::now());

        ask(&guard, "out", UNWELL, now);
        ask(&guard, "out", Some(FailureKind::Http(404)), now);

        assert_eq!(
            guard.admit(Some("out"), now).unwrap_err(),
            Duration::from_secs(1)
        );
        assert!(guard.admit(Some("well"), now).is_ok());
        assert!(guard.admit(None, now).is_ok());
        assert_eq!(guard.state(now), (EndpointState::Admitting, 0));
        assert_eq!(guard.model_state("out", now), (EndpointState::Ejected, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_endpoint_that_cannot_be_reached_is_ejected_for_every_model() {
        let (guard, now) = (guard(), Instant::now());

        ask(&guard, "one", Some(FailureKind::Connect), now);

        assert!(guard.admit(Some("other"), now).is_err());
        assert_eq!(guard.state(now), (EndpointState::Ejected, 1));
        assert_eq!(guard.model_state("one", now), (EndpointState::Admitting, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_that_is_out_leaves_the_probe_of_its_endpoint_to_another() {
        let (guard, begun) = (guard(), Instant::now());
        ask(&guard, "out", UNWELL, begun);
        ask(&guard, "out", UNWELL, begun);
        ask(&guard, "well", Some(FailureKind::Connect), begun);
        let now = begun + Duration::from_millis(999);
        assert!(guard.admit(Some("out"), now).is_err());

        let later = begun + Duration::from_secs(1);
        let mut probe = guard.admit(Some("well"), later).unwrap();
        probe.begun();

        assert_eq!(guard.state(later), (EndpointState::Admitting, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_models_are_remembered_than_there_is_room_for() {
        let (guard, now) = (guard(), Instant::now());
        ask(&guard, "out", UNWELL, now);
        ask(&guard, "out", UNWELL, now);

        for model in 1..MOST {
            ask(&guard, &format!("model-{model}"), None, now);
        }
        assert!(guard.admit(Some("out"), now).is_err());
        for model in 0..MOST {
            ask(&guard, &format!("other-{model}"), None, now);
        }

        let models = guard.models.as_ref().unwrap();
        assert_eq!(models.known.lock().unwrap().len(), MOST);
        assert!(guard.admit(Some("out"), now).is_ok());
    }
}
