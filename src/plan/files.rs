//! Files that a scenario names besides that of its client: traces, prompts and a tokenizer. Each is read once, however many stages
//! follow it. And folders, which are not looked into.

use super::recordings::Recordings;
use super::tokenizers::Tokenizers;
use super::{Stream, Streams};
use crate::scenario::{Document, Error, Open, Part, Path, Scenario, Target};
use crate::schedule::{Law, Load, Replay};
use crate::tokenizer::Tokenizer;
use crate::trace::{self, Format, Trace};
use crate::workload::{Length, LengthAt, Side, Traced};
use std::collections::BTreeMap;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::Arc;

/// What was read so far.
pub(super) struct Files<'a> {
    open: Open<'a>,
    traces: BTreeMap<Key, Arc<Source>>,
    recordings: Recordings<'a>,
    tokenizers: Tokenizers<'a>,
}

/// What makes one trace another.
type Key = (PathBuf, Format, Option<NonZero<u64>>);

/// A trace and the text that says it.
struct Source {
    file: String,
    text: String,
    trace: Arc<Trace>,
}

impl Source {
    fn error(&self, line: usize, told: impl Into<String>) -> Error {
        Error::of_line(&self.file, &self.text, line, told)
    }
}

impl<'a> Files<'a> {
    /// Nothing is read yet; `open` will.
    pub(super) fn new(open: Open<'a>) -> Self {
        Self {
            open,
            traces: BTreeMap::new(),
            recordings: Recordings::new(open),
            tokenizers: Tokenizers::new(open),
        }
    }

    /// Fills in what stands in the files that the scenario names. Gives the tokenizer, if it names one.
    pub(super) fn complete(
        &mut self,
        document: &Document,
        scenario: &mut Scenario,
        streams: &mut Streams,
    ) -> Result<Option<Tokenizer>, Error> {
        directory(document, &mut scenario.target);
        let tokenizer = self.tokenizers.named(document, scenario, streams)?;
        for stream in streams.each_mut() {
            self.fill(document, stream, tokenizer.as_ref())?;
        }
        Ok(tokenizer)
    }

    fn fill(
        &mut self,
        document: &Document,
        stream: &mut Stream,
        tokenizer: Option<&Tokenizer>,
    ) -> Result<(), Error> {
        self.recordings.fill(document, stream, tokenizer)?;
        let place = stream.place();
        let source = match &mut stream.load {
            Load::Open(open) => match &mut open.law {
                Law::Replay(replay) => {
                    let source = self.trace(document, &place, replay)?;
                    *replay = replay.clone().of(Arc::clone(&source.trace));
                    Some(source)
                }
                Law::Constant(_)
                | Law::Poisson(_)
                | Law::Gamma(_)
                | Law::Ramp(_)
                | Law::Bursts(_) => None,
            },
            Load::Closed(_) | Load::Users(_) => None,
        };
        follow(document, stream, source.as_deref())
    }

    /// The trace that the stream which stands at this place replays.
    fn trace(
        &mut self,
        document: &Document,
        stream: &Path,
        replay: &Replay,
    ) -> Result<Arc<Source>, Error> {
        let place = stream.join(&Path::parse("load.open.replay"));
        let setting = place.key("file");
        let path = document.file_named(&setting, &replay.file);
        let key = (path, replay.format, replay.limit);
        let known = self.traces.get(&key).cloned();
        let source = if let Some(known) = known {
            known
        } else {
            let (path, ..) = &key;
            let text = document.opened(&setting, path, self.open)?;
            let source = Arc::new(read(path.display().to_string(), text, replay)?);
            self.traces.insert(key, Arc::clone(&source));
            source
        };
        if replay.repeats && source.trace.lap().nanos() == 0 {
            let told =
                "expected a trace that lasts a while, found one whose requests all come at once";
            return Err(document.error(&place.key("loop"), Part::Value, told));
        }
        Ok(source)
    }
}

fn read(file: String, text: String, replay: &Replay) -> Result<Source, Error> {
    match replay.format.read(&text, replay.limit) {
        Ok(trace) => Ok(Source {
            trace: Arc::new(trace),
            file,
            text,
        }),
        Err(error @ trace::Error::Line { line, .. }) => {
            Err(Error::of_line(&file, &text, line, error.to_string()))
        }
        Err(error @ (trace::Error::Empty | trace::Error::TooMany)) => {
            Err(Error::of_file(&file, error.to_string()))
        }
    }
}

/// Where a server that is launched runs, if the scenario says so.
fn directory(document: &Document, target: &mut Target) {
    if let Target::Launch(launch) = target
        && let Some(named) = &launch.working_directory
    {
        let setting = Path::parse("target.launch.working_directory");
        launch.directory = Some(document.file_named(&setting, named));
    }
}

/// Lets every length that the workload leaves to a trace follow it.
fn follow(document: &Document, stream: &mut Stream, source: Option<&Source>) -> Result<(), Error> {
    let workload = stream.workload_at();
    for LengthAt { path, side, length } in stream.workload.lengths() {
        if !length.is_from_trace() {
            continue;
        }
        let refused = |told: &str| {
            let place = workload.join(&Path::parse(&path));
            Err(document.error(&place, Part::Value, told))
        };
        let Some(side) = side else {
            return refused(
                "expected a number or a distribution: a trace says how long the text of one request is",
            );
        };
        let Some(source) = source else {
            let told = "expected a number or a distribution, as `load` replays no trace";
            return refused(told).map_err(|error: Error| {
                error.hint("`from_trace` goes with `load: { open: { replay: { .. } } }`")
            });
        };
        let mut entries = source.trace.entries().iter();
        if let Some(lacking) = entries.find(|entry| side.of(entry).is_none()) {
            let told = format!(
                "expected {}, as the scenario takes it from here",
                column(side)
            );
            return Err(source.error(lacking.line, told));
        }
        *length = Length::FromTrace(Traced::of(Arc::clone(&source.trace), side));
    }
    Ok(())
}

/// What of a trace says a length on this side: only samples may lack it.
const fn column(side: Side) -> &'static str {
    match side {
        Side::Prompt => "a number of `prompt_tokens`",
        Side::Output => "a number of `output_tokens`",
    }
}

#[cfg(test)]
mod tests;
