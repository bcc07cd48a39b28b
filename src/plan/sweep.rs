//! A sweep is a list of values for each of several settings; its points are all combinations, in the order of the file,
//! the last setting varying fastest.

use crate::scenario::{Document, Error, Origin, Part, Path};
use serde_json::Value;

/// The most stages that a sweep may have.
const MOST: usize = 1000;

/// The parts of a scenario that can be swept.
const SWEPT: [&str; 6] = ["client", "load", "phases", "seed", "target", "workload"];

/// One swept setting and its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// The setting's path as the file writes it.
    pub(super) key: String,
    pub(super) path: Path,
    pub(super) values: Vec<Value>,
}

/// One combination: for each axis, in order, the position and value that it has there.
pub(super) type Point<'a> = Vec<(&'a Axis, usize, &'a Value)>;

impl Axis {
    /// Where the file gives its values.
    fn list(&self) -> Path {
        list(&self.key)
    }
}

fn list(key: &str) -> Path {
    Path::root().key("sweep").key(key)
}

/// The axes of the document's sweep; none when there is no sweep.
pub(super) fn axes(document: &Document) -> Result<Vec<Axis>, Error> {
    let sweep = Path::root().key("sweep");
    let block = match document.get(&sweep) {
        None => return Ok(Vec::new()),
        Some(Value::Object(block)) => block,
        Some(_) => {
            let told = "expected a block of paths, each with a list of values";
            let hint = "for example `sweep: { load.closed.in_flight: [1, 10, 50] }`";
            return Err(document.error(&sweep, Part::Value, told).hint(hint));
        }
    };
    let axes: Vec<Axis> = block
        .iter()
        .map(|(key, values)| axis(document, key, values))
        .collect::<Result<_, _>>()?;
    nested(document, &axes)?;
    let stages = axes.iter().try_fold(1_usize, |stages, axis| {
        stages.checked_mul(axis.values.len())
    });
    if stages.is_some_and(|stages| stages <= MOST) {
        return Ok(axes);
    }
    let found = stages.map_or_else(|| "far more".to_owned(), |stages| stages.to_string());
    let told = format!("expected at most {MOST} combinations, found {found}");
    Err(document
        .error(&sweep, Part::Key, told)
        .hint("sweep fewer values, or split the scenario"))
}

fn axis(document: &Document, key: &str, values: &Value) -> Result<Axis, Error> {
    let path = swept(document, key)?;
    if document.is_secret(&list(key)) || document.is_secret(&path) {
        let told = "expected a setting that may be shown: a stage is named by what is swept";
        return Err(document
            .error(&list(key), Part::Key, told)
            .hint("keep `api_keys`, `api_key` and `admin` out of the sweep"));
    }
    let Some(values) = values.as_array().filter(|values| !values.is_empty()) else {
        let told = "expected a list of at least one value";
        let hint = match document.get(&list(key)) {
            Some(Value::Object(_)) => {
                "write the whole path as one key, for example `load.closed.in_flight: [1, 10]`"
                    .to_owned()
            }
            Some(_) | None => format!("for example `{key}: [1, 10]`"),
        };
        return Err(document.error(&list(key), Part::Value, told).hint(hint));
    };
    let repeated = values
        .iter()
        .enumerate()
        .find(|(index, value)| values.iter().take(*index).any(|v| v == *value));
    if let Some((index, _)) = repeated {
        let told = "this value stands in the list twice, and its stages would be called alike";
        let at = list(key).index(index);
        return Err(document
            .error(&at, Part::Value, told)
            .hint("give each value once"));
    }
    Ok(Axis {
        key: key.to_owned(),
        path,
        values: values.clone(),
    })
}

/// The path that `key` writes, if it can be swept and nothing else sets it.
fn swept(document: &Document, key: &str) -> Result<Path, Error> {
    let path = Path::parse(key);
    let is_setting = SWEPT
        .iter()
        .any(|part| Path::root().key(part).contains(&path));
    if !is_setting {
        let told = format!("expected the path of a setting below {}", quoted(&SWEPT));
        return Err(document
            .error(&list(key), Part::Key, told)
            .hint("write it as it is nested, for example `load.closed.in_flight`"));
    }
    if let Some((_, origin)) = document.overlay_within(&path) {
        let told =
            format!("this setting is swept, so the value from `{origin}` would never be used");
        return Err(document.error(&list(key), Part::Key, told).hint(format!(
            "drop it, or narrow the sweep: `--set sweep.{key}=[..]`"
        )));
    }
    Ok(path)
}

/// Refuses a setting that is swept once by itself and once more, alone or as a part of another.
fn nested(document: &Document, axes: &[Axis]) -> Result<(), Error> {
    for (position, inner) in axes.iter().enumerate() {
        let mut others = axes
            .iter()
            .enumerate()
            .filter(|(other, _)| *other != position);
        if let Some((_, outer)) = others.find(|(_, outer)| outer.path.contains(&inner.path)) {
            let told = format!("already a part of `{}`, which is swept as well", outer.key);
            return Err(document.error(&inner.list(), Part::Key, told));
        }
    }
    Ok(())
}

/// Every combination; one empty point when nothing is swept.
pub(super) fn points(axes: &[Axis]) -> impl Iterator<Item = Point<'_>> {
    let stages: usize = axes.iter().map(|axis| axis.values.len()).product();
    (0..stages).map(move |stage| {
        let mut rest = stage;
        let mut point: Point<'_> = axes
            .iter()
            .rev()
            .filter_map(|axis| {
                let index = rest % axis.values.len();
                rest /= axis.values.len();
                axis.values.get(index).map(|value| (axis, index, value))
            })
            .collect();
        point.reverse();
        point
    })
}

/// The document as it is at `point`.
pub(super) fn moved_to(document: &Document, point: &Point<'_>) -> Result<Document, Error> {
    point
        .iter()
        .try_fold(document.clone(), |here, (axis, index, value)| {
            here.overridden(
                &axis.path,
                (*value).clone(),
                Origin::Sweep(axis.list().index(*index)),
            )
        })
}

/// The point as paths and values.
pub(super) fn settings(point: &Point<'_>) -> Vec<(String, Value)> {
    point
        .iter()
        .map(|(axis, _, value)| (axis.key.clone(), (*value).clone()))
        .collect()
}

/// The last part of `path`, or as many more as it takes to tell it from the other `paths`.
pub(super) fn short_name<'a>(path: &'a str, paths: &[&str]) -> &'a str {
    let ends = |short: &str| {
        paths
            .iter()
            .filter(|other| **other == short || other.ends_with(&format!(".{short}")))
            .count()
    };
    let starts = path.rmatch_indices('.').map(|(dot, _)| dot + 1);
    starts
        .filter_map(|start| path.get(start..))
        .find(|short| ends(short) == 1)
        .unwrap_or(path)
}

/// `a`, `b` and so on, for a message.
pub(super) fn quoted(names: &[&str]) -> String {
    names
        .iter()
        .map(|name| format!("`{name}`"))
        .collect::<Vec<_>>()
        .join(", ")
}
