//! A mock as it lives: its listeners, their connections, and the end of both.

mod connections;
mod entrance;
mod handle;
mod tls;
mod transport;
mod wire;

pub use handle::Handle;
pub use tls::TlsError;

use crate::admin;
use crate::backend::Backend;
use crate::connection::Port;
use crate::journal::Page;
use crate::protocol::{self, oip_grpc};
use crate::spec::{self, MockSpec};
use crate::tally::Counters;
use crate::timer::Timer;
use connections::Connections;
use entrance::{Entrance, Gate};
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::service::TowerToHyperService;
use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tls::Identity;
use tokio::net::TcpListener;
use tokio_util::task::AbortOnDropHandle;

/// Why a mock could not be started.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The specification describes no backend.
    #[error("could not use the specification of the mock: {0}")]
    Spec(#[from] spec::Error),
    /// The operating system gave no timer.
    #[error("could not create a timer: {0}")]
    Timer(#[source] io::Error),
    /// TLS cannot be spoken as specified.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// An address could not be listened on.
    #[error(
        "could not listen on {address} for {protocol}: choose a free port of this machine, or port 0 for any"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// `REST`, `gRPC` or `the admin API`.
        protocol: &'static str,
        /// What the operating system said.
        source: io::Error,
    },
}

/// Where a mock listens; port 0 means any free one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bind {
    /// For the REST APIs.
    pub rest: SocketAddr,
    /// For the gRPC service.
    pub grpc: SocketAddr,
    /// For the admin API.
    pub admin: SocketAddr,
}

impl Default for Bind {
    /// Free ports of the loopback interface.
    fn default() -> Self {
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self {
            rest: any_port,
            grpc: any_port,
            admin: any_port,
        }
    }
}

/// A running backend: OpenAI's REST API on one port, the Open Inference Protocol over gRPC on another, the admin
/// API on a third. It runs on the runtime that started it. Dropping it closes its ports and breaks its connections off;
/// [`Mock::stop`] lets requests in flight end first.
#[derive(Debug)]
pub struct Mock {
    backend: Arc<Backend>,
    connections: Connections,
    /// Apart from the others, so that nothing that these are subject to can touch them.
    admin_connections: Connections,
    /// Wakes whoever waits for the timer, for as long as the mock lives.
    _ringing: AbortOnDropHandle<()>,
    /// Ends the steps of its batch, likewise.
    _stepping: Option<AbortOnDropHandle<()>>,
    rest_address: SocketAddr,
    grpc_address: SocketAddr,
    admin_address: SocketAddr,
}

impl Mock {
    /// Starts a mock on free ports of the loopback interface. It answers from the moment this returns.
    ///
    /// # Errors
    /// The specification is not sound, its certificate cannot be used, or no port is free.
    pub async fn start(spec: MockSpec) -> Result<Self, Error> {
        Self::start_at(spec, Bind::default()).await
    }

    /// Starts a mock at the given addresses.
    ///
    /// # Errors
    /// The specification is not sound, its certificate cannot be used, or an address cannot be listened on.
    pub async fn start_at(spec: MockSpec, bind: Bind) -> Result<Self, Error> {
        let (timer, ringing) = Timer::fine().map_err(Error::Timer)?;
        let limits = spec.limits;
        let identity = spec.tls.as_ref().map(Identity::try_new).transpose()?;
        let backend = Arc::new(Backend::try_new(spec, timer)?);
        let (rest_listener, rest_address) = listen(bind.rest, "REST").await?;
        let (grpc_listener, grpc_address) = listen(bind.grpc, "gRPC").await?;
        let (admin_listener, admin_address) = listen(bind.admin, "the admin API").await?;
        let connections = Connections::new(identity, limits, backend.timer().clone());
        let rest = TowerToHyperService::new(protocol::router(&backend));
        let gate = Gate::new(&backend, Port::Rest, rest_address);
        connections.accept(Entrance::new(rest_listener, Some(gate)), rest);
        let gate = Gate::new(&backend, Port::Grpc, grpc_address);
        connections.accept(Entrance::new(grpc_listener, Some(gate)), grpc(&backend));
        let admin_connections = Connections::default();
        let admin = TowerToHyperService::new(admin::router(&backend));
        admin_connections.accept(Entrance::new(admin_listener, None), admin);
        let stepping = backend.batch().cloned();
        let stepping = stepping.map(|batch| tokio::spawn(async move { batch.run().await }));
        Ok(Self {
            _stepping: stepping.map(AbortOnDropHandle::new),
            backend,
            connections,
            admin_connections,
            _ringing: AbortOnDropHandle::new(tokio::spawn(ringing)),
            rest_address,
            grpc_address,
            admin_address,
        })
    }

