//! The tokenizer that a scenario names: read once, however many stages there are.

use super::Streams;
use crate::scenario::{Document, Error, Open, Part, Path, Scenario};
use crate::tokenizer::Tokenizer;
use crate::workload::{Words, Workload};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Reads files, and remembers what stood in them.
pub(super) struct Tokenizers<'a> {
    open: Open<'a>,
    read: BTreeMap<PathBuf, Known>,
}

/// A tokenizer, and the words that are a token each; `None` if there are too few.
#[derive(Clone)]
struct Known {
    tokenizer: Tokenizer,
    words: Option<Words>,
}

impl<'a> Tokenizers<'a> {
    /// `open` reads one.
    pub(super) fn new(open: Open<'a>) -> Self {
        let read = BTreeMap::new();
        Self { open, read }
    }

    /// The tokenizer that the scenario names, if it names one. What the load streams draw is then made of its tokens.
    pub(super) fn named(
        &mut self,
        document: &Document,
        scenario: &Scenario,
        streams: &mut Streams,
    ) -> Result<Option<Tokenizer>, Error> {
        let Some(file) = &scenario.tokenizer else {
            return Ok(None);
        };
        let setting = Path::root().key("tokenizer");
        let known = self.known(document, &setting, file)?;
        for stream in streams.each_mut() {
            speak(document, &setting, &known, &mut stream.workload)?;
        }
        Ok(Some(known.tokenizer))
    }

    fn known(&mut self, document: &Document, setting: &Path, file: &str) -> Result<Known, Error> {
        let path = document.file_named(setting, file);
        if let Some(known) = self.read.get(&path) {
            return Ok(known.clone());
        }
        let text = document.opened(setting, &path, self.open)?;
        let read = Tokenizer::read(file, &text).map_err(|error| {
            let told = format!("`{}`: {error}", path.display());
            let hint = "take the `tokenizer.json` that stands beside the model's weights";
            document.error(setting, Part::Value, told).hint(hint)
        });
        let tokenizer = read?;
        let words = Words::of_one_token(|text| tokenizer.count(text));
        let known = Known { tokenizer, words };
        self.read.insert(path, known.clone());
        Ok(known)
    }
}

/// Lets what the workload draws have exactly the tokens that it asks for.
fn speak(
    document: &Document,
    setting: &Path,
    known: &Known,
    workload: &mut Workload,
) -> Result<(), Error> {
    for drawn in workload.words_mut() {
        let Some(words) = &known.words else {
            let told = format!(
                "expected a tokenizer in which common English words are one token each, found too few of them in `{}` to draw prompts",
                known.tokenizer.file()
            );
            let hint = "take prompts from a file, such as `prompt: { jsonl: prompts.jsonl }`";
            return Err(document.error(setting, Part::Value, told).hint(hint));
        };
        drawn.clone_from(words);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
