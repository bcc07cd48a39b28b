//! The models that a mock has, and which of them are ready. Loading takes time but no task: a model that is loading
//! knows when it will be ready, and is ready from then on.

use crate::spec::ModelSpec;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// All models, in the order of the specification.
#[derive(Debug)]
pub(crate) struct Repository {
    models: Vec<Model>,
}

#[derive(Debug)]
struct Model {
    name: String,
    load_time: Duration,
    life: Mutex<Life>,
}

#[derive(Debug, Clone, Copy)]
enum Life {
    Unloaded,
    LoadedFrom(Instant),
}

/// What a model can be seen to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Unloaded,
    Loading,
    Loaded,
}

/// Why a model cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The repository has no such model.
    #[error("The model `{0}` does not exist.")]
    Unknown(String),
    /// It is there, but not loaded, or not yet.
    #[error("The model `{0}` is not loaded.")]
    NotReady(String),
}

impl Repository {
    /// The repository that a specification lists; when it lists nothing, the one model `tiny`, loaded.
    pub(crate) fn new(specs: &[ModelSpec]) -> Self {
        let tiny = ModelSpec::named("tiny");
        let specs = if specs.is_empty() {
            std::slice::from_ref(&tiny)
        } else {
            specs
        };
        Self {
            models: specs.iter().map(Model::new).collect(),
        }
    }

    /// Every model with its state.
    pub(crate) fn index(&self) -> impl Iterator<Item = (&str, State)> {
        self.models
            .iter()
            .map(|model| (model.name.as_str(), model.state()))
    }

    /// The names of the models that are ready.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &str> {
        self.index()
            .filter(|(_, state)| *state == State::Loaded)
            .map(|(name, _)| name)
    }

    /// The state of one model.
    pub(crate) fn state(&self, name: &str) -> Result<State, Error> {
        Ok(self.find(name)?.state())
    }

    /// Succeeds only for a model that can answer now.
    pub(crate) fn require(&self, name: &str) -> Result<(), Error> {
        match self.state(name)? {
            State::Loaded => Ok(()),
            State::Loading | State::Unloaded => Err(Error::NotReady(name.to_owned())),
        }
    }

    /// Loads a model and waits until it is ready. One that is loading already is waited for, one that is loaded stays
    /// so. A caller that leaves does not stop the loading.
    pub(crate) async fn load(&self, name: &str) -> Result<(), Error> {
        let ready_at = self.find(name)?.start_loading();
        if ready_at > Instant::now() {
            sleep_until(ready_at).await;
        }
        // Unloaded by someone else in the meantime?
        self.require(name)
    }

    /// Unloads a model at once, loaded or not.
    pub(crate) fn unload(&self, name: &str) -> Result<(), Error> {
        self.find(name)?.set(Life::Unloaded);
        Ok(())
    }

    fn find(&self, name: &str) -> Result<&Model, Error> {
        self.models
            .iter()
            .find(|model| model.name == name)
            .ok_or_else(|| Error::Unknown(name.to_owned()))
    }
}

impl Model {
    fn new(spec: &ModelSpec) -> Self {
        let life = if spec.loaded {
            Life::LoadedFrom(Instant::now())
        } else {
            Life::Unloaded
        };
        Self {
            name: spec.name.clone(),
            load_time: spec.load_time.duration(),
            life: Mutex::new(life),
        }
    }

    fn state(&self) -> State {
        match *self.life.lock().unwrap_or_else(PoisonError::into_inner) {
            Life::Unloaded => State::Unloaded,
            Life::LoadedFrom(ready_at) if ready_at > Instant::now() => State::Loading,
            Life::LoadedFrom(_) => State::Loaded,
        }
    }

    fn start_loading(&self) -> Instant {
        let mut life = self.life.lock().unwrap_or_else(PoisonError::into_inner);
        match *life {
            Life::LoadedFrom(ready_at) => ready_at,
            Life::Unloaded => {
                let ready_at = Instant::now() + self.load_time;
                *life = Life::LoadedFrom(ready_at);
                ready_at
            }
        }
    }

    fn set(&self, life: Life) {
        *self.life.lock().unwrap_or_else(PoisonError::into_inner) = life;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repository() -> Repository {
        let spec = |name: &str, loaded, seconds| ModelSpec {
            loaded,
            load_time: Duration::from_secs(seconds).into(),
            ..ModelSpec::named(name)
        };
        Repository::new(&[spec("small", true, 1), spec("large", false, 10)])
    }

    #[tokio::test]
    async fn an_empty_list_means_the_one_model_tiny_loaded() {
        assert_eq!(
            Repository::new(&[]).index().collect::<Vec<_>>(),
            [("tiny", State::Loaded)]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn loading_takes_its_time_and_can_be_watched() {
        let repository = repository();
        let started = Instant::now();

        let (loaded, ()) = tokio::join!(repository.load("large"), async {
            tokio::time::advance(Duration::from_secs(9)).await;
            assert_eq!(repository.state("large"), Ok(State::Loading));
            assert_eq!(repository.ready().collect::<Vec<_>>(), ["small"]);
        });

        assert_eq!(loaded, Ok(()));
        assert_eq!(started.elapsed(), Duration::from_secs(10));
        assert_eq!(repository.ready().collect::<Vec<_>>(), ["small", "large"]);
    }

    #[tokio::test(start_paused = true)]
    async fn two_loads_of_one_model_end_together() {
        let repository = repository();
        let started = Instant::now();

        let (first, second) = tokio::join!(repository.load("large"), repository.load("large"));

        assert_eq!((first, second), (Ok(()), Ok(())));
        assert_eq!(started.elapsed(), Duration::from_secs(10));
    }

    #[tokio::test(start_paused = true)]
    async fn a_model_unloaded_while_loading_is_not_ready() {
        let repository = repository();

        let (loaded, unloaded) = tokio::join!(repository.load("large"), async {
            repository.unload("large")
        });

        assert_eq!(unloaded, Ok(()));
        assert_eq!(loaded, Err(Error::NotReady("large".to_owned())));
    }

    #[tokio::test]
    async fn the_unknown_can_neither_be_loaded_nor_unloaded() {
        let unknown = Err(Error::Unknown("absent".to_owned()));

        assert_eq!(repository().load("absent").await, unknown);
        assert_eq!(repository().unload("absent"), unknown);
        assert_eq!(
            repository().require("large"),
            Err(Error::NotReady("large".to_owned()))
        );
    }
}
