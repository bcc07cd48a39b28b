//! An answer that does not count its tokens: `missing_usage: { share: 1% }`.

use super::{Answers, Misbehave, Scope, Spoil, Strike};

fault! {
    /// Leave out the token counts: `usage` over OpenAI's API, even from a stream that was asked for it, and
    /// `prompt_tokens` and `completion_tokens` over the Open Inference Protocol, whose answers in one piece have them.
    MissingUsage {}
}

impl Misbehave for MissingUsage {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::MissingUsage)
    }

    fn scope(&self) -> Scope {
        Scope {
            answers: Answers::Counted,
            ..Scope::EVERYTHING
        }
    }
}
