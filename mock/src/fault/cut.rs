//! The connection breaks in the middle of an answer: `cut: { share: 0.5%, after_tokens: 8 }`.

use super::{Misbehave, Strike};

fault! {
    /// Break off after some tokens, without the end of the answer: HTTP/1.1 closes the connection inside the body,
    /// HTTP/2 and gRPC reset the stream.
    Cut {
        /// Output tokens that are still sent.
        #[serde(default)]
        after_tokens: u32,
    }
}

impl Misbehave for Cut {
    fn strike(&self) -> Strike {
        Strike::BreakOff {
            after_tokens: self.after_tokens,
        }
    }
}
