//! Tensors along their first dimension, whose entries are called rows here: those of several requests become one, and what a
//! model makes of that is shared out again.
//!
//! ```text
//! x [1, 2], x [2, 2] -> x [3, 2] -> model -> y [3] -> y [1], y [2]
//! ```

use super::{Pieces, Tensor};
use bytes::BytesMut;

impl Tensor {
    /// How many rows it has; a single value has none to count.
    pub(in crate::client) fn rows(&self) -> Option<u64> {
        self.shape.first().copied()
    }

    /// The rows of all of these, one after the other. They agree with this one, which is the first of them, in everything but
    /// the number of rows.
    pub(in crate::client) fn joined<'a>(&self, all: impl Iterator<Item = &'a Self>) -> Self {
        let (mut rows, mut contents) = (0_u64, BytesMut::new());
        for tensor in all {
            rows = rows.saturating_add(tensor.rows().unwrap_or_default());
            contents.extend_from_slice(&tensor.contents);
        }
        let rest = self.shape.iter().skip(1).copied();
        Self {
            name: self.name.clone(),
            datatype: self.datatype,
            shape: std::iter::once(rows).chain(rest).collect(),
            contents: contents.freeze(),
        }
    }

    /// Parts of so many rows each, in their order, without a copy; `None` when it has not as many rows as they together.
    pub(in crate::client) fn shared_out(&self, counts: &[u64]) -> Option<Vec<Self>> {
        let (rows, rest) = self.shape.split_first()?;
        let wanted = counts
            .iter()
            .try_fold(0_u64, |sum, own| sum.checked_add(*own));
        if wanted != Some(*rows) {
            return None;
        }
        let in_a_row = rest
            .iter()
            .try_fold(1_u64, |product, length| product.checked_mul(*length))?;
        let mut left = self.contents.clone();
        let part = |own: &u64| {
            let elements = usize::try_from(own.checked_mul(in_a_row)?).ok()?;
            let length = match self.datatype.width() {
                Some(width) => elements.checked_mul(width)?,
                None => length_of(&left, elements),
            };
            Some(Self {
                name: self.name.clone(),
                datatype: self.datatype,
                shape: std::iter::once(*own).chain(rest.iter().copied()).collect(),
                contents: (length <= left.len()).then(|| left.split_to(length))?,
            })
        };
        counts.iter().map(part).collect()
    }
}

/// How many bytes the first elements of raw `BYTES` take.
fn length_of(contents: &[u8], elements: usize) -> usize {
    let mut pieces = Pieces(contents);
    pieces.by_ref().take(elements).for_each(drop);
    contents.len() - pieces.0.len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(shape: &[u64], elements: &[&str]) -> Tensor {
        Tensor::of_bytes("t", shape, elements).unwrap()
    }

    #[test]
    fn only_as_many_rows_as_there_are_can_be_shared_out() {
        let two = Tensor::of("x", &[2, 1], &[1_u8, 2]).unwrap();
        let single = Tensor::of("x", &[], &[1_u8]).unwrap();

        assert_eq!(two.shared_out(&[1, 2]), None);
        assert_eq!(two.shared_out(&[1]), None);
        assert_eq!(two.shared_out(&[u64::MAX, 3]), None);
        assert_eq!(single.shared_out(&[1]), None);
        let whole = two.shared_out(&[2]);
        assert_eq!(whole, Some(vec![two]));
    }

    #[test]
    fn texts_of_any_length_stay_whole() {
        let parts = [
            texts(&[1, 2], &["a", ""]),
            texts(&[2, 2], &["four", "5", "", "seven"]),
        ];

        let joined = parts[0].joined(parts.iter());

        let all = ["a", "", "four", "5", "", "seven"];
        assert_eq!(joined, texts(&[3, 2], &all));
        assert_eq!(joined.shared_out(&[1, 2]), Some(parts.to_vec()));
    }

    proptest! {
        #[test]
        fn what_was_joined_is_shared_out_as_it_was(
            rows in prop::collection::vec(prop::collection::vec(any::<[i16; 3]>(), 0..5), 1..6),
        ) {
            let tensor = |own: &Vec<[i16; 3]>| {
                let shape = [u64::try_from(own.len()).unwrap(), 3];
                Tensor::of("x", &shape, own.as_flattened()).unwrap()
            };
            let tensors: Vec<Tensor> = rows.iter().map(tensor).collect();
            let counts: Vec<u64> = tensors.iter().filter_map(Tensor::rows).collect();

            let joined = tensors[0].joined(tensors.iter());

            prop_assert_eq!(joined, tensor(&rows.concat()));
            let joined = tensors[0].joined(tensors.iter());
            prop_assert_eq!(joined.shared_out(&counts), Some(tensors));
        }
    }
}
