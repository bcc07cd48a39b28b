//! Files of prompts that a workload names, each read once, however many stages there are.

use super::Stream;
use crate::scenario::{Document, Error, Open, Part, Path};
use crate::tokenizer::Tokenizer;
use crate::workload::{Generation, Prompts, Recorded, Records};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

/// Reads files, and remembers what stood in them.
pub(super) struct Recordings<'a> {
    open: Open<'a>,
    /// By the path, and what was to be made of it.
    read: BTreeMap<(PathBuf, String), Arc<Records>>,
}

impl<'a> Recordings<'a> {
    /// `open` reads one.
    pub(super) fn new(open: Open<'a>) -> Self {
        let read = BTreeMap::new();
        Self { open, read }
    }

    /// Gives a stream everything that its workload names files for. Tokens are those of the `tokenizer`; without one they are
    /// estimated.
    pub(super) fn fill(
        &mut self,
        document: &Document,
        stream: &mut Stream,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<(), Error> {
        let workload = stream.workload_at();
        for (place, generation) in stream.workload.generations_mut() {
            let place = workload.join(&Path::parse(&place));
            if let Prompts::Recorded(recorded) = &mut generation.prompt {
                let (field, _) = recorded.file();
                let at = place.key("prompt").key(field);
                let records = self.records(document, &at, recorded, tokenizer)?;
                recorded.fill(records);
            }
            output(document, &place, generation)?;
        }
        Ok(())
    }

    /// What stands in the file that is named at this place.
    fn records(
        &mut self,
        document: &Document,
        at: &Path,
        recorded: &Recorded,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<Arc<Records>, Error> {
        let (_, named) = recorded.file();
        let path = document.file_named(at, named);
        let key = (path.clone(), format!("{recorded:?}"));
        if let Some(known) = self.read.get(&key) {
            return Ok(Arc::clone(known));
        }
        let text = document.opened(at, &path, self.open)?;
        let count = |text: &str| {
            let counted = tokenizer.and_then(|tokenizer| tokenizer.count(text));
            let counted = counted.map(|count| u32::try_from(count).unwrap_or(u32::MAX));
            counted.unwrap_or_else(|| estimated(text))
        };
        let records = recorded.read(&text, &count).map_err(|error| {
            let told = format!("`{}`: {error}", path.display());
            document.error(at, Part::Value, told)
        })?;
        let records = Arc::new(records);
        self.read.insert(key, Arc::clone(&records));
        Ok(records)
    }
}

/// Does something say how long each answer may be?
fn output(document: &Document, place: &Path, generation: &Generation) -> Result<(), Error> {
    if generation.output.is_some() {
        return Ok(());
    }
    let told = match &generation.prompt {
        Prompts::Drawn(_) => "missing field `output`".to_owned(),
        Prompts::Recorded(recorded) => {
            let Some(open) = recorded.records().without_output() else {
                return Ok(());
            };
            let (_, file) = recorded.file();
            let line = open.line.map(|line| format!(" in line {line}"));
            format!(
                "expected `output`, as `{file}` does not say{} how many tokens are wanted",
                line.unwrap_or_default()
            )
        }
    };
    Err(document
        .error(place, Part::Key, told)
        .hint("add `output: { tokens: 32 }`, or another number"))
}

/// About how many tokens a text has where nothing can count them: one for each four bytes, as English has for most models.
fn estimated(text: &str) -> u32 {
    u32::try_from(text.len().div_ceil(4)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
