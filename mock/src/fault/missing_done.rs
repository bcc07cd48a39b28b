//! A stream that just ends: `missing_done: { share: 1% }`.

use super::{Answers, Misbehave, Scope, Spoil, Strike};
use crate::journal::Protocol;

fault! {
    /// Leave out the `data: [DONE]` that ends a stream of OpenAI's API.
    MissingDone {}
}

impl Misbehave for MissingDone {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::MissingDone)
    }

    fn scope(&self) -> Scope {
        Scope {
            protocols: &[Protocol::Openai],
            expected: "openai, the only protocol whose streams end with such a mark",
            answers: Answers::Streamed,
        }
    }
}
