//! The model service: which models an endpoint has, and loading and unloading them where its protocol can.

mod cache;
mod description;

pub(super) use cache::ListCache;
pub use description::{Description, TensorDescription};

use super::deadline::Deadline;
use super::failover::{Asked, first_answer};
use super::transport::Transport;
use super::{Client, Error, Failed, Failure, Loading, Priority, Protocol};
use futures_util::future::BoxFuture;
use std::time::Duration;
use tokio::time::Instant;

/// One model of an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name, as requests use it.
    pub name: String,
    /// Whether it can be used.
    pub state: ModelState,
}

/// Where a model is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ModelState {
    /// Not in memory.
    Unloaded,
    /// On its way in.
    Loading,
    /// Ready for requests.
    Loaded,
    /// On its way out.
    Unloading,
    /// Could not be loaded.
    Failed,
}

/// Lists, loads and unloads models. It asks the first endpoint in use that offers the operation, with the same deadline,
/// retries and failover as inference.
#[derive(Debug, Clone, Copy)]
pub struct ModelService<'a> {
    client: &'a Client,
}

impl<'a> ModelService<'a> {
    pub(super) fn new(client: &'a Client) -> Self {
        Self { client }
    }

    /// The models of the first endpoint that can be reached, in its order: as they were within the last
    /// `model_list_ttl`. Dropping the future cancels the call.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub async fn list(self) -> Result<Vec<Model>, Error> {
        match self.client.model_list.get(Instant::now()) {
            Some(list) => Ok(list),
            None => self.refresh().await,
        }
    }

    /// The models as they are now.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub async fn refresh(self) -> Result<Vec<Model>, Error> {
        let cache = &self.client.model_list;
        let asked = cache.asked();
        let (order, deadline) = (self.client.route.positions(), self.client.deadline());
        let list = self.call(order, deadline, Transport::list).await?;
        cache.keep(asked, Instant::now(), &list);
        if let Some(loader) = &self.client.loader {
            loader.heard(&list);
        }
        Ok(list)
    }

    /// One model of the [`list`](Self::list), if it is there.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub async fn info(self, name: &str) -> Result<Option<Model>, Error> {
        let list = self.list().await?;
        Ok(list.into_iter().find(|model| model.name == name))
    }

    /// How many models the [`list`](Self::list) has.
    ///
    /// # Errors
    /// [`Error::Failed`].
    pub async fn count(self) -> Result<usize, Error> {
        Ok(self.list().await?.len())
    }

    /// Forgets the list, so that it is asked for anew. Loading and unloading do so by themselves.
    pub fn clear_cache(self) {
        self.client.model_list.forget();
    }

    /// Unloads every model that is loaded, one after the other, and says which. Dropping the future stops between two.
    ///
    /// # Errors
    /// As [`unload`](Self::unload), for the first that cannot be unloaded.
    pub async fn unload_all(self) -> Result<Vec<String>, Error> {
        let mut unloaded = Vec::new();
        if let Some(loader) = &self.client.loader {
            loader.forget_ahead(self.client);
        }
        for model in self.refresh().await? {
            if model.state == ModelState::Loaded {
                self.unload(&model.name).await?;
                unloaded.push(model.name);
            }
        }
        Ok(unloaded)
    }

    /// Loads a model and returns when it is ready. Dropping the future stops waiting; a server may still load it. With
    /// `loading` it is [`submit`](Self::submit) and the wait for its end.
    ///
    /// # Errors
    /// [`Error::NotOffered`] when no endpoint in use speaks a protocol that can, [`Error::Failed`].
    pub async fn load(self, name: &str) -> Result<(), Error> {
        let order = self.repositories("loading a model")?;
        let Some(loader) = &self.client.loader else {
            let deadline = self.client.deadline();
            return Ok(self.load_at(&order, name, deadline).await?);
        };
        let mut loading = loader.submit(self.client, name, Priority::default());
        Ok(loading.ended().await?)
    }

    /// Asks for a model to be loaded, in the queue that `loading` describes. It takes its place at once, and is loaded while
    /// anybody waits for any load of this client, or polls [`Client::watch`].
    ///
    /// # Errors
    /// [`Error::NotOffered`] when no endpoint in use speaks a protocol that can, [`Error::Config`] without that setting.
    pub fn submit(self, name: &str, priority: Priority) -> Result<Loading, Error> {
        self.repositories("loading a model")?;
        let Some(loader) = &self.client.loader else {
            return Err(Error::Config {
                field: "loading",
                expected: "a block such as `{}`, without which loads have no queue",
                found: "none".to_owned(),
            });
        };
        Ok(loader.submit(self.client, name, priority))
    }

    /// Loads a model at once, within `allowed`.
    pub(super) async fn load_within(self, name: &str, allowed: Duration) -> Result<(), Failed> {
        let Ok(order) = self.repositories("loading a model") else {
            unreachable!("nothing is asked to be loaded where nothing can be")
        };
        self.load_at(&order, name, Deadline::after(allowed)).await
    }

    async fn load_at(self, order: &[usize], name: &str, deadline: Deadline) -> Result<(), Failed> {
        self.change(order, name, deadline, |transport| transport.load(name))
            .await
    }

    /// Unloads a model. Dropping the future stops waiting; a server may still unload it.
    ///
    /// # Errors
    /// [`Error::NotOffered`] when no endpoint in use speaks a protocol that can, [`Error::Failed`].
    pub async fn unload(self, name: &str) -> Result<(), Error> {
        let order = self.repositories("unloading a model")?;
        let deadline = self.client.deadline();
        self.unloaded(name);
        let changed = self
            .change(&order, name, deadline, |transport| transport.unload(name))
            .await;
        self.unloaded(name);
        Ok(changed?)
    }

    /// Changes a model. Whatever comes of it, the list and its answers may be others then.
    async fn change(
        self,
        order: &[usize],
        name: &str,
        deadline: Deadline,
        change: impl Fn(&'a dyn Transport) -> BoxFuture<'a, Result<(), Failure>>,
    ) -> Result<(), Failed> {
        // Before as well, as the caller may give up while the server goes on.
        self.forget(name);
        let changed = self.call(order, deadline, change).await;
        self.forget(name);
        changed
    }

    /// Forgets the list, and what the model has answered.
    fn forget(self, name: &str) {
        self.client.model_list.forget();
        self.client.inference().forget(name);
    }

    /// Forgets that the model was loaded.
    fn unloaded(self, name: &str) {
        if let Some(loader) = &self.client.loader {
            loader.forget(self.client, name);
        }
    }

    async fn call<T: Send + 'a>(
        self,
        order: &[usize],
        mut deadline: Deadline,
        call: impl Fn(&'a dyn Transport) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, Failed> {
        let call = |transport, _turn| call(transport);
        let asked = Asked::other(order);
        let answered = first_answer(self.client, &asked, &mut deadline, call).await?;
        answered.pass.ends(None, Instant::now());
        Ok(answered.value)
    }

    /// The endpoints in use whose protocol can load and unload.
    fn repositories(self, operation: &'static str) -> Result<Vec<usize>, Error> {
        let protocol = |&at: &usize| {
            self.client
                .links
                .get(at)
                .map(|link| link.transport.protocol())
        };
        let used = self.client.route.positions();
        let offering = used
            .iter()
            .copied()
            .filter(|at| protocol(at).is_some_and(Protocol::has_repository));
        let offering: Vec<usize> = offering.collect();
        match used.first().and_then(protocol) {
            Some(protocol) if offering.is_empty() => Err(Error::NotOffered {
                operation,
                protocol,
            }),
            _ => Ok(offering),
        }
    }
}
