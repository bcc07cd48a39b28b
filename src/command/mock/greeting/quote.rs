//! A text as a shell, JSON or Python reads it, in visible ASCII, so that an example can be pasted whatever a model or a
//! file is called: `org/it's` is `'org/it'\''s'` to a shell and `"org/it\u0027s"` to JSON between its single quotes.

use std::fmt::Write as _;

/// One word of a shell.
pub(super) fn shell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

/// A text of JSON that may stand between the single quotes of a shell.
pub(super) fn json(text: &str) -> String {
    let mut units = [0; 2];
    literal(text, |c, quoted| {
        for unit in c.encode_utf16(&mut units) {
            // Writing to a string never fails.
            let _ = write!(quoted, "\\u{unit:04x}");
        }
    })
}

/// A text of Python.
pub(super) fn python(text: &str) -> String {
    literal(text, |c, quoted| {
        // Writing to a string never fails.
        let _ = write!(quoted, "\\U{:08x}", u32::from(c));
    })
}

/// Text in double quotes, with everything escaped that is not plain in it.
fn literal(text: &str, mut escape: impl FnMut(char, &mut String)) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        let is_plain = (c.is_ascii_graphic() || c == ' ') && !['"', '\\', '\''].contains(&c);
        if is_plain {
            quoted.push(c);
        } else {
            escape(c, &mut quoted);
        }
    }
    quoted.push('"');
    quoted
}

/// A name as one part of the path of a URL.
pub(super) fn segment(text: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// A text for a terminal, which nothing in it can move or turn around.
pub(super) fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '"' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: &str = "a'b\"\\\n\u{1b}[31m\u{202e}é😀";

    #[test]
    fn a_plain_name_stays_as_it_is() {
        let name = "org/large-7b.v2";

        assert_eq!(shell(name), name);
        assert_eq!(json(name), "\"org/large-7b.v2\"");
        assert_eq!(python(name), "\"org/large-7b.v2\"");
        assert_eq!(visible(name), name);
        assert_eq!(segment(name), "org%2Flarge-7b.v2");
    }

    #[test]
    fn whatever_else_stands_in_a_name_comes_back_from_its_quotes() {
        let quoted = json(HOSTILE);

        assert_eq!(serde_json::from_str::<String>(&quoted).unwrap(), HOSTILE);
        assert!(
            quoted.bytes().all(|byte| byte.is_ascii_graphic()),
            "{quoted}"
        );
        assert!(!quoted.contains('\''), "{quoted}");
        assert_eq!(python("'\u{202e}😀"), r#""\U00000027\U0000202e\U0001f600""#);
        assert_eq!(shell("it's"), r"'it'\''s'");
        assert_eq!(shell(""), "''");
        assert_eq!(visible(HOSTILE), "a'b\"\\\\n\\u{1b}[31m\\u{202e}é😀");
        assert_eq!(segment("a b/é"), "a%20b%2F%C3%A9");
    }
}
