//! A plan in words: what `inferometer check` prints.

use super::{Plan, Setting, Stage, Stream, Way};
use crate::schedule::Load;
use serde::Serialize;
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// The longest line, in characters, without its indentation.
const WIDEST: usize = 100;

/// More stages than this are shortened to the first and last few.
const STAGES_SHOWN: usize = 30;

/// How many stages to show at each end of a list that is shortened.
const STAGES_AT_END: usize = 10;

/// How to read one part of a stage, if it has it.
type Read = fn(&Stage) -> Option<Value>;

/// A plan, printed for a reader at a terminal.
#[derive(Debug, Clone, Copy)]
pub struct Explanation<'a>(&'a Plan);

impl Plan {
    /// The plan in words.
    pub const fn explain(&self) -> Explanation<'_> {
        Explanation(self)
    }

    /// How long all stages take, without draining; of a search, as many as it can take at most.
    pub fn duration(&self) -> Duration {
        self.longest(|stage| stage.phases.warmup.duration() + stage.phases.measure.duration())
    }

    /// What is the most that all stages that run can take together.
    fn longest(&self, takes: impl Fn(&Stage) -> Duration) -> Duration {
        let mut all: Vec<Duration> = self.stages.iter().map(takes).collect();
        all.sort_unstable_by(|one, other| other.cmp(one));
        let most = self.course.way.most(all.len());
        all.into_iter().take(most).sum()
    }
}

impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plan = self.0;
        writeln!(f, "{}  ({})", plan.name, plan.source)?;
        for text in wrapped(plan.purpose.as_deref().unwrap_or_default()) {
            writeln!(f, "  {text}")?;
        }
        writeln!(f)?;
        let parts: [(&str, Read); 5] = [
            ("target", |stage| Some(value_of(&stage.target))),
            ("workload", |stage| offered(stage, "workload")),
            ("load", |stage| offered(stage, "load")),
            ("streams", |stage| offered(stage, "streams")),
            ("phases", |stage| Some(value_of(&stage.phases))),
        ];
        for (title, read) in parts {
            if let Some(common) = common(&plan.stages, title, read) {
                part(f, title, &common)?;
            }
        }
        if let Some(users) = users(&plan.stages) {
            line(f, "users", &users)?;
        }
        let adapter = plan.stages.first().and_then(|stage| stage.adapter.as_ref());
        if let Some(adapter) = adapter {
            line(f, "adapter", &adapter.command.join(" "))?;
        }
        let tokenizer = plan
            .stages
            .first()
            .and_then(|stage| stage.tokenizer.as_ref());
        if let Some(tokenizer) = tokenizer {
            line(f, "tokenizer", tokenizer.file())?;
        }
        let validity = plan.stages.first().map(|stage| stage.validity);
        if let Some(validity) = validity.filter(|validity| !validity.is_default()) {
            part(f, "validity", &value_of(&validity))?;
        }
        line(f, "duration", &duration(plan))?;
        line(f, "seed", &plan.seed.to_string())?;
        line(f, "fingerprint", &plan.fingerprint)?;
        // An adapter has settings of its own.
        if adapter.is_none() {
            client(f, plan)?;
        }
        stages(f, plan)?;
        expectations(f, plan)
    }
}

/// The part of this name of what a stage sends and when, with the names of traces, which are no part of what is measured.
fn offered(stage: &Stage, part: &str) -> Option<Value> {
    let mut all = value_of(&stage.streams);
    for stream in &stage.streams {
        let above = stream.name.as_ref().map(|name| format!("/streams/{name}"));
        let place = format!("{}/load/open/replay", above.unwrap_or_default());
        let place = all.pointer_mut(&place).and_then(Value::as_object_mut);
        if let (Some(place), Some(replay)) = (place, stream.load.replay()) {
            place.insert("file".to_owned(), replay.file.clone().into());
        }
    }
    all.get(part).cloned()
}

