//! Log probabilities in the two forms that clients know. The mock is always equally sure of itself: every token has the
//! same probability, and its alternatives are the words that follow it: `{"token":" alpha","logprob":-0.25,...}`.

use super::choice::{Choice, escape};
use std::ops::Range;

/// What a request wants to know of each token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Logprobs {
    /// As chat answers tell it, with so many of the likeliest tokens.
    Chat { top: u32 },
    /// As completions tell it, with so many of the likeliest tokens.
    Completion { top: u32 },
}

/// The natural logarithm of the probability of the likeliest token, and of those after it: 0.78, 0.08, 0.05, ..., which
/// together stay below 1.
fn logprob(rank: u32) -> f64 {
    match rank {
        0 => -0.25,
        rank => -2.0 - 0.5 * f64::from(rank),
    }
}

impl Logprobs {
    /// How many log probabilities are told of each token.
    pub(super) fn each(self) -> u32 {
        let (Self::Chat { top } | Self::Completion { top }) = self;
        top.saturating_add(1)
    }

    /// Appends what there is to know of some tokens; `offset` is where they begin in the text, in characters, and moves
    /// behind them.
    pub(super) fn push(
        self,
        choice: &Choice,
        tokens: Range<u32>,
        offset: &mut usize,
        buffer: &mut Vec<u8>,
    ) {
        match self {
            Self::Chat { top } => {
                buffer.extend_from_slice(br#"{"content":["#);
                listed(tokens, buffer, |token, buffer| {
                    item(choice.token(token), 0, buffer);
                    buffer.extend_from_slice(br#","top_logprobs":["#);
                    listed(0..top, buffer, |rank, buffer| {
                        item(ranked(choice, token, rank), rank, buffer);
                        buffer.push(b'}');
                    });
                    buffer.extend_from_slice(b"]}");
                });
                buffer.extend_from_slice(br#"],"refusal":null}"#);
            }
            Self::Completion { top } => completion(choice, &tokens, top, offset, buffer),
        }
    }
}

fn completion(
    choice: &Choice,
    tokens: &Range<u32>,
    top: u32,
    offset: &mut usize,
    buffer: &mut Vec<u8>,
) {
    buffer.extend_from_slice(br#"{"text_offset":["#);
    listed(tokens.clone(), buffer, |token, buffer| {
        number(offset, buffer);
        *offset += choice.token(token).chars().count();
    });
    buffer.extend_from_slice(br#"],"token_logprobs":["#);
    listed(tokens.clone(), buffer, |_, buffer| {
        number(&logprob(0), buffer);
    });
    buffer.extend_from_slice(br#"],"tokens":["#);
    listed(tokens.clone(), buffer, |token, buffer| {
        quoted(choice.token(token), buffer);
    });
    if top == 0 {
        buffer.extend_from_slice(br#"],"top_logprobs":null}"#);
        return;
    }
    buffer.extend_from_slice(br#"],"top_logprobs":["#);
    listed(tokens.clone(), buffer, |token, buffer| {
        buffer.push(b'{');
        listed(0..top, buffer, |rank, buffer| {
            quoted(ranked(choice, token, rank), buffer);
            buffer.push(b':');
            number(&logprob(rank), buffer);
        });
        buffer.push(b'}');
    });
    buffer.extend_from_slice(b"]}");
}

/// The token itself, or the word that stands so many places after it.
fn ranked(choice: &Choice, token: u32, rank: u32) -> &str {
    match rank {
        0 => choice.token(token),
        rank => choice.word(token.wrapping_add(rank)),
    }
}

/// `{"token":" alpha","logprob":-0.25,"bytes":[32,...]`
fn item(token: &str, rank: u32, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(br#"{"token":"#);
    quoted(token, buffer);
    buffer.extend_from_slice(br#","logprob":"#);
    number(&logprob(rank), buffer);
    buffer.extend_from_slice(br#","bytes":["#);
    listed(token.as_bytes().iter(), buffer, number);
    buffer.push(b']');
}

fn quoted(text: &str, buffer: &mut Vec<u8>) {
    buffer.push(b'"');
    escape(text, buffer);
    buffer.push(b'"');
}

fn number(number: &impl ToString, buffer: &mut Vec<u8>) {
    buffer.extend_from_slice(number.to_string().as_bytes());
}

/// Appends something for each item, with commas between.
fn listed<T>(
    items: impl Iterator<Item = T>,
    buffer: &mut Vec<u8>,
    mut push: impl FnMut(T, &mut Vec<u8>),
) {
    for (index, item) in items.enumerate() {
        if index > 0 {
            buffer.push(b',');
        }
        push(item, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::openai::choice::Wish;

    fn pushed(logprobs: Logprobs, tokens: Range<u32>) -> (String, usize) {
        let (mut buffer, mut offset) = (Vec::new(), 10);
        let choice = Wish::default().choice(0, 100);
        logprobs.push(&choice, tokens, &mut offset, &mut buffer);
        (String::from_utf8(buffer).unwrap(), offset)
    }

    #[test]
    fn probabilities_fall_and_stay_below_one_together() {
        let ranks = || (0..=20).map(logprob);

        assert!(ranks().is_sorted_by(|a, b| a > b));
        assert!(ranks().map(f64::exp).sum::<f64>() < 1.0);
    }

    #[test]
    fn chat_tells_each_token_with_its_bytes_and_alternatives() {
        assert_eq!(
            pushed(Logprobs::Chat { top: 2 }, 5..6).0,
            concat!(
                r#"{"content":[{"token":" foxtrot","logprob":-0.25,"bytes":[32,102,111,120,116,114,111,116],"top_logprobs":["#,
                r#"{"token":" foxtrot","logprob":-0.25,"bytes":[32,102,111,120,116,114,111,116]},"#,
                r#"{"token":" golf","logprob":-2.5,"bytes":[32,103,111,108,102]}]}],"refusal":null}"#
            )
        );
    }

    #[test]
    fn completions_tell_lists_with_the_place_of_each_token() {
        assert_eq!(
            pushed(Logprobs::Completion { top: 2 }, 0..2),
            (
                concat!(
                    r#"{"text_offset":[10,16],"token_logprobs":[-0.25,-0.25],"tokens":[" alpha"," bravo"],"#,
                    r#""top_logprobs":[{" alpha":-0.25," bravo":-2.5},{" bravo":-0.25," charlie":-2.5}]}"#
                )
                .to_owned(),
                22
            )
        );
        assert!(
            pushed(Logprobs::Completion { top: 0 }, 0..1)
                .0
                .ends_with(r#""tokens":[" alpha"],"top_logprobs":null}"#)
        );
    }
}
