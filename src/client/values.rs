//! What an answer holds that is no text: it comes as a whole, and is held against what was asked for.

use super::{Input, Request, Tensor};

/// What an answer holds that is no text.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Values {
    /// A vector for each text, in the order of the request.
    Vectors(Vec<Vec<f32>>),
    /// The outputs of a model, in its order.
    Tensors(Vec<Tensor>),
}

/// How an answer without text is not what was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misfit {
    /// It holds nothing of the kind.
    #[error("expected vectors or tensors, as asked for, found none")]
    Missing,
    /// There is not one vector for each text.
    #[error("expected {expected} vectors, found {found}")]
    Count {
        /// Texts that were sent.
        expected: usize,
        /// Vectors that came.
        found: usize,
    },
    /// A vector is not as long as was asked for, or as the first.
    #[error("expected vectors of {expected} numbers, found one of {found}")]
    Length {
        /// Numbers that there should be.
        expected: usize,
        /// Numbers that there are.
        found: usize,
    },
    /// An output that was asked for is not among them.
    #[error("expected output `{name}`, found others")]
    Output {
        /// Its name.
        name: String,
    },
}

impl Request {
    /// Holds the values of an answer against this request; an answer of text fits whatever it says.
    ///
    /// # Errors
    /// How it does not fit.
    pub fn fits(&self, values: Option<&Values>) -> Result<(), Misfit> {
        match (&self.input, values) {
            (Input::Chat(_) | Input::Prompt(_), _) => Ok(()),
            (Input::Embedding { texts, dimensions }, Some(Values::Vectors(vectors))) => {
                vectors_fit(vectors, texts.len(), *dimensions)
            }
            (Input::Tensors { outputs, .. }, Some(Values::Tensors(tensors))) => {
                tensors_fit(tensors, outputs)
            }
            (Input::Embedding { .. }, Some(Values::Tensors(_)) | None)
            | (Input::Tensors { .. }, Some(Values::Vectors(_)) | None) => Err(Misfit::Missing),
        }
    }
}

fn tensors_fit(tensors: &[Tensor], outputs: &[String]) -> Result<(), Misfit> {
    if tensors.is_empty() {
        return Err(Misfit::Missing);
    }
    let is_there = |name: &&String| tensors.iter().any(|tensor| tensor.name() == *name);
    match outputs.iter().find(|name| !is_there(name)) {
        None => Ok(()),
        Some(name) => Err(Misfit::Output { name: name.clone() }),
    }
}

fn vectors_fit(vectors: &[Vec<f32>], texts: usize, dimensions: Option<u32>) -> Result<(), Misfit> {
    if vectors.len() != texts {
        return Err(Misfit::Count {
            expected: texts,
            found: vectors.len(),
        });
    }
    let asked = dimensions.map(|asked| usize::try_from(asked).unwrap_or(usize::MAX));
    let Some(expected) = asked.or(vectors.first().map(Vec::len)) else {
        return Ok(());
    };
    match vectors
        .iter()
        .find(|vector| vector.len() != expected || vector.is_empty())
    {
        None => Ok(()),
        Some(other) => Err(Misfit::Length {
            expected: expected.max(1),
            found: other.len(),
        }),
    }
}
