//! The connection is closed before the answer is through: `close: { every: 100 }`.

use super::{Misbehave, Strike};
use crate::connection::Severance;

fault! {
    /// Close the whole connection (TCP FIN), with every request on it.
    Close {
        /// Output tokens that are still sent. Without it not even the head of an answer comes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        after_tokens: Option<u32>,
    }
}

impl Misbehave for Close {
    fn strike(&self) -> Strike {
        Strike::Sever {
            how: Severance::Close,
            after_tokens: self.after_tokens,
        }
    }
}
