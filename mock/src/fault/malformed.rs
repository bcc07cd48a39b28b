//! An answer that cannot be parsed: `malformed: { every: 500, at_token: 8 }`.

use super::{Blemish, Misbehave, Spoil, Strike};

fault! {
    /// Send what cannot be parsed: over REST the first half of an answer in one piece, or of one event of a stream; over
    /// gRPC a message that does not decode.
    Malformed {
        /// The output token, from 0, whose event or message is malformed; the last one where there are fewer.
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
}
