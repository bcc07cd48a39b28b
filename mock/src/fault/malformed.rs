//! An answer that cannot be parsed: `malformed: { every: 500, at_token: 8 }`.

use super::{Blemish, Misbehave, Scope, Spoil, Strike};

fault! {
    /// Send what is no JSON: the first half of an answer in one piece, or of one event of a stream.
    Malformed {
        /// The output token, from 0, whose event is malformed; the last one where there are fewer.
        #[serde(default)]
        at_token: u32,
    }
}

impl Misbehave for Malformed {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::Piece {
            at_token: self.at_token,
            blemish: Blemish::Malformed,
        })
    }

    fn scope(&self) -> Scope {
        Scope::REST
    }
}
