//! The models that a mock has, and which of them are ready. Loading takes time but no task: what a model is follows from
//! what was asked of it and when. All of it behaves as Triton does under explicit control: a load answers when the model
//! is ready or has failed, an unload at once; requests in flight end before the model goes, new ones are refused.

mod life;

use crate::spec::{MockSpec, ModelSpec};
use inferometer_proto::quantity::Size;
use life::{Ending, Lives};
use std::fmt;
use std::future::pending;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The one model of a mock that lists none.
pub(crate) const DEFAULT_MODEL: &str = "tiny";

/// All models, in the order of the specification.
#[derive(Debug)]
pub(crate) struct Repository {
    names: Vec<String>,
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    lives: Mutex<Lives>,
    /// Told of every change that does not come by itself.
    changed: Notify,
}

/// What a model can be seen to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Unloaded,
    /// On its way, or waiting for other models to be loaded.
    Loading,
    Loaded,
    /// On its way out, perhaps with requests in flight.
    Unloading,
    /// Its last load failed. It can be loaded again.
    Failed(Reason),
}

/// Why the load of a model failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reason {
    /// When its turn came, less memory was left than its size, both in bytes.
    OutOfMemory { needed: u64, free: u64 },
    /// The specification wants this load, counted from 1, to fail.
    AsAsked { load: u32 },
}

/// Why a model cannot be used. Over OpenAI's REST API the unknown is 404 `model_not_found`, as everywhere, and one that
/// is not ready 503 `model_not_ready`, which OpenAI's SDKs take for worth a retry. Over the Open Inference Protocol they
/// are `NOT_FOUND` and `UNAVAILABLE`, a load that failed is `INTERNAL`, as in Triton.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// The repository has no such model.
    #[error("The model `{0}` does not exist.")]
    Unknown(String),
    /// It is there, but cannot answer: the state is any but loaded.
    #[error("The model `{0}` {told}.", told = told(*.1))]
    NotReady(String, State),
    /// A load ended without success.
    #[error("The model `{0}` failed to load: {1}.")]
    LoadFailed(String, Reason),
}

/// What a message says of a model in that state.
fn told(state: State) -> String {
    match state {
        State::Unloaded => "is not loaded".to_owned(),
        State::Loading => "is still loading".to_owned(),
        State::Loaded => "is loaded".to_owned(),
        State::Unloading => "is being unloaded".to_owned(),
        State::Failed(reason) => format!("failed to load: {reason}"),
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory { needed, free } => write!(
                f,
                "out of memory, it needs {} and {} is free",
                Size::from_bytes(*needed),
                Size::from_bytes(*free)
            ),
            Self::AsAsked { load } => write!(f, "load {load} fails, as the mock was asked to"),
        }
    }
}

/// A request's hold on its model, from its arrival to its end: a model that is unloaded meanwhile stays until the last
/// of them is dropped.
#[derive(Debug)]
pub(crate) struct Lease {
    shared: Arc<Shared>,
    index: usize,
}

impl Repository {
    /// The repository of a specification that was found to be sound; when it lists no model, the one model `tiny`,
    /// loaded.
    pub(crate) fn new(spec: &MockSpec) -> Self {
        if spec.models.is_empty() {
            return Self::new(&MockSpec {
                models: vec![ModelSpec::named(DEFAULT_MODEL)],
                ..spec.clone()
            });
        }
        Self {
            names: spec.models.iter().map(|model| model.name.clone()).collect(),
            shared: Arc::new(Shared {
                lives: Mutex::new(Lives::new(spec)),
                changed: Notify::new(),
            }),
        }
    }

    /// Every model with its state, all at one moment.
    pub(crate) fn index(&self) -> impl Iterator<Item = (&str, State)> {
        let now = Instant::now();
        let mut lives = self.shared.lives();
        let states: Vec<_> = (0..self.names.len())
            .map(|index| lives.state(index, now))
            .collect();
        self.names.iter().map(String::as_str).zip(states)
    }

    /// The names of the models that are ready.
    pub(crate) fn ready(&self) -> impl Iterator<Item = &str> {
        self.index()
            .filter(|(_, state)| *state == State::Loaded)
            .map(|(name, _)| name)
    }

    /// The state of one model.
    pub(crate) fn state(&self, name: &str) -> Result<State, Error> {
        let index = self.find(name)?;
        Ok(self.shared.lives().state(index, Instant::now()))
    }

    /// Succeeds only for a model that can answer now. It stays able to until the lease is dropped, whoever unloads it.
    pub(crate) fn require(&self, name: &str) -> Result<Lease, Error> {
        let index = self.find(name)?;
        let entered = self.shared.lives().enter(index, Instant::now());
        match entered {
            Ok(()) => Ok(Lease {
                shared: Arc::clone(&self.shared),
                index,
            }),
            Err(state) => Err(Error::NotReady(name.to_owned(), state)),
        }
    }

    /// Loads a model and waits until it is ready or has failed. One that is loading already is waited for, one that is
    /// loaded stays so, one that is being unloaded is loaded after that. A caller that leaves does not stop the loading.
    pub(crate) async fn load(&self, name: &str) -> Result<(), Error> {
        let index = self.find(name)?;
        let Some(load) = self.shared.lives().load(index, Instant::now()) else {
            return Ok(());
        };
        loop {
            let changed = self.shared.changed.notified();
            let (outcome, next) = {
                let mut lives = self.shared.lives();
                (lives.outcome(index, load, Instant::now()), lives.next())
            };
            match outcome {
                Some(Ok(())) => return Ok(()),
                Some(Err(Ending::Failed(reason))) => {
                    return Err(Error::LoadFailed(name.to_owned(), reason));
                }
                Some(Err(Ending::Unloaded)) => {
                    return Err(Error::NotReady(name.to_owned(), State::Unloaded));
                }
                None => {}
            }
            tokio::select! {
                () = changed => {}
                () = until(next) => {}
            }
        }
    }

    /// Begins to unload a model and does not wait for it. Unloading what is not loaded changes nothing; a load that is
    /// under way is given up.
    pub(crate) fn unload(&self, name: &str) -> Result<(), Error> {
        let index = self.find(name)?;
        self.shared.lives().unload(index, Instant::now());
        self.shared.changed.notify_waiters();
        Ok(())
    }

    fn find(&self, name: &str) -> Result<usize, Error> {
        self.names
            .iter()
            .position(|known| known == name)
            .ok_or_else(|| Error::Unknown(name.to_owned()))
    }
}

impl Shared {
    fn lives(&self) -> MutexGuard<'_, Lives> {
        self.lives.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let changed = self.shared.lives().leave(self.index, Instant::now());
        if changed {
            self.shared.changed.notify_waiters();
        }
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests;
