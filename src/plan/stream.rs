//! The load streams of a stage: one without a name, or several side by side, each with its name, its requests and its own way
//! of starting them. Nothing of one depends on which others stand beside it: its times and contents are drawn from a seed of its
//! own, made of the stage's and its name.

use crate::scenario::{Document, Error, Part, Path, Scenario};
use crate::schedule::Load;
use crate::seed::Seed;
use crate::workload::{Ask, Workload};
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use std::collections::BTreeMap;

/// At least one load stream, in the order of their names.
#[derive(Debug, Clone, PartialEq)]
pub struct Streams(Vec<Stream>);

/// One load stream of a stage.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Stream {
    /// Its name; none where it is the only one and the scenario does not give it any.
    #[serde(skip)]
    pub name: Option<String>,
    /// What its requests ask for.
    pub workload: Workload,
    /// When they start.
    pub load: Load,
}

impl Streams {
    /// The only stream of a stage.
    pub fn alone(workload: Workload, load: Load) -> Self {
        let name = None;
        Self(vec![Stream {
            name,
            workload,
            load,
        }])
    }

    /// What a scenario says: a workload and a load, or several of both; and who does what of a workload where users do.
    pub(super) fn of(document: &Document, scenario: &Scenario) -> Result<Self, Error> {
        let mut streams = Self::said(document, scenario)?;
        for stream in streams.each_mut() {
            match &stream.load {
                Load::Users(users) => stream.workload.share_out(users.count),
                Load::Open(_) | Load::Closed(_) => {}
            }
        }
        Ok(streams)
    }

    fn said(document: &Document, scenario: &Scenario) -> Result<Self, Error> {
        let (workload, load) = (&scenario.workload, &scenario.load);
        let missing = |field: &str| {
            let told = format!("missing field `{field}`");
            document.error(&Path::root(), Part::Value, told)
        };
        let Some(streams) = &scenario.streams else {
            return match (workload, load) {
                (Some(workload), Some(load)) => Ok(Self::alone(workload.clone(), load.clone())),
                (None, _) => Err(missing("workload")),
                (Some(_), None) => Err(missing("load")),
            };
        };
        let beside = [("workload", workload.is_some()), ("load", load.is_some())];
        if let Some((field, _)) = beside.into_iter().find(|(_, is_given)| *is_given) {
            let told = format!("expected no `{field}` beside `streams`, each of which has its own");
            return Err(document
                .error(&Path::root().key(field), Part::Key, told)
                .hint("name it as a stream too, or keep one of both"));
        }
        let named = streams.iter().map(|(name, stream)| Stream {
            name: Some(name.to_string()),
            workload: stream.workload.clone(),
            load: stream.load.clone(),
        });
        Ok(Self(named.collect()))
    }

    /// Each of them, in the order of their names.
    pub fn iter(&self) -> std::slice::Iter<'_, Stream> {
        self.0.iter()
    }

    /// Likewise, to be filled with what files say.
    pub(super) fn each_mut(&mut self) -> impl Iterator<Item = &mut Stream> {
        self.0.iter_mut()
    }

    /// Their names, where they have any.
    pub fn names(&self) -> Vec<&str> {
        let names = self.0.iter().map(|stream| stream.name.as_deref());
        names.flatten().collect()
    }

    /// Does the schedule of each come to an end?
    pub fn end(&self) -> bool {
        self.0.iter().all(|stream| stream.load.ends())
    }

    /// Everything that they ask for, and where each stands in the scenario.
    pub(super) fn asks(&self) -> Vec<(Path, Ask<'_>)> {
        let each = self.0.iter().flat_map(|stream| {
            let asks = stream.workload.asks().into_iter();
            asks.map(|(place, ask)| (stream.workload_at().join(&Path::parse(&place)), ask))
        });
        each.collect()
    }

    /// Every model that is asked for, each once, in order.
    pub(super) fn models(&self) -> Vec<&str> {
        let all = self.0.iter().flat_map(|stream| stream.workload.models());
        let mut models = Vec::new();
        for model in all {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        models
    }
}

impl<'a> IntoIterator for &'a Streams {
    type Item = &'a Stream;
    type IntoIter = std::slice::Iter<'a, Stream>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl Stream {
    /// The seed of its times and contents, in a stage with this one.
    pub fn seed(&self, of_stage: Seed) -> Seed {
        match &self.name {
            None => of_stage,
            Some(name) => of_stage.derive(&format!("stream {name}")),
        }
    }

    /// Where it stands in the scenario.
    pub(super) fn place(&self) -> Path {
        match &self.name {
            None => Path::root(),
            Some(name) => Path::root().key("streams").key(name),
        }
    }

    /// Where its workload does.
    pub(super) fn workload_at(&self) -> Path {
        self.place().key("workload")
    }
}

/// As a file has them: a workload and a load, or a block of both behind each name.
impl Serialize for Streams {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let [alone] = self.0.as_slice()
            && alone.name.is_none()
        {
            return alone.serialize(serializer);
        }
        let named = self.0.iter().filter_map(|stream| {
            let name = stream.name.as_deref()?;
            Some((name, stream))
        });
        let mut block = serializer.serialize_map(Some(1))?;
        block.serialize_entry("streams", &named.collect::<BTreeMap<_, _>>())?;
        block.end()
    }
}

#[cfg(test)]
impl Streams {
    /// The only one.
    pub(super) fn only(&self) -> &Stream {
        let [only] = self.0.as_slice() else {
            panic!("{self:?}");
        };
        only
    }
}

#[cfg(test)]
mod tests;
