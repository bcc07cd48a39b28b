//! What one choice of an answer says, decided before anything is sent: so many tokens of reasoning, and then words, JSON
//! or the arguments of a tool call. Choice `i` begins with word `i`, so that no two neighbours say the same:
//! `" alpha bravo"`, `" bravo charlie"`, ...

use super::fragments::Fragments;
use crate::backend::DEFAULT_TOKENS;
use crate::words::{self, Wording};
use std::ops::Range;
use std::sync::Arc;

/// One choice. Its tokens are numbered from 0, those of its reasoning first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// Its place among the choices.
    pub(super) index: u32,
    /// Tokens of reasoning.
    pub(super) reasoning: u32,
    pub(super) says: Says,
    pub(super) ending: Ending,
    /// The prompt, where it is to be repeated before the text.
    pub(super) echo: Option<String>,
    /// Which words it consists of.
    pub(super) wording: Wording,
}

/// What comes after the reasoning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Says {
    /// Words, the last of which may be cut after some bytes.
    Words { tokens: u32, cut: Option<usize> },
    /// The first tokens of a text in JSON.
    Json { tokens: u32, text: Arc<Fragments> },
    /// A call of a function, with the first tokens of its arguments.
    Call {
        tokens: u32,
        function: Arc<str>,
        arguments: Arc<Fragments>,
    },
}

/// Why a choice ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Length,
    Stop,
    ToolCalls,
}

impl Ending {
    /// The finish reason as JSON.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Length => r#""length""#,
            Self::Stop => r#""stop""#,
            Self::ToolCalls => r#""tool_calls""#,
        }
    }
}

/// What all choices of one answer have in common.
#[derive(Debug, Default)]
pub(super) struct Wish {
    /// The most tokens of each choice; words take them all.
    pub(super) max_tokens: Option<u32>,
    /// How many eighths of the tokens are reasoning.
    pub(super) reasoning_eighths: u32,
    /// Where a text ends.
    pub(super) stops: Vec<String>,
    /// What is wanted instead of words.
    pub(super) instead: Option<Instead>,
}

/// What a request may want instead of words.
#[derive(Debug)]
pub(super) enum Instead {
    Json(Arc<Fragments>),
    Call {
        function: Arc<str>,
        arguments: Arc<Fragments>,
    },
}

impl Wish {
    /// The choice at `index`, with at most `most` tokens where the request does not say how many.
    pub(super) fn choice(&self, index: u32, most: u32) -> Choice {
        let words = self.max_tokens.unwrap_or(DEFAULT_TOKENS);
        // Seven eighths of some tokens are fewer than there are.
        let reasoning = (u64::from(words) * u64::from(self.reasoning_eighths) / 8)
            .try_into()
            .unwrap_or(words);
        let rest = self.max_tokens.unwrap_or(most).saturating_sub(reasoning);
        let (says, ending) = match &self.instead {
            None => self.words(index.wrapping_add(reasoning), words - reasoning),
            Some(Instead::Json(text)) => {
                let (tokens, ending) = fit(text, rest, Ending::Stop);
                let text = Arc::clone(text);
                (Says::Json { tokens, text }, ending)
            }
            Some(Instead::Call {
                function,
                arguments,
            }) => {
                let (tokens, ending) = fit(arguments, rest, Ending::ToolCalls);
                let says = Says::Call {
                    tokens,
                    function: Arc::clone(function),
                    arguments: Arc::clone(arguments),
                };
                (says, ending)
            }
        };
        Choice {
            index,
            reasoning,
            says,
            ending,
            echo: None,
            wording: Wording::True,
        }
    }

    /// So many words from `first` on, or as many as come before the first stop sequence.
    fn words(&self, first: u32, tokens: u32) -> (Says, Ending) {
        let ends = self
            .stops
            .iter()
            .filter_map(|stop| find(first, tokens, stop));
        if let Some(end) = ends.min() {
            let (tokens, cut) = split(first, end);
            return (Says::Words { tokens, cut }, Ending::Stop);
        }
        let ending = match self.max_tokens {
            Some(_) => Ending::Length,
            None => Ending::Stop,
        };
        (Says::Words { tokens, cut: None }, ending)
    }
}