/// How many users there are of each kind, if there are kinds of users and all stages have the same.
fn users(stages: &[Stage]) -> Option<String> {
    let (first, others) = stages.split_first()?;
    let users = users_of(first);
    let are_same = others.iter().all(|stage| users_of(stage) == users);
    (are_same && !users.is_empty()).then(|| users.join(", "))
}

/// The kinds of users of a stage, with the name of their load stream where it has one: `3 readers`, `1 writers in office`.
fn users_of(stage: &Stage) -> Vec<String> {
    let are_users = |stream: &&Stream| matches!(stream.load, Load::Users(_));
    let streams = stage.streams.iter().filter(are_users);
    let kinds = streams.flat_map(|stream| {
        let place = stream.name.as_ref().map(|name| format!(" in {name}"));
        let place = place.unwrap_or_default();
        let kinds = stream.workload.users_of_parts().into_iter();
        kinds.map(move |(part, users)| format!("{users} {part}{place}"))
    });
    kinds.collect()
}

fn line(f: &mut fmt::Formatter<'_>, title: &str, text: &str) -> fmt::Result {
    writeln!(f, "  {title:<12} {text}")
}

/// `text` in lines that fit a terminal.
fn wrapped(text: &str) -> Vec<String> {
    text.split_whitespace()
        .fold(Vec::new(), |mut lines: Vec<String>, word| {
            match lines.last_mut() {
                Some(line) if line.len() + word.len() < WIDEST => {
                    line.push(' ');
                    line.push_str(word);
                }
                Some(_) | None => lines.push(word.to_owned()),
            }
            lines
        })
}

/// One part of the stages, on one line, or on one for each setting if that were too long.
fn part(f: &mut fmt::Formatter<'_>, title: &str, value: &Value) -> fmt::Result {
    let text = inside(value);
    match value.as_object() {
        Some(block) if text.len() > WIDEST => {
            let lines = block.iter().flat_map(|(kind, settings)| match settings {
                Value::Object(settings) => settings
                    .iter()
                    .map(|(key, value)| format!("{kind}.{key}: {}", flow(value)))
                    .collect(),
                Value::Array(list) => list
                    .iter()
                    .enumerate()
                    .map(|(index, value)| format!("{kind}[{index}]: {}", flow(value)))
                    .collect(),
                Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
                    vec![format!("{kind}: {}", flow(settings))]
                }
            });
            let titles = std::iter::once(title).chain(std::iter::repeat(""));
            titles
                .zip(lines)
                .try_for_each(|(title, text)| line(f, title, &text))
        }
        Some(_) | None => line(f, title, &text),
    }
}

/// What the stages have in common; what is swept stands as `(swept)`.
fn common(stages: &[Stage], title: &str, read: Read) -> Option<Value> {
    let first = stages.first()?;
    let mut value = read(first)?;
    for (path, _) in &first.settings {
        let inside = path
            .strip_prefix(title)
            .map(|inside| inside.replace(['.', '['], "/").replace(']', ""));
        if let Some(swept) = inside.and_then(|pointer| value.pointer_mut(&pointer)) {
            *swept = Value::String("(swept)".to_owned());
        }
    }
    Some(value)
}

/// A block without its outer braces.
fn inside(value: &Value) -> String {
    let text = flow(value);
    text.strip_prefix("{ ")
        .and_then(|text| text.strip_suffix(" }"))
        .map(str::to_owned)
        .unwrap_or(text)
}

fn duration(plan: &Plan) -> String {
    let drain = plan.longest(|stage| stage.phases.drain.duration());
    let all = plan.stages.len();
    let stages = match (&plan.course.way, all) {
        (Way::Search(_), levels) => {
            format!("{} of {levels} levels", plan.course.way.most(levels))
        }
        (Way::InOrder | Way::Drawn(_), 1) => "1 stage".to_owned(),
        (Way::InOrder | Way::Drawn(_), many) => format!("{many} stages"),
    };
    let is_bounded = plan
        .stages
        .iter()
        .any(|stage| stage.phases.requests.is_some() || stage.streams.end());
    let is_bounded = is_bounded || all > plan.course.way.most(all);
    let most = if is_bounded { "at most " } else { "" };
    format!(
        "{most}{} in {stages}, and at most {} more for answers that are late",
        humantime(plan.duration()),
        humantime(drain)
    )
}

