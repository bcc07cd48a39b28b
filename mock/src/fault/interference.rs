//! What befalls connections before any request on them is known, in words that every port understands:
//! `Interference::Strike(Mishap::Swallow)`. What asks for a request cannot be a condition here.

use super::trigger::Conditions;
use crate::connection::Port;
use crate::latency::Latency;
use crate::spec::Error;
use std::time::Duration;

/// What a fault does before there is a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Interference {
    /// Nobody listens on the port.
    ShutPort,
    /// Some of the connections are struck.
    Strike(Mishap),
}

/// What befalls a connection that was accepted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Mishap {
    /// Nothing is read from it for so long; then it is served.
    Wait(Latency),
    /// What it says is read and never answered.
    Swallow,
}

/// A connection that was accepted, for the conditions of faults.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrival {
    /// The port on which it came.
    pub(crate) port: Port,
    /// Its place in the order of the connections of that port, from 0.
    pub(crate) number: u64,
    /// Time since the mock started, or was reset.
    pub(crate) since_start: Duration,
}

/// Is a port closed at some time?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shutter {
    /// The kind of the fault that has closed it.
    pub(crate) shut_by: Option<&'static str>,
    /// When that may be different, counted from the start of the mock; never, when there is no such time.
    pub(crate) until: Option<Duration>,
}

impl Conditions {
    /// Refuses conditions that no connection can meet, as there is no request on it yet.
    pub(super) fn check_for_connections(&self) -> Result<(), Error> {
        let expected = "nothing, as connections are struck before they have any request";
        if let Some(numbers) = &self.requests {
            // Nothing in a range can fail to be written.
            let found = serde_json::to_string(numbers).unwrap_or_default();
            return Err(Error::unfit("requests", expected, found));
        }
        if let Some(attempts) = self.attempts {
            return Err(Error::unfit("attempts", expected, attempts));
        }
        if !self.models.is_empty() {
            return Err(Error::unfit("models", expected, self.models.join(", ")));
        }
        self.check_ports()
    }

    /// A connection is known by its port alone, which may serve several protocols.
    fn check_ports(&self) -> Result<(), Error> {
        let expected = "openai and oip_rest together, as they share a port";
        for (index, protocol) in self.protocols.iter().enumerate() {
            let on_port = Port::of(*protocol).protocols();
            if on_port.iter().any(|other| !self.protocols.contains(other)) {
                let field = format!("protocols[{index}]");
                return Err(Error::unfit(&field, expected, protocol.name()));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
