//! Hostile input for parsers. A fuzz target is a test beside its parser, which says what holds for every input there can
//! be:
//!
//! ```
//! inferometer_fuzz::hold(&[br#"{"n":1}"#], |input| {
//!     if let Ok(text) = str::from_utf8(input) {
//!         assert_eq!(text.as_bytes(), input);
//!     }
//! });
//! ```
//!
//! Inputs are honest ones, edited where it hurts: units of their syntax removed, repeated, swapped, nested and replaced
//! by extremes, bytes cut and flipped. Plain bytes alone would never get past the first brace. Without further ado the
//! same [`CASES`] inputs are tried every time, so that a test does not fail by chance for whoever comes next; with
//! `PROPTEST_CASES=1000000` that many others are, for hours if need be. A failure is shrunk and printed as Rust writes
//! bytes.

mod edit;
mod syntax;

use edit::Edit;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};
use std::fmt;

/// How many inputs one target tries, unless the environment says otherwise.
pub const CASES: u32 = 1000;

/// The environment variable that says otherwise.
const ASKED: &str = "PROPTEST_CASES";

/// The most edits of one input. Few leave it near to what is honest, which is where parsers go wrong.
const MOST_EDITS: usize = 6;

/// Holds a law against the honest inputs as they are, then against others near to them. The law asserts; it may not
/// depend on anything but its input.
///
/// # Panics
/// When the law fails, with the smallest input found for which it does.
#[expect(clippy::panic, reason = "a test fails by panicking")]
pub fn hold(honest: &[&[u8]], law: impl Fn(&[u8])) {
    for input in honest {
        law(input);
    }
    let outcome = TestRunner::new(config()).run(&near(honest), |Input(bytes)| {
        law(&bytes);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Abort(reason)) => panic!("could not try all inputs: {reason}"),
        Err(TestError::Fail(reason, input)) => panic!("{reason}\nfor the input {input:?}"),
    }
}

fn config() -> Config {
    let asked = std::env::var_os(ASKED).is_some();
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    if asked {
        return config;
    }
    Config {
        cases: CASES,
        rng_seed: RngSeed::Fixed(7),
        ..config
    }
}

/// Inputs near to honest ones, and once in a while any bytes at all.
fn near(honest: &[&[u8]]) -> impl Strategy<Value = Input> + use<> {
    let honest: Vec<Vec<u8>> = honest.iter().map(|input| input.to_vec()).collect();
    let others = honest.clone();
    let edited = (
        prop::sample::select(honest),
        prop::collection::vec(any::<Edit>(), 1..=MOST_EDITS),
    )
        .prop_map(move |(mut input, edits)| {
            for edit in edits {
                edit.apply(&mut input, &others);
            }
            Input(input)
        });
    let any_bytes = prop::collection::vec(any::<u8>(), 0..256).prop_map(Input);
    prop_oneof![19 => edited, 1 => any_bytes]
}

/// Bytes that print as a literal, to stand in the regression test.
#[derive(Clone)]
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;
    use std::collections::BTreeSet;

    const HONEST: &[&[u8]] = &[br#"{"model":"tiny","n":[1,2]}"#, b"data: {}\n\n"];

    fn tried() -> Vec<Vec<u8>> {
        let tried = RefCell::new(Vec::new());
        hold(HONEST, |input| tried.borrow_mut().push(input.to_vec()));
        tried.into_inner()
    }

    #[test]
    fn the_same_inputs_are_tried_every_time_and_hardly_any_twice() {
        let inputs = tried();

        let different: BTreeSet<&Vec<u8>> = inputs.iter().collect();

        assert_eq!(inputs, tried());
        assert_eq!(
            inputs[..2],
            HONEST.iter().map(|h| h.to_vec()).collect::<Vec<_>>()
        );
        assert!(
            different.len() > inputs.len() * 9 / 10,
            "{}",
            different.len()
        );
    }

    #[test]
    #[should_panic(expected = "expected no brace\nfor the input b\"")]
    fn a_law_that_fails_is_told_with_its_input() {
        let law = |input: &[u8]| {
            let honest = input.starts_with(b"a");
            assert!(honest || !input.contains(&b'}'), "expected no brace");
        };

        hold(&[b"a}"], law);
    }
}
