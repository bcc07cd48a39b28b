//! Laying values over the file (`--set`, environment variables, sweep points), and finding the way back: which origin,
//! or which place in the file, does an error at some path belong to?

use super::super::error::{Error, Place, Source};
use super::super::message::{self, Told};
use super::super::secret;
use super::{Document, Origin, Path, Spot, Step};
use inferometer_proto::named::Named;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::sync::Arc;

/// Which part of a setting an error is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// Its name.
    Key,
    /// Its value.
    Value,
}

impl Document {
    /// The same document with `value` at `path`. Blocks that are not there yet are made.
    ///
    /// # Errors
    /// If something on the way is a single value or a list that is too short.
    pub fn overridden(&self, path: &Path, value: Value, origin: Origin) -> Result<Self, Error> {
        let mut changed = self.clone();
        changed.overlays.push((path.clone(), origin));
        put(&mut changed.tree, path.steps(), value)
            .map_err(|blocked| changed.error(path, Part::Key, blocked))?;
        Ok(changed)
    }

    /// Reads the whole document as `T`.
    ///
    /// # Errors
    /// The first field that is unknown, missing or wrong, with its place or origin.
    pub fn read_as<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_path_to_error::deserialize(Named(&self.tree)).map_err(|error| {
            let path = Path::from(error.path());
            let message = error.into_inner().to_string();
            let is_about_a_name = message.starts_with("unknown field");
            let told = if secret::leads_to(&path) && !is_about_a_name {
                message::conceal(&message, secret::leads_to_key(&path))
            } else {
                message::explain(&message, self.get(&path), self.contents)
            };
            let (path, part) = self.blame(path, &told);
            self.error(&path, part, told.text).hint_if(told.hint)
        })
    }

    /// The setting that an error at `path` should be shown at.
    fn blame(&self, path: Path, told: &Told) -> (Path, Part) {
        let culprit = told.culprit.as_deref().map(|key| path.key(key));
        if let Some(key) = culprit.filter(|key| self.get(key).is_some()) {
            return (key, Part::Key);
        }
        // What was laid over the file last is what made two settings exclude each other.
        match self.overlay_within(&path).filter(|_| told.is_a_conflict) {
            Some((over, _)) => (over.clone(), Part::Key),
            None if told.is_about_a_key => (path, Part::Key),
            None => (path, Part::Value),
        }
    }

    /// An error about the setting at `path`, pointing at where its value comes from.
    pub fn error(&self, path: &Path, part: Part, message: impl Into<String>) -> Error {
        self.pointed(
            Error::new(&self.source, &path.to_string(), message),
            path,
            part,
        )
    }

    /// `error`, pointing at what was laid over `path` last, or else at the nearest place in the file that contains it.
    fn pointed(&self, error: Error, path: &Path, part: Part) -> Error {
        // A block that only an overlay made, such as `lod` of `--set lod.closed=..`, stands nowhere in the file.
        let made_by = || {
            self.overlay_within(path)
                .filter(|_| !self.places.contains_key(path))
        };
        match self.overlay(path).or_else(made_by) {
            Some((_, Origin::Sweep(point))) => match (part, point.parent()) {
                (Part::Key, Some(list)) => self.pointed(error, &list, part),
                (Part::Key, None) | (Part::Value, _) => self.pointed(error, point, part),
            },
            Some((_, Origin::Variant(setting))) => self.pointed(error, setting, part),
            Some((_, origin)) => error.blamed_on(origin),
            None => match self.place(path, part) {
                Some((source, place)) => error.within(source).at(Some(place)),
                None => error,
            },
        }
    }

    /// Where the value at `path` comes from.
    pub fn origin(&self, path: &Path) -> Origin {
        match (self.overlay(path), self.get(path), self.places.get(path)) {
            (Some((_, origin)), _, _) => origin.clone(),
            (None, Some(_), Some(spot)) => Origin::File {
                file: spot.source.file().to_owned(),
                line: spot.value.line,
            },
            (None, _, _) => Origin::Default,
        }
    }

    /// What was laid over the file last at `path`, or over something that contains it.
    fn overlay(&self, path: &Path) -> Option<&(Path, Origin)> {
        self.overlays
            .iter()
            .rev()
            .find(|(over, _)| over.contains(path))
    }

    /// What was laid over the file last at `path`, or over something inside of it.
    pub fn overlay_within(&self, path: &Path) -> Option<&(Path, Origin)> {
        self.overlays
            .iter()
            .rev()
            .find(|(over, _)| path.contains(over))
    }

    fn place(&self, path: &Path, part: Part) -> Option<(&Arc<Source>, Place)> {
        match self.places.get(path) {
            Some(Spot {
                source,
                key: Some(key),
                ..
            }) if part == Part::Key || self.is_block(path) => Some((source, *key)),
            Some(spot) => Some((&spot.source, spot.value)),
            None => self.place(&path.parent()?, Part::Key),
        }
        // The root is the whole file: a name is enough.
        .filter(|_| !path.steps().is_empty())
    }

    fn is_block(&self, path: &Path) -> bool {
        matches!(
            self.get(path),
            Some(Value::Object(_) | Value::Array(_) | Value::Null)
        )
    }

    /// The file that this was read from.
    pub fn file(&self) -> &str {
        Arc::as_ref(&self.source).file()
    }
}

/// Puts `value` where `steps` lead to; says what is in the way if something is.
fn put(node: &mut Value, steps: &[Step], value: Value) -> Result<(), String> {
    let Some((step, rest)) = steps.split_first() else {
        *node = value;
        return Ok(());
    };
    if node.is_null() {
        *node = Value::Object(Map::new());
    }
    match (node, step) {
        (Value::Object(block), Step::Key(key)) => put(
            block.entry(key.as_str()).or_insert(Value::Null),
            rest,
            value,
        ),
        (Value::Array(list), Step::Index(index)) => {
            let length = list.len();
            let element = list
                .get_mut(*index)
                .ok_or_else(|| format!("expected an index below {length}, found `{index}`"))?;
            put(element, rest, value)
        }
        (Value::Array(_), Step::Key(key)) => Err(format!(
            "expected an index such as `[0]` into the list, found `{key}`"
        )),
        (Value::Object(block), Step::Index(index)) if block.is_empty() => Err(format!(
            "expected a list that has an element `{index}`, and there is none"
        )),
        (Value::Object(_), Step::Index(index)) => {
            Err(format!("expected a field, found the index `{index}`"))
        }
        (single, _) => Err(format!(
            "expected a block of settings to set a part of, found the value `{single}`"
        )),
    }
}
