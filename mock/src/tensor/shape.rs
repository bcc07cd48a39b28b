//! How many elements a tensor has in each dimension: `[2, 4]` is two rows of four.

use std::fmt;

/// The most dimensions that a tensor may have: models have up to five or so, and more would be a mistake.
pub(crate) const MOST_DIMENSIONS: usize = 16;

/// The lengths of all dimensions, outermost first. Their product is known to be a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shape {
    lengths: Vec<usize>,
    elements: usize,
}

/// Lengths that no tensor has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ShapeError {
    /// A length below zero, or beyond all memory.
    #[error("expected lengths of 0 or more in the shape, found {0}")]
    Length(i64),
    /// More dimensions than anyone has.
    #[error("expected at most {MOST_DIMENSIONS} dimensions in the shape, found {0}")]
    Dimensions(usize),
    /// More elements than can be counted.
    #[error("expected fewer elements: the lengths of the shape multiply beyond all memory")]
    Elements,
}

impl Shape {
    /// The shape of these lengths.
    ///
    /// # Errors
    /// A length is negative, there are too many, or their product overflows; zeros do not excuse what else would.
    pub(crate) fn try_new(lengths: &[i64]) -> Result<Self, ShapeError> {
        if lengths.len() > MOST_DIMENSIONS {
            return Err(ShapeError::Dimensions(lengths.len()));
        }
        let count = |&length: &i64| usize::try_from(length).map_err(|_| ShapeError::Length(length));
        Self::of(lengths.iter().map(count).collect::<Result<_, _>>()?)
    }

    /// The shape of lengths that are known not to be negative.
    ///
    /// # Errors
    /// Their product overflows.
    pub(crate) fn of(lengths: Vec<usize>) -> Result<Self, ShapeError> {
        let product = |product: usize, length: usize| product.checked_mul(length.max(1));
        lengths
            .iter()
            .copied()
            .try_fold(1, product)
            .ok_or(ShapeError::Elements)?;
        Ok(Self {
            elements: lengths.iter().product(),
            lengths,
        })
    }

    /// The shape `[1]` of a single text.
    pub(crate) fn single() -> Self {
        Self {
            lengths: vec![1],
            elements: 1,
        }
    }

    /// The lengths, outermost first.
    pub(crate) fn lengths(&self) -> &[usize] {
        &self.lengths
    }

    /// The product of all lengths; 1 when there are none.
    pub(crate) fn elements(&self) -> usize {
        self.elements
    }

    /// The lengths as gRPC writes them.
    pub(crate) fn to_wire(&self) -> Vec<i64> {
        let wire = |&length: &usize| i64::try_from(length).unwrap_or(i64::MAX);
        self.lengths.iter().map(wire).collect()
    }
}

/// As JSON writes it: `[2,4]`.
impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[")?;
        for (place, length) in self.lengths.iter().enumerate() {
            let separator = if place == 0 { "" } else { "," };
            write!(f, "{separator}{length}")?;
        }
        f.write_str("]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_shape_counts_its_elements() {
        for (lengths, elements) in [(&[][..], 1), (&[3], 3), (&[2, 4], 8), (&[2, 0, 4], 0)] {
            assert_eq!(Shape::try_new(lengths).unwrap().elements(), elements);
        }
        assert_eq!(Shape::try_new(&[2, 4]).unwrap().to_string(), "[2,4]");
    }

    #[test]
    fn hostile_shapes_are_refused() {
        let large = 1 << 62;
        assert_eq!(Shape::try_new(&[1, -1]), Err(ShapeError::Length(-1)));
        assert_eq!(Shape::try_new(&[large, 4]), Err(ShapeError::Elements));
        assert_eq!(
            Shape::try_new(&[large, 4, 0]),
            Err(ShapeError::Elements),
            "a zero hides nothing"
        );
        assert_eq!(Shape::try_new(&[1; 17]), Err(ShapeError::Dimensions(17)));
    }

    proptest! {
        #[test]
        fn no_lengths_at_all_can_overflow(lengths: Vec<i64>) {
            if let Ok(shape) = Shape::try_new(&lengths) {
                prop_assert_eq!(shape.to_wire(), lengths);
            }
        }
    }
}
