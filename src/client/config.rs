//! What can be set on a client, by a scenario's `client:` block or by a program: the same type, the same notation.

mod batch;
mod breaker;
mod cache;
mod file;
mod health_check;
mod hedge;
mod http;
mod loading;
mod pool;
mod retry;
mod tls;

pub use batch::BatchConfig;
pub use breaker::{BreakerConfig, Scope};
pub use cache::CacheConfig;
pub use file::ClientFile;
pub use health_check::HealthCheck;
pub use hedge::{Hedge, HedgeBudget};
pub use http::HttpVersion;
pub use loading::LoadingConfig;
pub use pool::{Pool, PoolConfig};
pub use retry::{Repeats, Retry, RetryBudget};
pub use tls::{Identity, Roots, Tls};

use super::{Error, Protocol};
use inferometer_proto::quantity::Period;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The client's configuration. Every field has a default, so `{}` is a complete configuration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ClientConfig {
    /// Which protocols the client may use, and which first.
    pub mode: Mode,
    /// The longest that one request may take, over all its attempts, from call to last byte.
    pub deadline: Period,
    /// The longest that one attempt may wait for its answer to begin; `deadline` alone bounds it when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte_deadline: Option<Period>,
    /// The longest that an answer under way may pause between two of its pieces; `deadline` alone bounds it when
    /// left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chunk_deadline: Option<Period>,
    /// The longest that making one connection may take.
    pub connect_deadline: Period,
    /// Whether and how a failed attempt is repeated.
    pub retry: Retry,
    /// When an endpoint that fails is left alone; never when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub breaker: Option<BreakerConfig>,
    /// Whether endpoints are asked besides requests if they are ready; not at all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health_check: Option<HealthCheck>,
    /// Whether requests that may share one request over the wire wait for each other; each is sent by itself when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchConfig>,
    /// Whether a second attempt is begun beside one that is slow; not at all when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hedge: Option<Hedge>,
    /// Whom `https` endpoints are believed; the operating system's certificates decide when left out.
    #[serde(skip_serializing_if = "Tls::is_default")]
    #[schemars(extend("default" = { "roots": "system" }))]
    pub tls: Tls,
    /// The version of HTTP over REST.
    #[serde(skip_serializing_if = "HttpVersion::is_default")]
    #[schemars(extend("default" = 1))]
    pub http_version: HttpVersion,
    /// Where requests over REST go instead, to be passed on: the URL of an HTTP proxy, such as `http://127.0.0.1:3128`. Straight
    /// to the endpoint when left out, whatever the environment says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// Which connections are kept, and how many.
    #[serde(skip_serializing_if = "Pool::is_default")]
    #[schemars(extend("default" = { "warm_up": 0, "idle_for": "90s", "grpc_connections": 1 }))]
    pub pool: Pool,
    /// Are answers taken compressed with gzip, from servers that offer it?
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub gzip: bool,
    /// Do tensors over `oip_rest` go in binary behind their JSON, and are wanted back so? Many servers cannot read that.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schemars(extend("default" = false))]
    pub binary_tensors: bool,
    /// How long a list of models is taken to be true; `0s` asks for it each time.
    #[serde(skip_serializing_if = "is_five_minutes")]
    #[schemars(extend("default" = "5m"))]
    pub model_list_ttl: Period,
    /// Whether and for how long answers are kept, to be given again; never when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache: Option<CacheConfig>,
    /// Whether models are loaded in a queue, ahead, and when inference needs them; each load is a call by itself when left
    /// out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub loading: Option<LoadingConfig>,
}

const FIVE_MINUTES: Period = Period::from_secs(300);

fn is_five_minutes(period: &Period) -> bool {
    *period == FIVE_MINUTES
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            deadline: Period::from_secs(30),
            first_byte_deadline: None,
            chunk_deadline: None,
            connect_deadline: Period::from_secs(1),
            model_list_ttl: FIVE_MINUTES,
            cache: None,
            loading: None,
            retry: Retry::default(),
            breaker: None,
            health_check: None,
            batch: None,
            hedge: None,
            tls: Tls::default(),
            http_version: HttpVersion::default(),
            proxy: None,
            pool: Pool::default(),
            gzip: false,
            binary_tensors: false,
        }
    }
}

impl ClientConfig {
    /// Checks what types and a file's notation cannot: a program may have set any value.
    ///
    /// # Errors
    /// [`Error::Config`] with the field, its range and what was found.
    pub fn validate(&self) -> Result<(), Error> {
        if self.deadline.is_zero() || self.connect_deadline.is_zero() {
            let found = format!("{} and {}", self.deadline, self.connect_deadline);
            return Err(Error::Config {
                field: "deadline and connect_deadline",
                expected: "more than 0s each",
                found,
            });
        }
        http::check_proxy(self.proxy.as_deref(), self.mode)?;
        for (field, deadline) in [
            ("first_byte_deadline", self.first_byte_deadline),
            ("chunk_deadline", self.chunk_deadline),
        ] {
            if let Some(found) = deadline.filter(|deadline| deadline.is_zero()) {
                return Err(Error::Config {
                    field,
                    expected: "more than 0s",
                    found: found.to_string(),
                });
            }
        }
        self.pool.check(self.is_borrowed())?;
        self.retry.check()?;
        if let Some(batch) = &self.batch {
            batch.check(self.deadline)?;
        }
        if let Some(hedge) = &self.hedge {
            hedge.check(self.retry.repeats)?;
        }
        self.breaker.as_ref().map_or(Ok(()), BreakerConfig::check)?;
        self.health_check
            .as_ref()
            .map_or(Ok(()), HealthCheck::check)?;
        self.cache.as_ref().map_or(Ok(()), CacheConfig::check)?;
        let loading = self.loading.as_ref();
        loading.map_or(Ok(()), |loading| loading.check(self.model_list_ttl))
    }

    /// Do requests over REST go over the connections of the library beneath, and not over our own?
    pub(super) fn is_borrowed(&self) -> bool {
        self.http_version == HttpVersion::Two || self.proxy.is_some()
    }
}

/// Which protocols the client may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// REST endpoints only.
    #[default]
    Rest,
    /// gRPC endpoints only.
    Grpc,
    /// gRPC endpoints first, REST endpoints when no gRPC connection can be made.
    Hybrid,
    /// REST endpoints first, gRPC endpoints when no REST connection can be made.
    HybridRestFirst,
}

impl Mode {
    /// What this mode relies on, preferred first: of each group of protocols, at least one.
    pub const fn needs(self) -> &'static [&'static [Protocol]] {
        const REST: &[Protocol] = &[Protocol::Openai, Protocol::OipRest];
        const GRPC: &[Protocol] = &[Protocol::OipGrpc];
        match self {
            Self::Rest => &[REST],
            Self::Grpc => &[GRPC],
            Self::Hybrid => &[GRPC, REST],
            Self::HybridRestFirst => &[REST, GRPC],
        }
    }

    /// The protocols of this mode, preferred first.
    pub fn protocols(self) -> impl Iterator<Item = Protocol> {
        self.needs().iter().copied().flatten().copied()
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rest => "rest",
            Self::Grpc => "grpc",
            Self::Hybrid => "hybrid",
            Self::HybridRestFirst => "hybrid_rest_first",
        })
    }
}
