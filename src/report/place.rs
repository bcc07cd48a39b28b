//! Which stages something is true of, in few words however many they are: `stage in_flight=10`, `every stage`,
//! `18 of 20 stages (first: in_flight=1)`.

use super::words;
use crate::units::wide;

/// More stages than this are counted instead of named.
const MOST_NAMED: usize = 3;

/// Some of a run's stages, by name and in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stages<'a> {
    names: Vec<&'a str>,
    all: usize,
}

impl<'a> Stages<'a> {
    /// These stages out of `all`; without a name it is the run as a whole.
    pub(super) fn new(names: Vec<&'a str>, all: usize) -> Self {
        Self { names, all }
    }

    pub(super) fn push(&mut self, name: &'a str) {
        self.names.push(name);
    }

    /// The stages in words. Nothing where there is no other stage to tell them from.
    pub(super) fn words(&self) -> Option<String> {
        match self.names.as_slice() {
            [] => None,
            [_] if self.all == 1 => None,
            [only] => Some(format!("stage {only}")),
            names if names.len() == self.all => Some("every stage".to_owned()),
            names if names.len() <= MOST_NAMED => Some(format!("stages {}", names.join(", "))),
            [first, ..] => Some(self.such_as("first", first)),
        }
    }

    /// The stages counted, with one of them as an example.
    pub(super) fn such_as(&self, which: &str, name: &str) -> String {
        let all = words::plural(wide(self.all), "stage");
        format!("{} of {all} ({which}: {name})", self.names.len())
    }

    /// The names that [`Stages::words`] leaves out.
    pub(super) fn unnamed(&self) -> &[&'a str] {
        let named = self.names.len() <= MOST_NAMED || self.names.len() == self.all;
        if named { &[] } else { &self.names }
    }
}