pub(super) fn humantime(duration: Duration) -> String {
    crate::units::Period::from(duration).to_string()
}

fn client(f: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
    writeln!(f, "\n  client")?;
    table(f, "client.", &plan.client_settings)
}

/// Settings with their values and sources, each on a line. What is above them is left out of their paths.
pub(crate) fn table(f: &mut fmt::Formatter<'_>, above: &str, settings: &[Setting]) -> fmt::Result {
    let below = |path: &str| path.strip_prefix(above).unwrap_or(path).to_owned();
    let paths = settings.iter().map(|one| below(&one.path).len()).max();
    let values = settings.iter().map(|one| one.value.len()).max();
    let (paths, values) = (paths.unwrap_or(0), values.unwrap_or(0));
    settings.iter().try_for_each(|one| {
        let (path, value, origin) = (below(&one.path), &one.value, &one.origin);
        writeln!(f, "    {path:<paths$}  {value:<values$}  {origin}")
    })
}

fn stages(f: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
    let shortened = plan.stages.len() > STAGES_SHOWN;
    let hidden = plan.stages.len().saturating_sub(2 * STAGES_AT_END);
    let title = match plan.course.way {
        Way::InOrder => "stages",
        Way::Drawn(_) => "stages, in random order",
        Way::Search(_) => "levels to search",
    };
    writeln!(f, "\n  {title}")?;
    for stage in &plan.stages {
        let is_hidden = shortened && (STAGES_AT_END..STAGES_AT_END + hidden).contains(&stage.index);
        if is_hidden && stage.index == STAGES_AT_END {
            writeln!(f, "         ... {hidden} more ...")?;
        }
        if !is_hidden {
            writeln!(f, "    {:>3}  {}", stage.index + 1, stage.name())?;
        }
    }
    Ok(())
}

fn expectations(f: &mut fmt::Formatter<'_>, plan: &Plan) -> fmt::Result {
    if plan.expectations.is_empty() {
        return writeln!(
            f,
            "\n  expect nothing: the run passes if it can be measured"
        );
    }
    writeln!(f, "\n  expect")?;
    let names = plan
        .expectations
        .iter()
        .map(|rule| rule.metric.len())
        .max()
        .unwrap_or(0);
    for rule in &plan.expectations {
        let limit = match (&rule.at_most, &rule.at_least) {
            (Some(limit), _) => format!("at most {}", flow(&limit.0)),
            (None, Some(limit)) => format!("at least {}", flow(&limit.0)),
            (None, None) => String::new(),
        };
        let only: Vec<String> = rule
            .only
            .iter()
            .map(|(path, value)| format!("{path} is {}", flow(value)))
            .collect();
        let only = if only.is_empty() {
            String::new()
        } else {
            format!(" where {}", only.join(" and "))
        };
        let of = rule.subject().map(|subject| format!(" of {subject}"));
        let of = of.unwrap_or_default();
        writeln!(f, "    {:<names$}  {limit}{of}{only}", rule.metric)?;
    }
    Ok(())
}

fn value_of(part: &impl Serialize) -> Value {
    serde_json::to_value(part)
        .unwrap_or_else(|_| unreachable!("plans hold text keys and finite numbers"))
}

/// A value on one line, in the notation of the file.
pub(crate) fn flow(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => text.clone(),
        Value::Array(list) => format!("[{}]", list.iter().map(flow).collect::<Vec<_>>().join(", ")),
        Value::Object(block) if block.is_empty() => "{}".to_owned(),
        Value::Object(block) => {
            let entries: Vec<String> = block
                .iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| format!("{key}: {}", flow(value)))
                .collect();
            format!("{{ {} }}", entries.join(", "))
        }
    }
}
