//! What can be asked of a server, and which protocols have room for it.

use super::Protocol;
use std::fmt;

/// What a request asks for: it decides how it is sent, and what its answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Text, whole or piece by piece.
    Generate,
    /// A vector for each text.
    Embed,
    /// Tensors for tensors.
    Infer,
}

impl Operation {
    /// The protocols that have it.
    pub const fn protocols(self) -> &'static [Protocol] {
        match self {
            Self::Generate => &[Protocol::Openai, Protocol::OipRest, Protocol::OipGrpc],
            Self::Embed => &[Protocol::Openai],
            Self::Infer => &[Protocol::OipRest, Protocol::OipGrpc],
        }
    }

    /// What to do where nothing speaks one of them.
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::Generate => "use an endpoint of any protocol",
            Self::Embed => {
                "use an openai endpoint; with the Open Inference Protocol ask for the model's tensors"
            }
            Self::Infer => "use an oip_rest or oip_grpc endpoint",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Generate => "text",
            Self::Embed => "embeddings",
            Self::Infer => "tensors",
        })
    }
}
