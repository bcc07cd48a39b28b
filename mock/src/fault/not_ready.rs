//! A model that is gone for a moment: `not_ready: { from: 5s, until: 8s }`.

use super::{Misbehave, Strike};

fault! {
    /// Answer at once as if the model were not loaded. What the repository says of the model stays as it is.
    NotReady {}
}

impl Misbehave for NotReady {
    fn strike(&self) -> Strike {
        Strike::NotReady
    }
}
