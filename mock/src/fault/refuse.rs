//! A port where nobody listens for a while: `refuse: { from: 5s, until: 8s }`.

use super::{Interfere, Interference};
use crate::spec::Error;

/// What the conditions would have to be that a closed port cannot meet.
const NOTHING: &str = "nothing, as a port refuses every connection in its window";

fault! {
    /// Close the listening socket, so that connecting is refused (ECONNREFUSED), and listen on the same port again when
    /// the window ends. Connections that are open go on.
    Refuse {}
}

impl Interfere for Refuse {
    fn interference(&self) -> Interference {
        Interference::ShutPort
    }

    fn check(&self) -> Result<(), Error> {
        if let Some(share) = self.share {
            return Err(Error::unfit("share", NOTHING, share));
        }
        for (field, number) in [("every", self.every), ("times", self.times)] {
            if let Some(number) = number {
                return Err(Error::unfit(field, NOTHING, number));
            }
        }
        Ok(())
    }
}
