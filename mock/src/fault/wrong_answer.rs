//! An answer to another question: `wrong_answer: { share: 0.1% }`.

use super::{Answers, Misbehave, Scope, Spoil, Strike};

fault! {
    /// Answer with other words than the true ones, as many tokens, and the same for every struck request. Words stand in
    /// the place of JSON and of a tool call's arguments too. Embeddings and
    /// models of tensors are not struck.
    WrongAnswer {}
}

impl Misbehave for WrongAnswer {
    fn strike(&self) -> Strike {
        Strike::Spoil(Spoil::WrongAnswer)
    }

    fn scope(&self) -> Scope {
        Scope {
            answers: Answers::Texts,
            ..Scope::EVERYTHING
        }
    }
}
