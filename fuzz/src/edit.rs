//! What may be done to an input: `{"n":1}` becomes `{"n":-1}`, `{"n":1`, `{"n":[[[[1]]]]}`, `{"n":1,"n":1}`.

use crate::syntax::{starts, unit};
use proptest::prelude::*;
use proptest::sample::Index;
use std::ops::Range;

/// The longest that edits make an input, in bytes: repeats of repeats would grow it without end.
const LONGEST: usize = 16 * 1024;

/// What stands in for a unit: the edges of numbers and texts, and what has the wrong type.
const EXTREMES: &[&[u8]] = &[
    b"",
    b"null",
    b"true",
    b"false",
    b"0",
    b"-0",
    b"-1",
    b"1",
    b"1.5",
    b"1e400",
    b"-1e400",
    b"1e-400",
    b"NaN",
    b".inf",
    b"255",
    b"65536",
    b"131072",
    b"131073",
    b"2147483648",
    b"4294967296",
    b"9007199254740993",
    b"9223372036854775807",
    b"-9223372036854775808",
    b"18446744073709551615",
    b"18446744073709551616",
    b"\"\"",
    b"\"a\"",
    b"\"1\"",
    b"\"\\u0000\"",
    b"\"\\ud800\"",
    b"\"\\r\\nx-a: b\"",
    b"\"\xff\"",
    b"\xef\xbb\xbf",
    b"\xc3\xa9",
    b"\xe2\x80\xa8",
    b"[]",
    b"[[]]",
    b"[null]",
    b"[\"a\",\"b\"]",
    b"[0,-1,1.5]",
    b"{}",
    b"{\"a\":{}}",
    b"%2F",
    b"%+5",
    b"%",
    b"0s",
    b"-1s",
    b"25h",
    b"99999999999d",
    b"100.1%",
    b"0/s",
    b"1e9/s",
    b"9999999TiB",
    b"*a",
    b"&a",
    b"!!x",
    b"\n\n",
    b"\r",
    b"\0",
];

/// What opens and closes a level of nesting.
const LEVELS: &[(&[u8], &[u8])] = &[
    (b"[", b"]"),
    (b"{\"a\":", b"}"),
    (b"{", b"}"),
    (b"\"", b"\""),
];

/// One change of an input. Places are shares of its length, so that each fits every input.
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    /// Ends it early, at any byte.
    Cut(Index),
    /// Changes some bits of a byte.
    Flip(Index, u8),
    /// Puts any bytes in.
    Insert(Index, Vec<u8>),
    /// Leaves a unit out.
    Remove(Index),
    /// Writes a unit several times.
    Repeat(Index, usize),
    /// Lets two units change places.
    Swap(Index, Index),
    /// Puts an extreme in a unit's place.
    Replace(Index, &'static [u8]),
    /// Puts a unit of another honest input in a unit's place.
    Graft(Index, Index, Index),
    /// Wraps a unit in so many levels.
    Nest(Index, usize, (&'static [u8], &'static [u8])),
}

impl Arbitrary for Edit {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Self> {
        let at = any::<Index>;
        let bytes = prop::collection::vec(any::<u8>(), 1..8);
        prop_oneof![
            1 => at().prop_map(Self::Cut),
            2 => (at(), 1_u8..).prop_map(|(at, bits)| Self::Flip(at, bits)),
            1 => (at(), bytes).prop_map(|(at, bytes)| Self::Insert(at, bytes)),
            3 => at().prop_map(Self::Remove),
            2 => (at(), prop_oneof![9 => 1_usize..4, 1 => 1_usize..3000]).prop_map(|(at, times)| Self::Repeat(at, times)),
            2 => (at(), at()).prop_map(|(one, other)| Self::Swap(one, other)),
            6 => (at(), prop::sample::select(EXTREMES)).prop_map(|(at, extreme)| Self::Replace(at, extreme)),
            3 => (at(), at(), at()).prop_map(|(at, from, there)| Self::Graft(at, from, there)),
            1 => (at(), prop_oneof![1_usize..4, 1_usize..3000], prop::sample::select(LEVELS))
                .prop_map(|(at, depth, level)| Self::Nest(at, depth, level)),
        ]
        .boxed()
    }
}

