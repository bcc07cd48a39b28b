//! Who may use the admin API from elsewhere: `admin: { token: 4f1c-keep-it-to-yourself }`.

use super::Error;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The admin API.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AdminSpec {
    /// Whoever shows it may use the admin API from anywhere, as `Authorization: Bearer TOKEN`, and nobody else may.
    /// When left out, this machine alone may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<Token>,
}

impl AdminSpec {
    /// Refuses a token that no header can carry, or that is guessed too easily.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.token
            .as_ref()
            .map_or(Ok(()), |token| token.check(SHORTEST, "token"))
    }
}

/// The fewest characters of a token.
const SHORTEST: usize = 8;
/// The most.
const LONGEST: usize = 512;

/// A secret: a specification has it in clear, and nothing else shows it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Token(String);

impl Token {
    /// The secret with this text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself, for a client that is to send it; it may be shown nowhere.
    pub fn revealed(&self) -> &str {
        &self.0
    }

    /// Refuses what no header could hold, and what has fewer characters than `shortest`, without showing it.
    pub(super) fn check(&self, shortest: usize, field: &str) -> Result<(), Error> {
        let fits = (shortest..=LONGEST).contains(&self.0.len())
            && self.0.bytes().all(|byte| byte.is_ascii_graphic());
        if fits {
            return Ok(());
        }
        let expected = match shortest {
            SHORTEST => "8 to 512 visible ASCII characters",
            _ => "1 to 512 visible ASCII characters",
        };
        Err(Error::unfit(field, expected, "something else"))
    }

    /// Is this it? How long the answer takes says nothing of where both differ.
    pub(crate) fn is(&self, shown: &str) -> bool {
        let (secret, shown) = (self.0.as_bytes(), shown.as_bytes());
        let different = secret
            .iter()
            .zip(shown)
            .fold(0, |different, (one, other)| different | (one ^ other));
        secret.len() == shown.len() && different == 0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admin(token: &str) -> AdminSpec {
        AdminSpec {
            token: Some(Token::new(token)),
        }
    }

    #[test]
    fn a_token_is_itself_alone_and_never_shown() {
        let token = Token::new("abcdefgh");

        assert!(token.is("abcdefgh"));
        for other in ["", "abcdefg", "abcdefgi", "abcdefghi"] {
            assert!(!token.is(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token(..)");
    }

    #[test]
    fn a_token_that_no_header_can_carry_is_refused_without_being_told() {
        assert_eq!(admin("abcd-1234").check(), Ok(()));
        assert_eq!(AdminSpec::default().check(), Ok(()));
        for unfit in ["", "short", "with a space", "über-geheim", "line\nfeed-1"] {
            let error = admin(unfit).check().unwrap_err().to_string();
            assert_eq!(
                error,
                "expected 8 to 512 visible ASCII characters in `token`, found `something else`"
            );
        }
    }
}
