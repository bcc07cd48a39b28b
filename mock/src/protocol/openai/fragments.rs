//! A text that is no row of known words, such as `{"city":"alpha"}`, taken apart as a tokenizer would: `{"`, `city`,
//! `":"`, `alpha`, `"}`.

/// The longest token, in bytes: a text of so many tokens is never larger than so many times that.
const LONGEST: usize = 16;

/// A text and the tokens that it consists of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fragments {
    text: String,
    /// Where each token ends.
    ends: Vec<usize>,
}

impl Fragments {
    /// Takes a text apart: a token ends where letters and other signs meet, before white space, and after [`LONGEST`]
    /// bytes.
    pub(super) fn new(text: String) -> Self {
        let mut ends = Vec::new();
        let (mut start, mut was_letter) = (0, false);
        for (at, sign) in text.char_indices() {
            let is_letter = sign.is_alphanumeric();
            let is_long = at + sign.len_utf8() - start > LONGEST;
            if at > start && (is_letter != was_letter || sign.is_whitespace() || is_long) {
                ends.push(at);
                start = at;
            }
            was_letter = is_letter || sign.is_whitespace();
        }
        if start < text.len() {
            ends.push(text.len());
        }
        Self { text, ends }
    }

    /// How many tokens there are.
    pub(super) fn tokens(&self) -> u32 {
        u32::try_from(self.ends.len()).unwrap_or(u32::MAX)
    }

    /// The text of one of them; empty where there is none.
    pub(super) fn token(&self, number: u32) -> &str {
        let end = |number: u32| {
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            self.ends.get(number).copied()
        };
        let start = number.checked_sub(1).and_then(end).unwrap_or_default();
        let range = end(number).and_then(|end| self.text.get(start..end));
        range.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tokens(text: &str) -> Vec<String> {
        let fragments = Fragments::new(text.to_owned());
        let all = (0..fragments.tokens()).map(|number| fragments.token(number).to_owned());
        all.collect()
    }

    #[test]
    fn a_text_is_taken_apart_where_letters_and_signs_meet() {
        assert_eq!(
            tokens(r#"{"city":"alpha beta","n":12}"#),
            [
                "{\"", "city", "\":\"", "alpha", " beta", "\",\"", "n", "\":", "12", "}"
            ]
        );
        assert_eq!(tokens(""), Vec::<String>::new());
    }

    proptest! {
        #[test]
        fn the_tokens_are_the_whole_text_and_none_is_long(text: String) {
            let tokens = tokens(&text);

            prop_assert_eq!(tokens.concat(), text);
            prop_assert!(tokens.iter().all(|token| (1..=LONGEST).contains(&token.len())));
        }
    }
}
