//! Just enough syntax to cut an input where its parts begin and end, whatever language it is in: in `{"n":[1,2]}` the
//! unit that starts at the bracket is `[1,2]`, the one that starts at the first quote is `"n"`.

use std::ops::Range;

/// Where every part of the input begins: words, runs of spaces, and all other bytes by themselves.
pub(crate) fn starts(input: &[u8]) -> Vec<usize> {
    let mut starts = Vec::new();
    let mut last = Class::Single;
    for (at, byte) in input.iter().enumerate() {
        let class = Class::of(*byte);
        if class == Class::Single || class != last {
            starts.push(at);
        }
        last = class;
    }
    starts
}

/// The unit that begins at a start: a text with its quotes, a block with its brackets, or the part alone. One that is
/// not closed reaches to the end.
pub(crate) fn unit(input: &[u8], start: usize) -> Range<usize> {
    let rest = input.get(start..).unwrap_or_default();
    let length = match rest.first() {
        Some(b'"') => text(rest),
        Some(b'{' | b'[') => block(rest),
        Some(first) => {
            let class = Class::of(*first);
            let same = |byte: &&u8| class != Class::Single && Class::of(**byte) == class;
            1 + rest.iter().skip(1).take_while(same).count()
        }
        None => 0,
    };
    start..start + length
}

/// Length of the text at the start of `rest`, up to the first quote that is not escaped.
fn text(rest: &[u8]) -> usize {
    let mut escaped = false;
    for (at, byte) in rest.iter().enumerate().skip(1) {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    rest.len()
}

/// Length of the block at the start of `rest`. Brackets in texts count too, which makes no input less hostile.
fn block(rest: &[u8]) -> usize {
    let mut depth = 0_usize;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    rest.len()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    Single,
}

impl Class {
    fn of(byte: u8) -> Self {
        match byte {
            b' ' | b'\t' => Self::Space,
            b'_' | b'.' | b'-' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => Self::Word,
            _ => Self::Single,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn units(input: &str) -> Vec<&str> {
        starts(input.as_bytes())
            .into_iter()
            .map(|start| &input[unit(input.as_bytes(), start)])
            .collect()
    }

    #[test]
    fn a_unit_is_a_word_a_text_or_a_block() {
        assert_eq!(
            units(r#"{"n": [10,2]}"#),
            [
                r#"{"n": [10,2]}"#,
                r#""n""#,
                "n",
                r#"": [10,2]}"#,
                ":",
                " ",
                "[10,2]",
                "10",
                ",",
                "2",
                "]",
                "}"
            ]
        );
        assert_eq!(units("load: 250ms\n"), ["load", ":", " ", "250ms", "\n"]);
    }

    #[test]
    fn an_escaped_quote_ends_no_text() {
        assert_eq!(unit(br#""a\"b"c"#, 0), 0..6);
        assert_eq!(unit(br#""a\\"b"#, 0), 0..5);
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        assert_eq!(unit(b"[[1]", 0), 0..4);
        assert_eq!(unit(b"", 0), 0..0);
    }
}
