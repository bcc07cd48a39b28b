//! The model service: which models an endpoint has, and loading and unloading them where its protocol can.

mod cache;

pub(super) use cache::ListCache;

use super::failover::{Asked, first_answer};
use super::transport::Transport;
use super::{Client, Error, Failure, Protocol};
use futures_util::future::BoxFuture;
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
        let list = self
            .call(self.client.route.positions(), Transport::list)
            .await?;
        cache.keep(asked, Instant::now(), &list);
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
        for model in self.refresh().await? {
            if model.state == ModelState::Loaded {
                self.unload(&model.name).await?;
                unloaded.push(model.name);
            }
        }
        Ok(unloaded)
    }

    /// Loads a model and returns when it is ready. Dropping the future stops waiting; a server may still load it.
    ///
    /// # Errors
    /// [`Error::NotOffered`] when no endpoint in use speaks a protocol that can, [`Error::Failed`].
    pub async fn load(self, name: &str) -> Result<(), Error> {
        self.change("loading a model", name, |transport| transport.load(name))
            .await
    }

    /// Unloads a model. Dropping the future stops waiting; a server may still unload it.
    ///
    /// # Errors
    /// [`Error::NotOffered`] when no endpoint in use speaks a protocol that can, [`Error::Failed`].
    pub async fn unload(self, name: &str) -> Result<(), Error> {
        self.change("unloading a model", name, |transport| {
            transport.unload(name)
        })
        .await
    }

    /// Changes a model. Whatever comes of it, the list and its answers may be others then.
    async fn change(
        self,
        operation: &'static str,
        name: &str,
        change: impl Fn(&'a dyn Transport) -> BoxFuture<'a, Result<(), Failure>>,
    ) -> Result<(), Error> {
        let order = self.repositories(operation)?;
        // Before as well, as the caller may give up while the server goes on.
        self.forget(name);
        let changed = self.call(&order, change).await;
        self.forget(name);
        changed
    }

    /// Forgets the list, and what the model has answered.
    fn forget(self, name: &str) {
        self.client.model_list.forget();
        self.client.inference().forget(name);
    }

    async fn call<T: Send + 'a>(
        self,
        order: &[usize],
        call: impl Fn(&'a dyn Transport) -> BoxFuture<'a, Result<T, Failure>>,
    ) -> Result<T, Error> {
        let mut deadline = self.client.deadline();
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
