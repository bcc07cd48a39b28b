//! The way to one setting: `load.closed.in_flight`, `expect[0].metric`, `sweep.client.mode[1]`.

use std::fmt;

/// A way from the root of the file to one value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a block.
    Key(String),
    /// Into a list, counted from 0.
    Index(usize),
}

impl Path {
    /// The whole file.
    pub const fn root() -> Self {
        Self(Vec::new())
    }

    /// The path that `text` writes. Below `sweep` and `search`, the rest is one key, because their keys are paths
    /// themselves.
    pub fn parse(text: &str) -> Self {
        for block in ["sweep", "search"] {
            let below = text.strip_prefix(block);
            if let Some(setting) = below.and_then(|below| below.strip_prefix('.')) {
                return Self::root().key(block).key(setting);
            }
        }
        Self(text.split('.').flat_map(steps).collect())
    }

    /// The path one key deeper.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.step(Step::Key(key.to_owned()))
    }

    /// The path that leads from here along `deeper`.
    #[must_use]
    pub fn join(&self, deeper: &Self) -> Self {
        Self(self.0.iter().chain(&deeper.0).cloned().collect())
    }

    /// The path one list element deeper.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.step(Step::Index(index))
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path to what contains this, `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        self.0.split_last().map(|(_, above)| Self(above.to_vec()))
    }

    /// Is `self` the same as `other`, or does it contain it?
    pub fn contains(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The way from `outer` to here; `None` if that does not contain this.
    pub fn behind(&self, outer: &Self) -> Option<Self> {
        let deeper = self.0.strip_prefix(outer.0.as_slice())?;
        Some(Self(deeper.to_vec()))
    }

    fn step(&self, step: Step) -> Self {
        Self(self.0.iter().cloned().chain([step]).collect())
    }
}

/// The steps in one dotted part: `expect[0]` is a key and an index, and so are the parts of `expect.0`.
fn steps(part: &str) -> Vec<Step> {
    let index = |digits: &str| digits.parse().ok().map(Step::Index);
    let key = || vec![index(part).unwrap_or_else(|| Step::Key(part.to_owned()))];
    part.strip_suffix(']')
        .and_then(|inner| inner.split_once('['))
        .and_then(|(name, digits)| Some(vec![Step::Key(name.to_owned()), index(digits)?]))
        .unwrap_or_else(key)
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) if depth == 0 => f.write_str(key)?,
                Step::Key(key) => write!(f, ".{key}")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl From<&serde_path_to_error::Path> for Path {
    fn from(path: &serde_path_to_error::Path) -> Self {
        use serde_path_to_error::Segment;
        Self(
            path.iter()
                .filter_map(|segment| match segment {
                    Segment::Seq { index } => Some(Step::Index(*index)),
                    Segment::Map { key } => Some(Step::Key(key.clone())),
                    Segment::Enum { variant } => Some(Step::Key(variant.clone())),
                    Segment::Unknown => None,
                })
                .collect(),
        )
    }
}
