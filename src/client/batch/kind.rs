//! What requests must have in common to be sent as one: two of equal kind may be joined. Each protocol says it for those
//! that it can carry together, and none for all others.

use crate::client::Request;

/// What joined requests have in common.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::client) enum Kind {
    /// Texts to be completed, within the same limits.
    Completion {
        model: String,
        max_tokens: u32,
        /// As its bits, of which equality is certain.
        temperature: Option<u64>,
        top_p: Option<u64>,
    },
}

impl Kind {
    /// A text to be completed in one piece; `None` for anything else.
    pub(in crate::client) fn completion(request: &Request) -> Option<Self> {
        request.input.prompt().filter(|_| !request.stream)?;
        Some(Self::Completion {
            model: request.model.clone(),
            max_tokens: request.max_tokens,
            temperature: request.temperature.map(f64::to_bits),
            top_p: request.top_p.map(f64::to_bits),
        })
    }
}
