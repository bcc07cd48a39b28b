//! Where an endpoint is, and how a connection to it is made: `10.0.0.1:8000`, `models.example:443` with TLS,
//! `unix:/run/model.sock`.

use super::wire::Io;
use crate::client::Error;
use crate::client::transport::access::Access;
use reqwest::Url;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
#[cfg(unix)]
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::TlsConnector;

/// Where connections go, and how they are encrypted if they are.
#[derive(Debug)]
pub(super) struct Place {
    at: At,
    tls: Option<Tls>,
}

/// An address, as far as it is known beforehand.
#[derive(Debug)]
enum At {
    Address(SocketAddr),
    /// To be looked up for each connection.
    Name(String, u16),
    #[cfg(unix)]
    Socket(PathBuf),
    #[cfg(test)]
    Memory(super::tests::Memory),
}

/// Whom is spoken to, and on what terms.
struct Tls {
    name: ServerName<'static>,
    terms: Arc<ClientConfig>,
}

impl Tls {
    fn with(host: &str, terms: Arc<ClientConfig>) -> Result<Self, Error> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error| Error::Setup(Box::new(error)))?;
        Ok(Self { name, terms })
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tls({:?})", self.name)
    }
}

impl Place {
    /// The place that `base` names, or the socket that stands for it.
    ///
    /// # Errors
    /// [`Error::Setup`] for a host that no certificate could name.
    pub(super) fn of(base: &Url, access: &Access) -> Result<Self, Error> {
        let host = base.host_str().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let terms = access.terms()?;
        let tls = terms.map(|terms| Tls::with(host, terms)).transpose()?;
        #[cfg(unix)]
        if let Some(path) = access.socket() {
            let at = At::Socket(path.to_owned());
            return Ok(Self { at, tls });
        }
        let port = base.port_or_known_default().unwrap_or_default();
        let at = match host.parse::<IpAddr>() {
            Ok(address) => At::Address(SocketAddr::new(address, port)),
            Err(_) => At::Name(host.to_owned(), port),
        };
        Ok(Self { at, tls })
    }

    /// A place in memory.
    #[cfg(test)]
    pub(super) fn in_memory(memory: super::tests::Memory) -> Self {
        let at = At::Memory(memory);
        Self { at, tls: None }
    }

    /// Makes a connection. Dropping the future gives it up. `allowed` is how long the caller will wait: it is shared out
    /// among the addresses of a name, so that one that swallows packets leaves time for the next.
    pub(super) async fn connect(&self, allowed: Duration) -> io::Result<Box<dyn Io>> {
        match &self.at {
            At::Address(address) => self.encrypt(tcp(*address).await?).await,
            At::Name(name, port) => {
                let ends = Instant::now().checked_add(allowed);
                let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), *port))
                    .await?
                    .collect();
                self.encrypt(first(&found, ends).await?).await
            }
            #[cfg(unix)]
            At::Socket(path) => {
                let socket = tokio::net::UnixStream::connect(path).await?;
                self.encrypt(socket).await
            }
            #[cfg(test)]
            At::Memory(memory) => self.encrypt(memory.connect()?).await,
        }
    }

    async fn encrypt(&self, io: impl Io + 'static) -> io::Result<Box<dyn Io>> {
        let Some(Tls { name, terms }) = &self.tls else {
            return Ok(Box::new(io));
        };
        let connector = TlsConnector::from(Arc::clone(terms));
        let encrypted = connector.connect(name.clone(), io).await?;
        Ok(Box::new(encrypted))
    }
}

/// Connects to the first address that answers. Each gets an equal part of the time that is left.
async fn first(addresses: &[SocketAddr], ends: Option<Instant>) -> io::Result<TcpStream> {
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
    for (address, others) in addresses.iter().zip((1..=addresses.len()).rev()) {
        let others = u32::try_from(others).unwrap_or(u32::MAX);
        let part = ends.map_or(Duration::MAX, |ends| {
            ends.saturating_duration_since(Instant::now()) / others
        });
        match timeout(part, tcp(*address)).await {
            Ok(Ok(connected)) => return Ok(connected),
            Ok(Err(error)) => failed = error,
            Err(_) => failed = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(failed)
}

async fn tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let connected = TcpStream::connect(address).await?;
    connected.set_nodelay(true)?;
    Ok(connected)
}
