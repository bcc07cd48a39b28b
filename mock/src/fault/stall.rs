//! An answer that never comes, or never goes on: `stall: { share: 1%, after_tokens: 4 }`.

use super::{Misbehave, Strike};

fault! {
    /// Take the request and never answer it, or stop after some tokens; only the client can end it.
    Stall {
        /// Output tokens that are still sent. Without it not even the head of an answer comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_tokens: Option<u32>,
    }
}

impl Misbehave for Stall {
    fn strike(&self) -> Strike {
        match self.after_tokens {
            None => Strike::Silence,
            Some(after_tokens) => Strike::FallSilent { after_tokens },
        }
    }
}
