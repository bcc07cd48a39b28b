//! An answer that comes later than usual: `delay: { share: 1%, by: { fixed: 250ms } }`.

use super::{Misbehave, Strike};
use crate::latency::Latency;
use crate::spec::Error;

fault! {
    /// Answer as always, but later.
    Delay {
        /// By how much later the answer, and every piece of it, comes; drawn for each request.
        by: Latency,
    }
}

impl Misbehave for Delay {
    fn strike(&self) -> Strike {
        Strike::Delay(self.by.clone())
    }

    fn check(&self) -> Result<(), Error> {
        self.by.check().map_err(|error| error.within("by"))
    }
}
