//! A sweep is a list or a range of values for each of several settings; its points are all combinations, in the order of the
//! file, the last setting varying fastest. The levels of a search are the points of a sweep of one setting.

mod range;

use super::course::Search;
use crate::scenario::{Document, Error, Origin, Part, Path};
use range::Steps;
use serde_json::Value;

/// The most stages that a sweep may have.
const MOST: usize = 1000;

/// The parts of a scenario that can be swept.
const SWEPT: [&str; 7] = [
    "client", "load", "phases", "seed", "streams", "target", "workload",
];

/// One swept setting and its values.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    /// The block in which it stands.
    block: &'static str,
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
        Path::root().key(self.block).key(&self.key)
    }
}

/// The key of a sweep that says in which order its stages run, and is no setting.
const ORDER: &str = "order";

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
        .filter(|(key, _)| key.as_str() != ORDER)
        .map(|(key, values)| axis(document, key, values))
        .collect::<Result<_, _>>()?;
    nested(document, &axes)?;
    let stages = axes.iter().try_fold(1_usize, |stages, axis| {
        stages.checked_mul(axis.values.len())
    });
    few(document, "sweep", stages)?;
    Ok(axes)
}

/// Are these not too many stages?
fn few(document: &Document, block: &str, stages: Option<usize>) -> Result<(), Error> {
    if stages.is_some_and(|stages| stages <= MOST) {
        return Ok(());
    }
    let found = stages.map_or_else(|| "far more".to_owned(), |stages| stages.to_string());
    let told = format!("expected at most {MOST} combinations, found {found}");
    Err(document
        .error(&Path::root().key(block), Part::Key, told)
        .hint("sweep fewer values, or split the scenario"))
}

/// Are the stages of the document's sweep to run in an order that is drawn?
pub(super) fn is_drawn(document: &Document) -> Result<bool, Error> {
    let place = Path::root().key("sweep").key(ORDER);
    match document.get(&place).map(|order| order.as_str()) {
        None | Some(Some("file")) => Ok(false),
        Some(Some("random")) => Ok(true),
        Some(_) => {
            let told = "expected `file` or `random`";
            Err(document.error(&place, Part::Value, told))
        }
    }
}

/// The setting that the document searches, its levels as an axis, and as what the search knows of them.
pub(super) fn search(document: &Document) -> Result<Option<(Axis, Search)>, Error> {
    let place = Path::root().key("search");
    let Some(block) = document.get(&place) else {
        return Ok(None);
    };
    let settings: Vec<_> = block.as_object().into_iter().flatten().collect();
    let [(key, Value::Object(range))] = settings.as_slice() else {
        let told = "expected the path of one setting, with a range behind it";
        let hint = "for example `search: { load.open.poisson.rate: { from: 50/s, to: 2000/s } }`";
        return Err(document.error(&place, Part::Value, told).hint(hint));
    };
    let has = |key: &str| document.get(&Path::root().key(key)).is_some();
    if has("sweep") {
        let told = "expected no `search` beside `sweep`: each decides which stages there are";
        return Err(document.error(&place, Part::Key, told));
    }
    if !has("expect") {
        let told = "expected rules under `expect`, which say what a level must meet";
        return Err(document
            .error(&place, Part::Key, told)
            .hint("for example `expect: [ { metric: latency_p99, at_most: 100ms } ]`"));
    }
    let (path, at) = swept(document, "search", key)?;
    let levels = range::values(document, &at, range, Steps::Search)?;
    few(document, "search", Some(levels.len()))?;
    let (values, numbers) = levels.into_iter().unzip();
    let search = Search {
        setting: (*key).clone(),
        levels: numbers,
    };
    let axis = Axis {
        block: "search",
        key: search.setting.clone(),
        path,
        values,
    };
    Ok(Some((axis, search)))
}

fn axis(document: &Document, key: &str, values: &Value) -> Result<Axis, Error> {
    let (path, at) = swept(document, "sweep", key)?;
    let values = match values {
        Value::Object(block) if block.contains_key("from") => {
            let values = range::values(document, &at, block, Steps::Sweep)?;
            values.into_iter().map(|(value, _)| value).collect()
        }
        Value::Array(values) if !values.is_empty() => values.clone(),
        Value::Object(_)
        | Value::Array(_)
        | Value::Null
        | Value::Bool(_)
        | Value::Number(_)
        | Value::String(_) => {
            let told = "expected a list of at least one value, or a range";
            let hint = if values.is_object() {
                "write the whole path as one key, for example `load.closed.in_flight: [1, 10]`"
                    .to_owned()
            } else {
                format!("for example `{key}: [1, 10]`")
            };
            return Err(document.error(&at, Part::Value, told).hint(hint));
        }
    };
    let repeated = values
        .iter()
        .enumerate()
        .find(|(index, value)| values.iter().take(*index).any(|v| v == *value));
    if let Some((index, _)) = repeated {
        let told = "this value stands in the list twice, and its stages would be called alike";
        let at = at.index(index);
        return Err(document
            .error(&at, Part::Value, told)
            .hint("give each value once"));
    }
    Ok(Axis {
        block: "sweep",
        key: key.to_owned(),
        path,
        values,
    })
}

/// The path that `key` of a block writes, if it can be swept and nothing else sets it, and where its values stand.
fn swept(document: &Document, block: &str, key: &str) -> Result<(Path, Path), Error> {
    let path = Path::parse(key);
    let at = Path::root().key(block).key(key);
    let is_setting = SWEPT
        .iter()
        .any(|part| Path::root().key(part).contains(&path));
    if !is_setting {
        let told = format!("expected the path of a setting below {}", quoted(&SWEPT));
        return Err(document
            .error(&at, Part::Key, told)
            .hint("write it as it is nested, for example `load.closed.in_flight`"));
    }
    if document.is_secret(&at) || document.is_secret(&path) {
        let told = "expected a setting that may be shown: a stage is named by what is swept";
        return Err(document
            .error(&at, Part::Key, told)
            .hint("keep `api_keys`, `api_key` and `admin` out of the sweep"));
    }
    if let Some((_, origin)) = document.overlay_within(&path) {
        let told =
            format!("this setting is swept, so the value from `{origin}` would never be used");
        return Err(document.error(&at, Part::Key, told).hint(format!(
            "drop it, or narrow the sweep: `--set sweep.{key}=[..]`"
        )));
    }
    Ok((path, at))
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

#[cfg(test)]
mod tests;
