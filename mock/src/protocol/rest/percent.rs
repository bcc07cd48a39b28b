//! Names in paths.

/// Undoes the percent-encoding of a part of a path; `None` when it is not sound or no UTF-8.
pub(crate) fn percent_decode(encoded: &str) -> Option<String> {
    let mut pieces = encoded.split('%');
    let mut bytes = pieces.next()?.as_bytes().to_vec();
    for piece in pieces {
        let (digits, rest) = piece.split_at_checked(2)?;
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
        for nonsense in ["%", "%2", "%zz", "%ff", "%é"] {
            assert_eq!(decoded(nonsense), None, "{nonsense}");
        }
    }
}