/// How many tokens of a text there is room for, and how it ends then.
fn fit(text: &Fragments, room: u32, ending: Ending) -> (u32, Ending) {
    match text.tokens() {
        tokens if tokens <= room => (tokens, ending),
        _ => (room, Ending::Length),
    }
}

/// How many bytes of `tokens` words from `first` on come before `stop`, if it comes.
fn find(first: u32, tokens: u32, stop: &str) -> Option<usize> {
    // The words repeat: what does not begin within the first turn never comes.
    let reach = u32::try_from(stop.len()).unwrap_or(u32::MAX);
    let tokens = tokens.min(reach.saturating_add(words::TURN));
    let text: String = (0..tokens)
        .map(|token| words::word(first.wrapping_add(token)))
        .collect();
    text.find(stop)
}

/// How many words the first `bytes` bytes from word `first` on are, and where the last of them is cut.
fn split(first: u32, bytes: usize) -> (u32, Option<usize>) {
    let (mut tokens, mut left) = (0, bytes);
    while left > 0 {
        let length = words::word(first.wrapping_add(tokens)).len();
        tokens += 1;
        if left < length {
            return (tokens, Some(left));
        }
        left -= length;
    }
    (tokens, None)
}

impl Choice {
    /// Does it end because it has as many tokens as were allowed?
    pub(super) fn is_full(&self) -> bool {
        self.ending == Ending::Length
    }

    /// All its tokens.
    pub(super) fn tokens(&self) -> u32 {
        let (Says::Words { tokens, .. } | Says::Json { tokens, .. } | Says::Call { tokens, .. }) =
            self.says;
        self.reasoning + tokens
    }

    /// Which of some tokens are reasoning.
    pub(super) fn thoughts(&self, tokens: &Range<u32>) -> Range<u32> {
        tokens.start.min(self.reasoning)..tokens.end.min(self.reasoning)
    }

    /// Which of some tokens come after the reasoning.
    pub(super) fn spoken(&self, tokens: &Range<u32>) -> Range<u32> {
        let clip = |token: u32| token.clamp(self.reasoning, self.tokens());
        clip(tokens.start)..clip(tokens.end)
    }

    /// The same of other words, as many tokens. Words stand in the place of JSON and of a call's arguments too.
    pub(super) fn wrong(self) -> Self {
        let says = match self.says {
            says @ Says::Words { .. } => says,
            Says::Json { tokens, .. } => Says::Words { tokens, cut: None },
            Says::Call {
                tokens, function, ..
            } => Says::Call {
                tokens,
                function,
                arguments: Arc::new(Fragments::new(Wording::Wrong.text(tokens))),
            },
        };
        Self {
            says,
            wording: Wording::Wrong,
            ..self
        }
    }

    /// The word that belongs to a token.
    pub(super) fn word(&self, token: u32) -> &'static str {
        self.wording.word(self.index.wrapping_add(token))
    }

    /// The text of one token, as it is before JSON escapes it.
    pub(super) fn token(&self, token: u32) -> &str {
        let word = self.word(token);
        let Some(number) = token.checked_sub(self.reasoning) else {
            return word;
        };
        match &self.says {
            Says::Words { tokens, cut } => match cut {
                Some(bytes) if number + 1 == *tokens => word.get(..*bytes).unwrap_or(word),
                Some(_) | None => word,
            },
            Says::Json { text, .. } => text.token(number),
            Says::Call { arguments, .. } => arguments.token(number),
        }
    }

    /// Appends the text of some tokens, ready to stand in a JSON string.
    pub(super) fn push(&self, tokens: Range<u32>, buffer: &mut Vec<u8>) {
        match &self.says {
            Says::Words { cut: None, .. } => {
                for token in tokens {
                    buffer.extend_from_slice(self.word(token).as_bytes());
                }
            }
            Says::Words { .. } | Says::Json { .. } | Says::Call { .. } => {
                for token in tokens {
                    escape(self.token(token), buffer);
                }
            }
        }
    }
}

/// Appends a text as it stands between the quotes of a JSON string.
pub(super) fn escape(text: &str, buffer: &mut Vec<u8>) {
    let quoted = serde_json::Value::from(text).to_string();
    let inside = quoted.len().saturating_sub(1);
    buffer.extend_from_slice(quoted.as_bytes().get(1..inside).unwrap_or_default());
}

#[cfg(test)]
mod tests;
