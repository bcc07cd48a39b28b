//! The connection is reset: `reset: { share: 0.5%, after_tokens: 8 }`.

use super::{Misbehave, Strike};
use crate::connection::Severance;

fault! {
    /// Reset the whole connection (TCP RST), with every request on it.
    Reset {
        /// Output tokens that are still sent. Without it not even the head of an answer comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_tokens: Option<u32>,
    }
}

impl Misbehave for Reset {
    fn strike(&self) -> Strike {
        Strike::Sever {
            how: Severance::Reset,
            after_tokens: self.after_tokens,
        }
    }
}
