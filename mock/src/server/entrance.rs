//! Where the connections of a port come in. A fault may close it for a while, and may have some of them met in a way of
//! its own:
//!
//! ```text
//! 0 s  listening  -> refuse: { from: 5s, until: 8s } ->  5 s  bound only: ECONNREFUSED  ->  8 s  listening
//! ```

use crate::backend::Backend;
use crate::behaviour::Welcome;
use crate::connection::Port;
use crate::timer::Alarm;
use std::future::{pending, poll_fn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep};

/// How long accepting pauses when the machine has no more file descriptors, or no more memory; likewise opening when the
/// port is taken.
const BREATHER: Duration = Duration::from_millis(10);

/// Connections that may wait until they are accepted: as many as the runtime's own listeners let wait.
const QUEUE: u32 = 1024;

/// A port, open or closed.
#[derive(Debug)]
pub(super) struct Entrance {
    door: Door,
    gate: Option<Gate>,
}

/// Does anybody listen?
#[derive(Debug)]
enum Door {
    Open(TcpListener),
    /// The socket keeps the port from everybody else; without it, the port could not be had.
    Shut(Option<TcpSocket>),
}

/// What the faults of a backend have to say about a port.
#[derive(Debug)]
pub(super) struct Gate {
    backend: Arc<Backend>,
    port: Port,
    address: SocketAddr,
    changes: watch::Receiver<()>,
    alarm: Alarm,
    /// The beginning of the time for which it was counted that the port is closed.
    counted: Option<Instant>,
}

/// A connection that was accepted.
#[derive(Debug)]
pub(super) struct Admitted {
    /// Its place among those that are served at once.
    pub(super) place: Option<OwnedSemaphorePermit>,
    pub(super) stream: TcpStream,
    pub(super) peer: SocketAddr,
    pub(super) welcome: Welcome,
}

impl Gate {
    /// The faults of `backend` for that port, which is at `address`.
    pub(super) fn new(backend: &Arc<Backend>, port: Port, address: SocketAddr) -> Self {
        Self {
            port,
            address,
            changes: backend.changes(),
            alarm: backend.timer().alarm(),
            backend: Arc::clone(backend),
            counted: None,
        }
    }

    /// Waits until it may have something else to say: when the backend behaves differently, or at that time.
    async fn news(&mut self, at: Option<Instant>) {
        let Self { changes, alarm, .. } = self;
        let time = async {
            match at {
                Some(at) => alarm.until(at).await,
                None => pending().await,
            }
        };
        tokio::select! {
            // An error would say that the backend is gone, which is held here.
            _ = changes.changed() => {}
            () = time => {}
        }
    }
}

impl Entrance {
    /// The port of `listener`, which is open or closed from now on as its faults say; without any it is open.
    pub(super) fn new(listener: TcpListener, gate: Option<Gate>) -> Self {
        let mut entrance = Self {
            door: Door::Open(listener),
            gate,
        };
        entrance.obey();
        entrance
    }

    /// The next connection, once there is a place for it: those that are too many stay in the listen queue. Dropping the
    /// future loses none.
    pub(super) async fn admit(&mut self, places: &Arc<Semaphore>) -> Admitted {
        loop {
            let look_again = self.obey();
            let Self { door, gate } = self;
            let news = async {
                match gate {
                    Some(gate) => gate.news(look_again).await,
                    None => pending().await,
                }
            };
            let (place, stream, peer) = tokio::select! {
                biased;
                () = news => continue,
                accepted = door.accept(places) => accepted,
            };
            let welcome = match &self.gate {
                Some(gate) => gate.backend.welcome(gate.port),
                None => Welcome::AtOnce,
            };
            return Admitted {
                place,
                stream,
                peer,
                welcome,
            };
        }
    }

    /// Opens or closes the port as the faults of the present say, and says when to look again.
    fn obey(&mut self) -> Option<Instant> {
        let gate = self.gate.as_mut()?;
        gate.changes.mark_unchanged();
        let behaviour = gate.backend.behaviour();
        let (since, now) = (behaviour.since(), Instant::now());
        let shutter = behaviour.shutter(gate.port, now);
        let is_settled = if let Some(kind) = shutter.shut_by {
            if gate.counted.replace(since) != Some(since) {
                gate.backend.ledger.befall(kind);
            }
            self.door.shut(gate.address);
            true
        } else {
            gate.counted = None;
            self.door.open(gate.address).is_ok()
        };
        if is_settled {
            shutter.until.and_then(|until| since.checked_add(until))
        } else {
            Some(now + BREATHER)
        }
    }
}

impl Door {
    /// Nobody listens from now on. Who waits to be accepted is reset.
    fn shut(&mut self, address: SocketAddr) {
        if let Self::Open(_) = self {
            // The listener goes first, as nobody else can have the port beside it.
            *self = Self::Shut(None);
            *self = Self::Shut(reserve(address).ok());
        }
    }

    /// Somebody listens from now on, unless the port is somebody else's.
    fn open(&mut self, address: SocketAddr) -> io::Result<()> {
        if let Self::Shut(kept) = self {
            let socket = kept.take().map_or_else(|| reserve(address), Ok)?;
            *self = Self::Open(socket.listen(QUEUE)?);
        }
        Ok(())
    }

    async fn accept(
        &self,
        places: &Arc<Semaphore>,
    ) -> (Option<OwnedSemaphorePermit>, TcpStream, SocketAddr) {
        let Self::Open(listener) = self else {
            return pending().await;
        };
        // The places are never closed, so there always is one in the end.
        let place = Arc::clone(places).acquire_owned().await.ok();
        let (stream, peer) = first(|context| listener.poll_accept(context)).await;
        (place, stream, peer)
    }
}

/// What can be accepted first. A failure that meets the next client too does not make it spin.
async fn first<T>(mut poll_accept: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>) -> T {
    loop {
        match poll_fn(&mut poll_accept).await {
            Ok(accepted) => return accepted,
            Err(error) if is_of_one_connection(&error) => {}
            Err(_) => sleep(BREATHER).await,
        }
    }
}

/// A socket that has the port and does not listen: connecting to it is refused.
fn reserve(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    // Else connections that are still open would keep the port; elsewhere it would mean something else.
    if cfg!(unix) {
        socket.set_reuseaddr(true)?;
    }
    socket.bind(address)?;
    Ok(socket)
}

/// Did accepting fail for one client alone, that left before its turn came? Any other failure, such as a lack of file
/// descriptors, meets the next client too.
fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionRefused
    )
}

#[cfg(test)]
mod tests;
