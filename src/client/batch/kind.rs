//! What requests must have in common to be sent as one: two of equal kind may be joined. Each protocol says it for those
//! that it can carry together, and none for all others.

use crate::client::{Input, Request, Tensor};

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
    /// Texts to be turned into vectors of one length.
    Embedding {
        model: String,
        dimensions: Option<u32>,
    },
    /// Tensors that agree in all but their first dimension.
    Tensors {
        model: String,
        /// The name, the datatype's name and the further lengths of each.
        inputs: Vec<(String, &'static str, Vec<u64>)>,
        outputs: Vec<String>,
    },
}

impl Kind {
    /// That of a text to be completed in one piece, or of texts to be embedded; `None` for anything else.
    pub(in crate::client) fn of_texts(request: &Request) -> Option<Self> {
        let model = request.model.clone();
        match request.input {
            Input::Prompt(_) if !request.stream => Some(Self::Completion {
                model,
                max_tokens: request.max_tokens,
                temperature: request.temperature.map(f64::to_bits),
                top_p: request.top_p.map(f64::to_bits),
            }),
            Input::Embedding { dimensions, .. } => Some(Self::Embedding { model, dimensions }),
            Input::Chat(_) | Input::Prompt(_) | Input::Tensors { .. } => None,
        }
    }

    /// That of tensors whose first dimensions are equally long and not empty; `None` for anything else.
    pub(in crate::client) fn of_tensors(request: &Request) -> Option<Self> {
        let Input::Tensors { inputs, outputs } = &request.input else {
            return None;
        };
        let rows = inputs.first()?.rows().filter(|rows| *rows > 0)?;
        let part = |tensor: &Tensor| {
            let (own, rest) = tensor.shape().split_first()?;
            let (name, datatype) = (tensor.name().to_owned(), tensor.datatype().name());
            (*own == rows).then(|| (name, datatype, rest.to_vec()))
        };
        Some(Self::Tensors {
            model: request.model.clone(),
            inputs: inputs.iter().map(part).collect::<Option<_>>()?,
            outputs: outputs.clone(),
        })
    }
}
