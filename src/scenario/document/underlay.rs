//! Laying a scenario upon the file of its client: whatever the scenario does not say itself, the client's file says, and
//! whoever reads of it is shown that file.

use super::contents::ENDPOINTS;
use super::{Contents, Document, Path, Spot};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

impl Document {
    /// What the file is meant to describe.
    pub(in crate::scenario) const fn contents(&self) -> Contents {
        self.contents
    }

    /// This scenario with what `client`, the document of a client's file, says below it: its settings under `client`, and
    /// its endpoints as the target unless the scenario has one.
    #[must_use]
    pub fn upon(&self, client: &Self) -> Self {
        let root = Path::root();
        let mut settings = client.tree.clone();
        let endpoints = settings
            .as_object_mut()
            .and_then(|block| block.shift_remove(ENDPOINTS));
        let mut below = json!({ "client": settings });
        let mut moves = vec![(root.clone(), root.key("client"))];
        if let (Some(endpoints), None) = (endpoints, self.tree.get("target")) {
            fill(&mut below, json!({ "target": { ENDPOINTS: endpoints } }));
            moves.push((root.key(ENDPOINTS), root.key("target").key(ENDPOINTS)));
        }
        let mut places = BTreeMap::clone(&self.places);
        for (from, to) in moves {
            for (path, spot) in client.places.iter() {
                if let Some(deeper) = path.behind(&from) {
                    places
                        .entry(to.join(&deeper))
                        .or_insert_with(|| Spot::clone(spot));
                }
            }
        }
        let mut both = self.clone();
        both.places = Arc::new(places);
        fill(&mut both.tree, below);
        both
    }
}

/// Adds to a block whatever `below` has and it has not. Where both have something else than blocks, `above` keeps its own.
fn fill(above: &mut Value, below: Value) {
    if let (Value::Object(above), Value::Object(below)) = (above, below) {
        for (key, value) in below {
            match above.get_mut(&key) {
                Some(there) => fill(there, value),
                None => {
                    above.insert(key, value);
                }
            }
        }
    }
}
