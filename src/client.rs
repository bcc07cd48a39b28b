//! The embedded client under test, and a client that a program can use: endpoints, deadline, retries, failover between
//! gRPC and REST, a model service and an inference service. It imports nothing of ours but the wire contract.
//!
//! ```text
//! Request -> validate -> [cache] -> [load] -> [batch] -> first_answer(endpoints in order, retries, deadline) -> Transport -> Reply -> Chunk*
//! ```
//!
//! Dropping the future of any call, or a [`Reply`], cancels what it was doing at once: an HTTP/1.1 connection is closed,
//! an HTTP/2 stream is reset. Nothing goes on in the background: health checks are made, and models
//! loaded ahead, by whoever polls [`Client::watch`].
//!
//! ```no_run
//! use inferometer::client::{Client, ClientConfig, Endpoint, Input, Protocol, Request};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let endpoint = Endpoint::new(Protocol::Openai, "http://127.0.0.1:8000");
//! let client = Client::new(&ClientConfig::default(), &[endpoint])?;
//! let request = Request {
//!     id: "request-1".into(),
//!     model: "tiny".into(),
//!     input: Input::Prompt("Once upon a time".into()),
//!     max_tokens: 32,
//!     stream: true,
//!     temperature: None,
//!     top_p: None,
//! };
//! let mut reply = client.inference().open(&request).await?;
//! while let Some(chunk) = reply.next().await {
//!     let chunk = chunk?;
//!     // Shown as it arrives.
//! #   drop(chunk);
//! }
//! # Ok(())
//! # }
//! ```

mod batch;
mod breaker;
mod budget;
mod cache;
mod config;
mod count;
mod deadline;
mod endpoint;
mod error;
mod failover;
mod health;
mod hedge;
mod inference;
mod loading;
mod models;
mod operation;
mod pool;
mod reply;
mod request;
mod retry;
mod route;
mod secret;
mod tally;
mod tensor;
mod transport;
mod values;

pub use batch::{Batch, BatchStatistics};
pub use breaker::EndpointState;
pub use cache::CacheStatistics;
pub use config::{
    BatchConfig, BreakerConfig, CacheConfig, ClientConfig, ClientFile, HealthCheck, Hedge,
    HedgeBudget, HttpVersion, Identity, LoadingConfig, Mode, Pool, PoolConfig, Repeats, Retry,
    RetryBudget, Roots, Scope, Tls,
};
pub use endpoint::{Endpoint, Protocol};
pub use error::{Attempt, Error, Failed, Failure, FailureKind, Pushback};
pub use inference::{Answer, Embeddings, InferenceService, Outputs};
pub use loading::{LoadProgress, Loading, LoadingStatistics, Priority};
pub use models::{Description, Model, ModelService, ModelState, TensorDescription};
pub use operation::Operation;
pub use pool::PoolStatistics;
pub use reply::{Chunk, Connection, Reply, Source, Usage};
pub use request::{Input, Message, Request, Role};
pub use secret::{ApiKey, Secret};
pub use tally::InferenceStatistics;
pub use tensor::{Datatype, Element, Tensor, TensorError};
pub use transport::sse;
pub use values::{Misfit, Values};

use batch::Batcher;
use breaker::Guard;
use budget::Budget;
use cache::ResponseCache;
use deadline::Deadline;
use failover::Link;
use hedge::Hedging;
use loading::Loader;
use models::ListCache;
use route::Route;
use std::sync::Arc;
use tally::Tally;
use tokio::time::Instant;

/// A client of one or more endpoints. Connections are made when first needed and kept. A clone is cheap and is the same
/// client: it shares the connections and everything that is known of the endpoints. It belongs to the runtime that first
/// used it.
#[derive(Debug, Clone)]
pub struct Client {
    config: Arc<ClientConfig>,
    links: Arc<[Link]>,
    route: Arc<Route>,
    budget: Option<Arc<Budget>>,
    hedging: Option<Arc<Hedging>>,
    model_list: Arc<ListCache>,
    batcher: Option<Arc<Batcher>>,
    cache: Option<Arc<ResponseCache>>,
    loader: Option<Arc<Loader>>,
    tally: Arc<Tally>,
}

impl Client {
    /// Prepares a client. Nothing is connected or looked up yet. An endpoint is known by its position in `endpoints`;
    /// among endpoints of one protocol that is also its priority, unless it has another.
    ///
    /// # Errors
    /// When no endpoint speaks a protocol of `config.mode`, a URL cannot be used, the configuration contradicts itself, or
    /// a certificate or key that it names cannot be read.
    pub fn new(config: &ClientConfig, endpoints: &[Endpoint]) -> Result<Self, Error> {
        config.validate()?;
        let retry_budget = config.retry.budget.as_ref();
        let retry_budget = retry_budget.map(|budget| Budget::new(budget.share, budget.reserve));
        let model_list_ttl = config.model_list_ttl.duration();
        let loader = |config| Loader::new(config, model_list_ttl);
        Ok(Self {
            loader: config.loading.as_ref().map(loader).map(Arc::new),
            cache: config.cache.as_ref().map(ResponseCache::new).map(Arc::new),
            route: Route::new(config.mode, endpoints)?.into(),
            links: failover::links(config, endpoints)?.into(),
            budget: retry_budget.map(Arc::new),
            hedging: config.hedge.as_ref().map(Hedging::new).map(Arc::new),
            model_list: ListCache::new(model_list_ttl).into(),
            batcher: config.batch.as_ref().map(Batcher::new).map(Arc::new),
            config: config.clone().into(),
            tally: Tally::new().into(),
        })
    }