    /// Where the REST API listens.
    pub fn rest_address(&self) -> SocketAddr {
        self.rest_address
    }

    /// Where the gRPC service listens.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc_address
    }

    /// Where the admin API listens.
    pub fn admin_address(&self) -> SocketAddr {
        self.admin_address
    }

    /// Where the REST API is, such as `http://127.0.0.1:41234`, or `https` with TLS.
    pub fn rest_url(&self) -> String {
        format!("{}://{}", self.connections.scheme(), self.rest_address)
    }

    /// Where the gRPC service is, such as `http://127.0.0.1:41235`, or `https` with TLS.
    pub fn grpc_url(&self) -> String {
        format!("{}://{}", self.connections.scheme(), self.grpc_address)
    }

    /// The certificate that clients have to trust, in PEM, when the mock has made it for itself.
    pub fn certificate_pem(&self) -> Option<&str> {
        self.connections.self_signed()
    }

    /// Where the admin API is, such as `http://127.0.0.1:41236`: its paths begin with `/admin/`.
    pub fn admin_url(&self) -> String {
        format!("http://{}", self.admin_address)
    }

    /// A handle for other threads and tasks.
    pub fn handle(&self) -> Handle {
        Handle(Arc::clone(&self.backend))
    }

    /// What has happened so far.
    pub fn counters(&self) -> Counters {
        self.handle().counters()
    }

    /// The requests that have ended, from number `from` in the order in which they did, at most `most` of them. Read on
    /// from [`Page::next`].
    pub fn journal(&self, from: u64, most: usize) -> Page {
        self.handle().journal(from, most)
    }

    /// Changes how the mock behaves, from the next request on: latencies, paces and faults. Its time goes on; faults
    /// that strike a number of times begin anew. What else a specification says stays as it was started.
    ///
    /// # Errors
    /// The changed specification describes no backend; nothing has changed then.
    pub fn change(&self, change: impl FnOnce(&mut MockSpec)) -> Result<(), spec::Error> {
        self.handle().change(change)
    }

    /// Begins again: empty counters and journal, and time from zero, with the behaviour of the present. Requests in
    /// flight end as they would have, and are counted then.
    pub fn reset(&self) {
        self.handle().reset();
    }

    /// Closes the ports, gives requests in flight one second to end, and breaks off what is left. When this returns,
    /// nothing of the mock is left; the counters are final. Dropping the future stops at once.
    pub async fn stop(self) -> Counters {
        tokio::join!(self.connections.stop(), self.admin_connections.stop());
        self.counters()
    }

    /// Serves until `end` is ready, and then stops. Dropping the future stops at once.
    pub async fn run_until(self, end: impl Future) -> Counters {
        end.await;
        self.stop().await
    }
}

async fn listen(
    address: SocketAddr,
    protocol: &'static str,
) -> Result<(TcpListener, SocketAddr), Error> {
    let failed = |source| Error::Listen {
        address,
        protocol,
        source,
    };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}

/// The gRPC service for each connection.
fn grpc(
    backend: &Arc<Backend>,
) -> impl Service<
    Request<Incoming>,
    Response = Response<oip_grpc::Body>,
    Error = Infallible,
    Future: Send,
> + Clone
+ Send
+ use<> {
    let server = oip_grpc::Server::new(backend);
    service_fn(move |request| server.answer(request))
}
