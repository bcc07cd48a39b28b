//! A client of a server with models, in paused virtual time, that writes down what it is asked.

use crate::client::transport::{Delta, Opened, Transport, Turn};
use crate::client::*;
use futures_util::future::BoxFuture;
use futures_util::{StreamExt, stream};
use inferometer_proto::quantity::Period;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// A client, and what its server saw.
#[derive(Debug)]
pub(super) struct World {
    pub(super) client: Client,
    server: Arc<Server>,
}

/// Loads a model in 10 ms. One whose name begins with `slow` takes 100 ms, with `bad` it fails after 10 ms, with `hang` it
/// never ends.
#[derive(Debug)]
struct Server {
    begun: Instant,
    log: Mutex<Vec<(u128, String)>>,
    loaded: Mutex<BTreeSet<String>>,
    running: Mutex<Running>,
}

/// Loads at once, and the most that there were.
#[derive(Debug, Default)]
struct Running {
    now: usize,
    most: usize,
}

/// The server, asked in one protocol.
#[derive(Debug)]
struct Asked(Arc<Server>, Protocol);

/// A call to load a model, which is given up when it is dropped before its end.
struct Call<'a> {
    server: &'a Server,
    model: &'a str,
    has_ended: bool,
}

/// With so many loads at a time, nothing else set.
pub(super) fn queueing(concurrent: u32) -> LoadingConfig {
    LoadingConfig {
        concurrent,
        ..LoadingConfig::default()
    }
}

pub(super) fn world(loading: LoadingConfig) -> World {
    world_of(loading, &[Protocol::OipRest])
}

/// Likewise, asked in each of these protocols.
pub(super) fn world_of(loading: LoadingConfig, protocols: &[Protocol]) -> World {
    let config = ClientConfig {
        mode: Mode::Hybrid,
        loading: Some(loading),
        deadline: Period::from_secs(1),
        model_list_ttl: Period::from_secs(60),
        ..ClientConfig::default()
    };
    let endpoint = |&protocol: &Protocol| Endpoint::new(protocol, "http://127.0.0.1:1");
    let endpoints: Vec<Endpoint> = protocols.iter().map(endpoint).collect();
    let mut client = Client::new(&config, &endpoints).unwrap();
    let server = Arc::new(Server {
        begun: Instant::now(),
        log: Mutex::default(),
        loaded: Mutex::default(),
        running: Mutex::default(),
    });
    let links = Arc::get_mut(&mut client.links).unwrap();
    for (link, protocol) in links.iter_mut().zip(protocols) {
        link.transport = Box::new(Asked(Arc::clone(&server), *protocol));
    }
    World { client, server }
}

impl World {
    /// Asks for a model, at normal priority.
    pub(super) fn submit(&self, model: &str) -> Loading {
        self.submit_at(model, Priority::Normal)
    }

    pub(super) fn submit_at(&self, model: &str, priority: Priority) -> Loading {
        self.client.models().submit(model, priority).unwrap()
    }

    /// Waits for the end of a load, and says when that was and how.
    pub(super) fn wait(&self, mut loading: Loading) -> JoinHandle<(u128, Result<(), FailureKind>)> {
        let begun = self.server.begun;
        tokio::spawn(async move {
            let ended = loading.ended().await;
            let ended = ended.map_err(|failed| failed.failure.kind);
            (begun.elapsed().as_millis(), ended)
        })
    }

    /// Polls [`Client::watch`] until it is aborted.
    pub(super) fn watch(&self) -> JoinHandle<()> {
        let client = self.client.clone();
        tokio::spawn(async move { client.watch("test").await })
    }

    /// Asks one model for an answer, and says when it was there and what became of it.
    pub(super) async fn infer(&self, model: &str) -> (u128, Result<(), Failed>) {
        let request = Request {
            model: model.to_owned(),
            ..crate::client::tests::prompt(false)
        };
        let answer = self.client.inference().execute(&request).await;
        (self.now(), answer.map(drop))
    }

