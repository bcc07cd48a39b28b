//! The connection on which a request came, as a handle in the extensions of every request: what a fault needs to break
//! off more than its own answer.
//!
//! ```text
//! request.extensions().get::<Connection>() -> number 17, peer 127.0.0.1:53124 -> reset()
//! ```
//!
//! An order only sets a mark and wakes the task of the connection, which obeys at its next step, whatever its requests
//! are waiting for. Orders only ever get harder: after a `reset` nothing softer is heard.

use crate::journal::Protocol;
use futures_util::task::AtomicWaker;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};
use std::task::Context;

/// Where connections come in that faults can meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Port {
    /// The REST APIs.
    Rest,
    /// The gRPC service.
    Grpc,
}

impl Port {
    /// The port on which a protocol is spoken.
    pub(crate) const fn of(protocol: Protocol) -> Self {
        match protocol {
            Protocol::Openai | Protocol::OipRest => Self::Rest,
            Protocol::OipGrpc => Self::Grpc,
        }
    }

    /// What is spoken there.
    pub(crate) const fn protocols(self) -> &'static [Protocol] {
        match self {
            Self::Rest => &[Protocol::Openai, Protocol::OipRest],
            Self::Grpc => &[Protocol::OipGrpc],
        }
    }

    /// Its name, `rest` or `grpc`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Rest => "rest",
            Self::Grpc => "grpc",
        }
    }
}

/// One accepted connection. Clones are the same connection; holding one does not keep it open.
#[derive(Debug, Clone)]
pub(crate) struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    number: u64,
    peer: SocketAddr,
    order: AtomicU8,
    task: AtomicWaker,
}

/// How a connection ends at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severance {
    /// By a FIN: the client reads what was sent before, and then the end.
    Close,
    /// By a RST.
    Reset,
}

/// What is to become of a connection, from soft to hard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Order {
    /// Requests are answered.
    Serve,
    /// Requests that came are answered, and no more are taken.
    GoAway,
    /// Nothing more is said.
    Close,
    /// Nothing more is said, and what was said may be lost.
    Reset,
}

impl Order {
    const fn level(self) -> u8 {
        match self {
            Self::Serve => 0,
            Self::GoAway => 1,
            Self::Close => 2,
            Self::Reset => 3,
        }
    }

    const fn at(level: u8) -> Self {
        match level {
            0 => Self::Serve,
            1 => Self::GoAway,
            2 => Self::Close,
            _ => Self::Reset,
        }
    }
}

impl Connection {
    /// The connection from `peer` that was accepted as `number`.
    pub(crate) fn new(number: u64, peer: SocketAddr) -> Self {
        Self(Arc::new(Shared {
            number,
            peer,
            order: AtomicU8::new(Order::Serve.level()),
            task: AtomicWaker::new(),
        }))
    }

    /// Its place in the order in which the mock accepted its connections, of all ports, from 0.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "told to whoever debugs, and tested")
    )]
    pub(crate) fn number(&self) -> u64 {
        self.0.number
    }

    /// The client's end.
    pub(crate) fn peer(&self) -> SocketAddr {
        self.0.peer
    }

    /// Ends the connection in that way.
    pub(crate) fn sever(&self, how: Severance) {
        match how {
            Severance::Close => self.close(),
            Severance::Reset => self.reset(),
        }
    }

    /// Resets the connection (TCP RST) with everything on it: no byte leaves any more, and the client may lose bytes
    /// that it has not read yet.
    pub(crate) fn reset(&self) {
        self.order(Order::Reset);
    }

    /// Closes the connection (TCP FIN) with everything on it: no byte leaves any more, and the client reads what was
    /// sent before and then the end.
    pub(crate) fn close(&self) {
        self.order(Order::Close);
    }

    /// Takes no more requests: HTTP/2 sends GOAWAY, HTTP/1.1 says `connection: close` with its answer. Requests that
    /// came before are answered, and then the connection closes.
    pub(crate) fn go_away(&self) {
        self.order(Order::GoAway);
    }

    /// What is to become of it.
    pub(crate) fn ordered(&self) -> Order {
        Order::at(self.0.order.load(Relaxed))
    }

    /// The same, and the task of `context` is woken when it changes. One task may wait at a time: the connection's own.
    pub(crate) fn poll_ordered(&self, context: &Context<'_>) -> Order {
        self.0.task.register(context.waker());
        self.ordered()
    }

    fn order(&self, order: Order) {
        self.0.order.fetch_max(order.level(), Relaxed);
        self.0.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_only_get_harder() {
        let connection = Connection::new(3, SocketAddr::from(([127, 0, 0, 1], 80)));
        let mut heard = vec![connection.ordered()];

        for order in [
            Connection::go_away,
            Connection::close,
            Connection::go_away,
            Connection::reset,
            Connection::close,
        ] {
            order(&connection);
            heard.push(connection.clone().ordered());
        }

        assert_eq!(
            heard,
            [
                Order::Serve,
                Order::GoAway,
                Order::Close,
                Order::Close,
                Order::Reset,
                Order::Reset
            ]
        );
        assert_eq!((connection.number(), connection.peer().port()), (3, 80));
    }
}
