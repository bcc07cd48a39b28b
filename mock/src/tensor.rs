//! Tensors, whatever the protocol: a name, a shape, and elements of one datatype. They are read from the typed and the raw
//! contents of gRPC, from lists of JSON and from the binary extension, and written as raw contents or JSON. Nothing here
//! knows a server.
//!
//! ```text
//! {"name":"x","datatype":"FP32","shape":[1,2],"data":[0.5,1]}   <->   x FP32 [1,2] 00 00 00 3f 00 00 80 3f
//! ```

mod elements;
pub(crate) mod json;
mod number;
mod shape;
pub(crate) mod typed;

pub(crate) use elements::{Elements, RawError, Writer};
pub use inferometer_proto::datatype::Datatype;
pub(crate) use inferometer_proto::datatype::UnknownDatatype;
pub(crate) use shape::{MOST_DIMENSIONS, Shape, ShapeError};

/// A named tensor. Its elements are as many as its shape says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tensor {
    /// The name that the model knows it by.
    pub(crate) name: String,
    /// Its lengths.
    pub(crate) shape: Shape,
    /// What it holds, and the datatype of it.
    pub(crate) elements: Elements,
}

impl Tensor {
    /// A tensor of one text.
    pub(crate) fn text(name: &str, text: &str) -> Self {
        Self {
            name: name.to_owned(),
            shape: Shape::single(),
            elements: Elements::text(text),
        }
    }

    /// The datatype of its elements.
    pub(crate) fn datatype(&self) -> Datatype {
        self.elements.datatype()
    }
}

/// Why a tensor could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No datatype.
    #[error(transparent)]
    Datatype(#[from] UnknownDatatype),
    /// No shape.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// Raw contents that are something else.
    #[error(transparent)]
    Raw(#[from] RawError),
    /// Typed contents that are something else.
    #[error(transparent)]
    Typed(#[from] typed::TypedError),
    /// A list of JSON that is something else.
    #[error("could not read `data`: {0}")]
    Json(#[from] serde_json::Error),
    /// Fewer bytes behind the JSON header than an input claims.
    #[error("expected {expected} bytes of binary data, found {found}")]
    Binary {
        /// Its `binary_data_size`.
        expected: usize,
        /// Bytes that are left.
        found: usize,
    },
    /// Contents in memory that is not shared.
    #[error("expected contents in the request: the mock shares no memory")]
    SharedMemory,
    /// No contents.
    #[error("expected contents in `data` or in binary, found none")]
    Missing,
    /// Contents in two places.
    #[error("expected its contents once, found them {0}")]
    Twice(&'static str),
}

#[cfg(test)]
mod tests;
