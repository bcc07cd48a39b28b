//! Two pieces of a stream that change places: `reorder: { share: 1%, at_token: 3 }`.

use super::{Answers, Blemish, Misbehave, Scope, Spoil, Strike};

fault! {
    /// Send an event or message of a stream after the one that should follow it.
    Reorder {
        /// The output token, from 0, whose event or message comes late; the last but one where there are fewer.
        #[serde(default)]
        at_token: u32,
    }
}

impl Misbehave for Reorder {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::Piece {
            at_token: self.at_token,
            blemish: Blemish::AfterNext,
        })
    }

    fn scope(&self) -> Scope {
        Scope {
            answers: Answers::StreamedTokens,
            ..Scope::EVERYTHING
        }
    }
}
