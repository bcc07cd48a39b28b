//! The one handle on standard output and standard error.

use console::Term;
use std::io::{self, IsTerminal, Write};

/// Where commands speak. A reader that went away (`| head`) ends the talking, never the command.
#[derive(Debug)]
pub struct Console {
    colour: bool,
    live: bool,
    width: usize,
}

/// Columns where the terminal does not say.
const DEFAULT_WIDTH: usize = 120;

impl Console {
    /// A console on the process's standard streams. `NO_COLOR` and a redirected output mean plain text.
    pub fn new() -> Self {
        let plain = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self {
            colour: !plain && io::stdout().is_terminal(),
            live: io::stderr().is_terminal(),
            width: Term::stdout()
                .size_checked()
                .map_or(DEFAULT_WIDTH, |(_, columns)| usize::from(columns)),
        }
    }

    /// May text on standard output be coloured?
    pub fn is_coloured(&self) -> bool {
        self.colour
    }

    /// Is somebody watching standard error?
    pub fn is_live(&self) -> bool {
        self.live
    }

    /// Columns of standard output.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Says a result on standard output.
    pub fn say(&self, text: &str) {
        speak(&mut io::stdout().lock(), text);
    }

    /// Says an error or a notice on standard error.
    pub fn complain(&self, text: &str) {
        speak(&mut io::stderr().lock(), text);
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

/// Writes the text, with a line end if it has none. Nobody can be told when nobody reads any more.
fn speak(stream: &mut dyn Write, text: &str) {
    let end = if text.ends_with('\n') { "" } else { "\n" };
    write!(stream, "{text}{end}")
        .and_then(|()| stream.flush())
        .ok();
}
