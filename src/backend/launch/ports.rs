//! Ports for a server that is about to be started: free ones of the loopback interface, by their names.

use crate::plan::Launch;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};

/// Ports that nobody else is given as long as this is held.
pub(super) struct Ports(BTreeMap<String, (u16, TcpListener)>);

impl Ports {
    /// One for each name that the launch speaks of.
    pub(super) fn free(launch: &Launch) -> Result<Self, String> {
        let ports = launch.told_ports().into_iter().map(|name| {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
            let number = listener.local_addr()?.port();
            Ok((name, (number, listener)))
        });
        ports
            .collect::<std::io::Result<_>>()
            .map(Self)
            .map_err(|error| format!("no port is free: {error}"))
    }

    /// The number of the port with this name.
    pub(super) fn number(&self, name: &str) -> u16 {
        match self.0.get(name) {
            Some((number, _)) => *number,
            None => unreachable!("plans know every port that they speak of"),
        }
    }
}
