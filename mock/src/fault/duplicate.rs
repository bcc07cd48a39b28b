//! A piece of a stream that comes twice: `duplicate: { share: 1%, at_token: 3 }`.

use super::{Blemish, Misbehave, Scope, Spoil, Strike};

fault! {
    /// Send an event or message of a stream twice in a row.
    Duplicate {
        /// The output token, from 0, whose event or message comes twice; the last one where there are fewer.
        #[serde(default)]
        at_token: u32,
    }
}

impl Misbehave for Duplicate {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::Piece {
            at_token: self.at_token,
            blemish: Blemish::Twice,
        })
    }

    fn scope(&self) -> Scope {
        Scope::STREAMS
    }
}
