//! What whoever asked for a model holds while it is loaded.

use super::loader::{Loader, Place};
use crate::client::{Client, Failed};
use std::fmt;
use std::sync::Arc;

/// A model that was asked for. Dropping it gives the load up: the last to do so takes it out of the queue, or cancels its
/// call; a server may go on loading.
pub struct Loading {
    model: String,
    /// `None` when the model was known to be loaded.
    waiting: Option<Waiting>,
}

/// One of those who wait for a load.
struct Waiting {
    client: Client,
    loader: Arc<Loader>,
    place: Place,
}

/// How far a load is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadProgress {
    /// It waits for its turn, and so many others come before it.
    Queued(usize),
    /// The server is loading it.
    Loading,
    /// The model is loaded.
    Loaded,
    /// It could not be loaded.
    Failed,
}

impl Loading {
    pub(super) fn loaded(model: &str) -> Self {
        Self {
            model: model.to_owned(),
            waiting: None,
        }
    }

    pub(super) fn waiting(
        client: &Client,
        loader: &Arc<Loader>,
        model: &str,
        place: Place,
    ) -> Self {
        Self {
            waiting: Some(Waiting {
                client: client.clone(),
                loader: Arc::clone(loader),
                place,
            }),
            ..Self::loaded(model)
        }
    }

    /// The model's name.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Was the model known to be loaded when it was asked for?
    pub fn is_hit(&self) -> bool {
        self.waiting.is_none()
    }

    /// How far the load is.
    pub fn progress(&self) -> LoadProgress {
        let Some(waiting) = &self.waiting else {
            return LoadProgress::Loaded;
        };
        let ended = waiting.place.told.borrow().as_ref().map(Result::is_ok);
        match ended {
            Some(true) => LoadProgress::Loaded,
            Some(false) => LoadProgress::Failed,
            None => {
                let position = waiting.loader.position(waiting.place.ticket);
                position.map_or(LoadProgress::Loading, LoadProgress::Queued)
            }
        }
    }

    /// Waits until the model is loaded, and works on all loads of the client meanwhile if nobody else does. Dropping the
    /// future gives nothing up: it can be called again.
    ///
    /// # Errors
    /// Why the model could not be loaded, with every attempt.
    pub async fn ended(&mut self) -> Result<(), Failed> {
        let Some(Waiting {
            client,
            loader,
            place,
        }) = &mut self.waiting
        else {
            return Ok(());
        };
        tokio::select! {
            biased;
            told = place.told.wait_for(Option::is_some) => match told.as_deref() {
                Ok(Some(ended)) => ended.clone(),
                Ok(None) | Err(_) => unreachable!("whoever waits for a load is told how it ended"),
            },
            never = loader.work(client) => match never {},
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.loader.leave(&self.client, self.place.ticket);
    }
}

impl fmt::Debug for Loading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loading")
            .field("model", &self.model)
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}
