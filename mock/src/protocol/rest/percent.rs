//! Names in paths.

/// Undoes the percent-encoding of a part of a path; `None` when it is not sound or no UTF-8.
pub(crate) fn percent_decode(encoded: &str) -> Option<String> {
    let mut pieces = encoded.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
        // The standard library would take a sign for a digit: `%+5`.
        let digits = Some(digits).filter(|digits| !digits.starts_with('+'))?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_encoding_is_undone_and_nonsense_refused() {
        let decoded = |encoded| percent_decode(encoded);
        assert_eq!(decoded("org/tiny").as_deref(), Some("org/tiny"));
        assert_eq!(
            decoded("org%2Ftiny%20%C3%A9").as_deref(),
            Some("org/tiny é")
        );
        for nonsense in ["%", "%2", "%zz", "%ff", "%é", "%+5", "%-1"] {
            assert_eq!(decoded(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn hostile_paths_are_decoded_only_where_two_digits_follow_each_percent_sign() {
        inferometer_fuzz::hold(&[b"org%2Ftiny%20%C3%A9", b"org/tiny"], |path| {
            let Ok(path) = str::from_utf8(path) else {
                return;
            };
            let is_sound = path.split('%').skip(1).all(|piece| {
                let digits = piece.bytes().take(2);
                digits.filter(u8::is_ascii_hexdigit).count() == 2
            });

            let Some(name) = percent_decode(path) else {
                return;
            };

            assert!(is_sound, "{path} is no {name}");
            let encoded: Vec<String> = name.bytes().map(|byte| format!("%{byte:02x}")).collect();
            assert_eq!(percent_decode(&encoded.concat()), Some(name));
        });
    }
}
