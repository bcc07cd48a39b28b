//! JSON that a terminal can be shown whatever stands in it: `"a\n\u001b[31m\u202e"` stays one line of letters that are seen.

use serde::Serialize;
use std::fmt::Write;

/// Any value as one line of JSON in ASCII, so that no id, name or path has a way to move a terminal's cursor or to turn
/// its text around.
pub(crate) fn ascii(value: &impl Serialize) -> String {
    let text = serde_json::to_string(value).unwrap_or_default();
    if text.bytes().all(|byte| byte.is_ascii() && byte != 0x7f) {
        return text;
    }
    let mut line = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if letter.is_ascii() && letter != '\u{7f}' {
            line.push(letter);
            continue;
        }
        for unit in letter.encode_utf16(&mut [0; 2]) {
            // Writing to a string never fails.
            let _ = write!(line, "\\u{unit:04x}");
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_everything_in_visible_ascii() {
        let hostile = "a\"\n\u{1b}[31m\u{7f}\u{9b}\u{202e}é😀";

        let line = ascii(&hostile);

        assert_eq!(
            line,
            r#""a\"\n\u001b[31m\u007f\u009b\u202e\u00e9\ud83d\ude00""#
        );
        assert_eq!(serde_json::from_str::<String>(&line).unwrap(), hostile);
    }
}