    /// Somebody else unloads a model.
    pub(super) fn unload_behind_its_back(&self, model: &str) {
        self.server.loaded.lock().unwrap().remove(model);
    }

    pub(super) fn now(&self) -> u128 {
        self.server.begun.elapsed().as_millis()
    }

    /// What the server saw since it was asked last, and when.
    pub(super) fn seen(&self) -> Vec<(u128, String)> {
        std::mem::take(&mut self.server.log.lock().unwrap())
    }

    /// The most loads that were running at once.
    pub(super) fn most_running(&self) -> usize {
        self.server.running.lock().unwrap().most
    }

    pub(super) fn statistics(&self) -> LoadingStatistics {
        self.client.loading_statistics().unwrap()
    }
}

pub(super) fn seen(expected: &[(u128, &str)]) -> Vec<(u128, String)> {
    let owned = |(at, what): &(u128, &str)| (*at, (*what).to_owned());
    expected.iter().map(owned).collect()
}

pub(super) async fn pass(millis: u64) {
    sleep(Duration::from_millis(millis)).await;
}

impl Server {
    fn note(&self, what: &str, model: &str) {
        let at = self.begun.elapsed().as_millis();
        self.log
            .lock()
            .unwrap()
            .push((at, format!("{what} {model}")));
    }

    async fn load(&self, model: &str) -> Result<(), Failure> {
        let mut call = Call::begin(self, model);
        if model.starts_with("hang") {
            std::future::pending::<()>().await;
        }
        pass(if model.starts_with("slow") { 100 } else { 10 }).await;
        call.has_ended = true;
        if model.starts_with("bad") {
            return Err(Failure::new(FailureKind::Http(500), "out of memory"));
        }
        self.loaded.lock().unwrap().insert(model.to_owned());
        Ok(())
    }
}

impl<'a> Call<'a> {
    fn begin(server: &'a Server, model: &'a str) -> Self {
        server.note("load", model);
        let mut running = server.running.lock().unwrap();
        running.now += 1;
        running.most = running.most.max(running.now);
        Self {
            server,
            model,
            has_ended: false,
        }
    }
}

impl Drop for Call<'_> {
    fn drop(&mut self) {
        self.server.running.lock().unwrap().now -= 1;
        if !self.has_ended {
            self.server.note("given up", self.model);
        }
    }
}

impl Transport for Asked {
    fn protocol(&self) -> Protocol {
        self.1
    }

    fn infer<'a>(
        &'a self,
        request: &'a Request,
        _turn: Turn,
    ) -> BoxFuture<'a, Result<Opened, Failure>> {
        self.0.note("infer", &request.model);
        let is_loaded = self.0.loaded.lock().unwrap().contains(&request.model);
        let has_it = is_loaded || self.1 == Protocol::Openai;
        let answer = has_it.then(opened);
        let missing = || Failure::new(FailureKind::Http(503), "not ready");
        Box::pin(async move { answer.ok_or_else(missing) })
    }

    fn is_ready(&self) -> BoxFuture<'_, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Model>, Failure>> {
        let loaded = self.0.loaded.lock().unwrap().clone();
        let state = |name: &str| {
            if loaded.contains(name) {
                ModelState::Loaded
            } else {
                ModelState::Unloaded
            }
        };
        let model = |name: &str| Model {
            name: name.to_owned(),
            state: state(name),
        };
        let list = ["a", "b", "c"].map(model).to_vec();
        Box::pin(async { Ok(list) })
    }

    fn load<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        Box::pin(self.0.load(name))
    }

    fn unload<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<(), Failure>> {
        self.0.note("unload", name);
        self.0.loaded.lock().unwrap().remove(name);
        Box::pin(async { Ok(()) })
    }
}

fn opened() -> Opened {
    let now = Instant::now();
    let whole = Delta {
        text: "yes".to_owned(),
        tokens: 1,
        is_last: true,
        ..Delta::empty(now)
    };
    Opened {
        first_byte: now,
        connection: Connection::Reused,
        queued: None,
        deltas: stream::iter([Ok(whole)]).boxed(),
    }
}