impl Edit {
    /// Changes the input; `others` are the honest ones to take from. One that is empty stays so, except by an insertion.
    pub(crate) fn apply(self, input: &mut Vec<u8>, others: &[Vec<u8>]) {
        match self {
            Self::Cut(at) => input.truncate(at.index(input.len() + 1)),
            Self::Flip(at, bits) => {
                let length = input.len().max(1);
                if let Some(byte) = input.get_mut(at.index(length)) {
                    *byte ^= bits;
                }
            }
            Self::Insert(at, bytes) => {
                let at = at.index(input.len() + 1);
                input.splice(at..at, bytes);
            }
            Self::Remove(at) => put(input, at, |_| Vec::new()),
            Self::Repeat(at, times) => put(input, at, |unit| unit.repeat(times + 1)),
            Self::Swap(one, other) => swap(input, one, other),
            Self::Replace(at, extreme) => put(input, at, |_| extreme.to_vec()),
            Self::Graft(at, from, there) => {
                let other = others.get(from.index(others.len().max(1)));
                if let Some((other, range)) =
                    other.and_then(|other| Some((other, chosen(other, there)?)))
                {
                    put(input, at, |_| other.get(range).unwrap_or_default().to_vec());
                }
            }
            Self::Nest(at, depth, (open, close)) => put(input, at, |unit| {
                [&open.repeat(depth), unit, &close.repeat(depth)].concat()
            }),
        }
        input.truncate(LONGEST);
    }
}

/// The unit that the index falls on.
fn chosen(input: &[u8], at: Index) -> Option<Range<usize>> {
    let starts = starts(input);
    let start = *starts.get(at.index(starts.len().max(1)))?;
    Some(unit(input, start))
}

/// Puts something made of a unit in its place.
fn put(input: &mut Vec<u8>, at: Index, make: impl FnOnce(&[u8]) -> Vec<u8>) {
    if let Some(range) = chosen(input, at) {
        let new = make(input.get(range.clone()).unwrap_or_default());
        input.splice(range, new);
    }
}

/// Lets two units change places, if neither holds the other.
fn swap(input: &mut Vec<u8>, one: Index, other: Index) {
    let (Some(one), Some(other)) = (chosen(input, one), chosen(input, other)) else {
        return;
    };
    let (first, second) = if one.start <= other.start {
        (one, other)
    } else {
        (other, one)
    };
    if first.end <= second.start {
        let unit = |range: &Range<usize>| input.get(range.clone()).unwrap_or_default().to_vec();
        let (early, late) = (unit(&first), unit(&second));
        input.splice(second, early);
        input.splice(first, late);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    /// An index that falls on `wanted` among `size`.
    fn at(wanted: usize, size: usize) -> Index {
        let mut runner = TestRunner::deterministic();
        let falls_there =
            any::<Index>().prop_filter("elsewhere", |index| index.index(size) == wanted);
        falls_there.new_tree(&mut runner).unwrap().current()
    }

    fn edited(edit: Edit) -> String {
        let mut input = br#"{"n":1}"#.to_vec();
        edit.apply(&mut input, &[b"[2]".to_vec()]);
        String::from_utf8(input).unwrap()
    }

    #[test]
    fn edits_keep_to_the_units_of_the_syntax() {
        // The parts of `{"n":1}` are `{`, `"`, `n`, `"`, `:`, `1` and `}`.
        let one = || at(5, 7);

        assert_eq!(edited(Edit::Cut(at(6, 8))), r#"{"n":1"#);
        assert_eq!(edited(Edit::Remove(one())), r#"{"n":}"#);
        assert_eq!(edited(Edit::Repeat(one(), 2)), r#"{"n":111}"#);
        assert_eq!(edited(Edit::Replace(one(), b"-1")), r#"{"n":-1}"#);
        assert_eq!(edited(Edit::Swap(one(), at(1, 7))), r#"{1:"n"}"#);
        assert_eq!(
            edited(Edit::Nest(one(), 3, (b"[", b"]"))),
            r#"{"n":[[[1]]]}"#
        );
        assert_eq!(
            edited(Edit::Graft(one(), at(0, 1), at(0, 3))),
            r#"{"n":[2]}"#
        );
        assert_eq!(edited(Edit::Insert(at(0, 8), b"x".to_vec())), r#"x{"n":1}"#);
        assert_eq!(edited(Edit::Flip(at(0, 7), 1)), r#"z"n":1}"#);
    }

    #[test]
    fn nothing_is_done_to_nothing() {
        for edit in [
            Edit::Cut(at(0, 1)),
            Edit::Remove(at(0, 1)),
            Edit::Flip(at(0, 1), 1),
            Edit::Swap(at(0, 1), at(0, 1)),
            Edit::Replace(at(0, 1), b"1"),
        ] {
            let mut input = Vec::new();

            edit.apply(&mut input, &[]);

            assert_eq!(input, b"");
        }
    }
}
