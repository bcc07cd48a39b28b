//! The name of a scenario, which is also the name of the folder that its runs are kept in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

const EXPECTED: &str =
    "expected a name of at most 64 lower-case letters, digits and hyphens, such as `my-first`";

/// Lower-case letters, digits and hyphens, beginning with a letter or digit; at most 64.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, extend("pattern" = "^[a-z0-9][a-z0-9-]{0,63}$"))]
pub struct Name(String);

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if (1..=64).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-') {
            Ok(Self(text))
        } else {
            Err(format!("{EXPECTED}, found `{text}`"))
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
