//! The text of the mock: token `n` is always the same word, so an answer is known before it is asked for, for example
//! `" alpha bravo charlie"` for three tokens. A prompt has as many tokens as it has words.

const WORDS: [&str; 26] = [
    " alpha",
    " bravo",
    " charlie",
    " delta",
    " echo",
    " foxtrot",
    " golf",
    " hotel",
    " india",
    " juliett",
    " kilo",
    " lima",
    " mike",
    " november",
    " oscar",
    " papa",
    " quebec",
    " romeo",
    " sierra",
    " tango",
    " uniform",
    " victor",
    " whiskey",
    " xray",
    " yankee",
    " zulu",
];

/// After so many tokens the words begin again.
pub(crate) const TURN: u32 = 26;

/// The words from token `first` on, for ever. None of them needs escaping in JSON.
pub(crate) fn from(first: u32) -> impl Iterator<Item = &'static str> {
    let turn = usize::try_from(first).unwrap_or_default() % WORDS.len();
    WORDS.iter().copied().cycle().skip(turn)
}

/// The word of token `index`.
pub(crate) fn word(index: u32) -> &'static str {
    from(index).next().unwrap_or_default()
}

/// Which words an answer consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wording {
    /// Those that belong to its tokens.
    True,
    /// Those of the tokens that follow: `" bravo charlie"` for two.
    Wrong,
}

impl Wording {
    /// The word of token `index`.
    pub(crate) fn word(self, index: u32) -> &'static str {
        word(self.shifted(index))
    }

    /// The whole text of the first `tokens` tokens.
    pub(crate) fn text(self, tokens: u32) -> String {
        let tokens = usize::try_from(tokens).unwrap_or_default();
        from(self.shifted(0)).take(tokens).collect()
    }

    fn shifted(self, index: u32) -> u32 {
        match self {
            Self::True => index,
            Self::Wrong => index.wrapping_add(1),
        }
    }
}

/// How many tokens a prompt has: its words, separated by white space.
pub(crate) fn count(prompt: &str) -> u64 {
    prompt.split_whitespace().fold(0, |words, _| words + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_the_words_of_its_tokens() {
        let joined: String = (0..60).map(word).collect();

        assert_eq!(Wording::True.text(60), joined);
        assert_eq!(Wording::True.text(3), " alpha bravo charlie");
        assert_eq!(Wording::Wrong.text(2), " bravo charlie");
        assert_eq!(word(27), " bravo");
        assert_eq!(Wording::True.text(0), "");
    }

    #[test]
    fn no_word_needs_escaping() {
        for word in WORDS {
            let plain = word.chars().all(|c| c == ' ' || c.is_ascii_lowercase());
            assert!(plain, "{word}");
        }
    }

    #[test]
    fn a_prompt_has_as_many_tokens_as_words() {
        assert_eq!(count(" one\ttwo \n three "), 3);
        assert_eq!(count(""), 0);
    }
}