    /// Asks an endpoint once whether it is ready for requests: over REST whether it lists its models, over gRPC whether
    /// it says so. Takes no longer than the connect deadline and the deadline together.
    ///
    /// # Errors
    /// Why it is not ready; [`FailureKind::Invalid`] when there is no such endpoint.
    pub async fn is_ready(&self, endpoint: usize) -> Result<(), Failure> {
        let link = self.links.get(endpoint).ok_or_else(|| {
            let count = self.links.len();
            Failure::new(
                FailureKind::Invalid,
                format!("no endpoint {endpoint}: expected a position below {count}"),
            )
        })?;
        let connect_deadline = self.config.connect_deadline.duration();
        let allowed = connect_deadline.saturating_add(self.config.deadline.duration());
        Deadline::after(allowed)
            .within(link.transport.is_ready())
            .await
    }

    /// What models there are, and which are loaded.
    pub fn models(&self) -> ModelService<'_> {
        ModelService::new(self)
    }

    /// Inference: whole answers or streams of chunks, vectors, and tensors.
    pub fn inference(&self) -> InferenceService<'_> {
        InferenceService::new(self)
    }

    /// Where an endpoint is in the life of its breaker, and how often it was ejected so far; `None` when there is no such
    /// endpoint. Without a breaker and health checks it is always [`EndpointState::Admitting`].
    pub fn endpoint_state(&self, endpoint: usize) -> Option<(EndpointState, u64)> {
        let guard = self.links.get(endpoint)?.guard.as_ref();
        let now = Instant::now();
        Some(guard.map_or((EndpointState::Admitting, 0), |guard| guard.state(now)))
    }

    /// Likewise for one model at an endpoint, under `breaker.scope: model`; otherwise the same as of the endpoint.
    pub fn model_state(&self, endpoint: usize, model: &str) -> Option<(EndpointState, u64)> {
        let guard = self.links.get(endpoint)?.guard.as_ref();
        let state = |guard: &Guard| guard.model_state(model, Instant::now());
        Some(guard.map_or((EndpointState::Admitting, 0), state))
    }

    /// Does what goes on besides calls, for as long as it is polled; returns at once when no setting asks for anything.
    ///
    /// It checks the health of every endpoint in use, as `health_check` says. `name` sets apart those who watch the same
    /// endpoints: each begins at a part of the period that is drawn from its name, so that they do not all ask at once. When
    /// the future is dropped, what the checks said last is forgotten two periods later.
    ///
    /// With `loading`, it works on the loads that were asked for, also while nobody waits for them, and on those ahead, which
    /// there are not without it. When the last such future is dropped, loads ahead that are running are given up.
    pub async fn watch(&self, name: &str) {
        let checks = async {
            if let Some(config) = &self.config.health_check {
                health::watch(self, config, name).await;
            }
        };
        let loads = async {
            if let Some(loader) = &self.loader {
                match loader.watch(self).await {}
            }
        };
        futures_util::future::join(checks, loads).await;
    }

    /// What the loading of models did so far; `None` when it is off.
    pub fn loading_statistics(&self) -> Option<LoadingStatistics> {
        self.loader.as_ref().map(|loader| loader.statistics())
    }

    /// What the inference service did so far.
    pub fn inference_statistics(&self) -> InferenceStatistics {
        self.tally.read()
    }

    /// What request batching did so far; `None` when it is off.
    pub fn batch_statistics(&self) -> Option<BatchStatistics> {
        self.batcher.as_ref().map(|batcher| batcher.statistics())
    }

    /// What the response cache has done so far, and what it holds; `None` without one.
    pub fn cache_statistics(&self) -> Option<CacheStatistics> {
        self.cache.as_ref().map(|cache| cache.statistics())
    }

    /// Makes the connections that `pool.warm_up` wants before the first request, at every endpoint at once, in no more than
    /// the connect deadline. An endpoint that cannot be connected to is no failure here: its first request will tell.
    /// Dropping the future keeps those that are made.
    pub async fn warm_up(&self) {
        let endpoints = self.links.iter().map(|link| link.transport.warm_up());
        futures_util::future::join_all(endpoints).await;
    }

    /// What became of the connections to each endpoint, by its position, since the client was made.
    pub fn pool_statistics(&self) -> Vec<PoolStatistics> {
        let endpoints = self.links.iter();
        endpoints
            .map(|link| link.transport.pool_statistics())
            .collect()
    }

    /// A deadline for one call, running from now.
    fn deadline(&self) -> Deadline {
        Deadline::of(&self.config)
    }
}

#[cfg(test)]
mod tests;
