//! A connection that swallows everything: `black_hole: { share: 5% }`.

use super::{Interfere, Interference, Mishap};

fault! {
    /// Take the connection, read whatever comes, and never answer; only the client can end it.
    BlackHole {}
}

impl Interfere for BlackHole {
    fn interference(&self) -> Interference {
        Interference::Strike(Mishap::Swallow)
    }
}
