//! What is known only when a server is started: `{port}`, `{port.grpc}` and `{inferometer}`. Whatever else stands in braces is
//! left as it is, since arguments may be JSON.

/// A part of a text that is filled in later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder<'a> {
    /// A port of this name; `{port}` itself has an empty one.
    Port(&'a str),
    /// The path of this program.
    Inferometer,
}

impl<'a> Placeholder<'a> {
    /// What is called so between braces.
    fn called(name: &'a str) -> Option<Self> {
        let is_of_a_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        match name.strip_prefix("port.") {
            Some(port) if !port.is_empty() && port.chars().all(is_of_a_name) => {
                Some(Self::Port(port))
            }
            Some(_) => None,
            None => match name {
                "port" => Some(Self::Port("")),
                "inferometer" => Some(Self::Inferometer),
                _ => None,
            },
        }
    }
}

/// The text with `value` in the place of each placeholder; those for which it has none stay.
pub fn filled(text: &str, mut value: impl FnMut(Placeholder<'_>) -> Option<String>) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('{') {
        filled.push_str(before);
        let found = behind.split_once('}').and_then(|(name, after)| {
            let value = value(Placeholder::called(name)?)?;
            Some((value, after))
        });
        if let Some((value, after)) = found {
            filled.push_str(&value);
            rest = after;
        } else {
            filled.push('{');
            rest = behind;
        }
    }
    filled + rest
}
