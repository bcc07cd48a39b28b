//! A connection that is taken and not looked at for a while: `slow_accept: { share: 10%, by: { fixed: 1s } }`.

use super::{Interfere, Interference, Mishap};
use crate::latency::Latency;
use crate::spec::Error;

fault! {
    /// Take the connection, and read nothing from it for a while; then serve it as always.
    SlowAccept {
        /// How long nothing is read; drawn for each connection.
        by: Latency,
    }
}

impl Interfere for SlowAccept {
    fn interference(&self) -> Interference {
        Interference::Strike(Mishap::Wait(self.by.clone()))
    }

    fn check(&self) -> Result<(), Error> {
        self.by.check().map_err(|error| error.within("by"))
    }
}
