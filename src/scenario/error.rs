//! What is wrong with a scenario, printed so that the reader can go and mend it: the field, the place, the line itself
//! with a caret, and what to do.

use super::document::Origin;
use super::secret;
use std::fmt;
use std::sync::Arc;

/// One thing that is wrong with a scenario.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Error {
    file: Arc<Source>,
    /// The place in the file; `None` if it is about the whole file or about something outside of it.
    pub place: Option<Place>,
    /// What outside of the file it is about, such as `--set client.deadline=soon`.
    pub origin: Option<String>,
    /// The path of the field, such as `load.closed.in_flight`; empty for the whole file.
    pub path: String,
    /// What was expected and what was found.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A place in a file, counted from 1 in lines and characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: u32,
    /// The first character in the line.
    pub column: u32,
    /// How many characters it covers, possibly beyond the end of the line.
    pub length: u32,
}

/// The name of a file and its text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Source {
    file: String,
    text: String,
}

impl Source {
    pub(super) fn new(file: &str, text: &str) -> Self {
        // The parser does not count a byte order mark as a column.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_owned();
        Self {
            file: file.to_owned(),
            text,
        }
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn may_hold_a_secret(&self, number: u32) -> bool {
        let before = number.checked_sub(1).map(usize::try_from);
        matches!(before, Some(Ok(line)) if secret::may_stand_in_line(&self.text, line))
    }

    fn line(&self, number: u32) -> Option<&str> {
        let before = usize::try_from(number.checked_sub(1)?).ok()?;
        self.text.lines().nth(before)
    }
}

/// How many characters of a line are shown, with the place in the middle.
const WIDEST: usize = 120;

impl Error {
    /// An error about a file that is not even text, or cannot be read.
    pub fn of_file(file: &str, message: impl Into<String>) -> Self {
        Self::new(&Arc::new(Source::new(file, "")), "", message)
    }

    /// An error about line `number`, from 1, of a file with this `text`.
    pub fn of_line(file: &str, text: &str, number: usize, message: impl Into<String>) -> Self {
        let line = u32::try_from(number).unwrap_or(u32::MAX);
        let source = Arc::new(Source::new(file, text));
        let characters = source
            .line(line)
            .map_or(1, |line| line.trim_end().chars().count());
        let place = Place {
            line,
            column: 1,
            length: u32::try_from(characters).unwrap_or(u32::MAX),
        };
        Self::new(&source, "", message).at(Some(place))
    }

    pub(super) fn new(source: &Arc<Source>, path: &str, message: impl Into<String>) -> Self {
        Self {
            file: Arc::clone(source),
            place: None,
            origin: None,
            path: path.to_owned(),
            message: message.into(),
            hint: None,
        }
    }

    /// The file that it is about.
    pub fn file(&self) -> &str {
        &self.file.file
    }

    pub(super) fn at(self, place: Option<Place>) -> Self {
        Self { place, ..self }
    }

    /// The same error, about a place in this file.
    pub(super) fn within(self, source: &Arc<Source>) -> Self {
        Self {
            file: Arc::clone(source),
            ..self
        }
    }

    pub(super) fn blamed_on(self, origin: &Origin) -> Self {
        Self {
            origin: Some(origin.to_string()),
            ..self
        }
    }

    pub(super) fn message(self, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            ..self
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    pub(super) fn hint_if(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The line and the caret below it; nothing where a secret may stand in it.
    fn excerpt(&self, f: &mut fmt::Formatter<'_>, place: Place, margin: usize) -> fmt::Result {
        if self.file.may_hold_a_secret(place.line) {
            return Ok(());
        }
        let Some(line) = self.file.line(place.line) else {
            return Ok(());
        };
        let fit = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let column = fit(place.column.saturating_sub(1));
        let start = column.saturating_sub(WIDEST / 2);
        let shown: String = line
            .trim_end()
            .chars()
            .skip(start)
            .take(WIDEST)
            .map(visible)
            .collect();
        let before = column - start;
        // Tabs stay tabs below, so that the caret stands under its character however wide the terminal makes them.
        let indent: String = shown
            .chars()
            .take(before)
            .map(|c| if c == '\t' { '\t' } else { ' ' })
            .collect();
        let rest = shown.chars().count().saturating_sub(before).max(1);
        let carets = "^".repeat(fit(place.length).clamp(1, rest));
        write!(
            f,
            "\n{:margin$} |\n{} | {shown}\n{:margin$} | {indent}{carets}",
            "", place.line, ""
        )
    }
}

/// A text that holds what the file says, such as one of its keys, on one line.
fn line(text: &str) -> String {
    let one_line = |c: char| if c == '\t' { ' ' } else { visible(c) };
    text.chars().map(one_line).collect()
}

/// What a terminal may be shown for `c`: a file must not be able to move its cursor.
fn visible(c: char) -> char {
    if c.is_control() && c != '\t' {
        char::REPLACEMENT_CHARACTER
    } else {
        c
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = self.place.map_or(1, |place| place.line.to_string().len());
        f.write_str("error: ")?;
        if !self.path.is_empty() {
            write!(f, "{}: ", line(&self.path))?;
        }
        write!(f, "{}\n{:margin$}--> ", line(&self.message), "")?;
        match (&self.origin, self.place) {
            (Some(origin), _) => write!(f, "{} (on {})", line(origin), self.file.file)?,
            (None, Some(place)) => {
                write!(f, "{}:{}:{}", self.file.file, place.line, place.column)?;
                self.excerpt(f, place, margin)?;
            }
            (None, None) => f.write_str(&self.file.file)?,
        }
        if let Some(hint) = &self.hint {
            write!(f, "\n{:margin$} = help: {}", "", line(hint))?;
        }
        Ok(())
    }
}
