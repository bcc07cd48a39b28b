//! Known backends by name: `profile: 7b-on-one-gpu`. A profile stands in for what a specification leaves out; what the
//! specification says itself stays. None of them is a measurement of ours, and each says where its figures come from.

mod origin_desktop;
mod roofline;
mod seven_b_on_one_gpu;
mod seventy_b_on_eight;

use crate::spec::{MockSpec, is_default};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A backend that many know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// A desktop's language-model server, with the latencies that a simulated client of it reported: 3 to 20 ms, half of
    /// them up to 6 ms. A model loads in 30 ms.
    OriginDesktop,
    /// Llama 2 7B in 16 bits on one A100 of 80 GB, as its memory and arithmetic allow at best: computed, not measured.
    #[serde(rename = "7b-on-one-gpu")]
    SevenBOnOneGpu,
    /// Llama 3 70B in 16 bits on eight H100, as their memory and arithmetic allow at best: computed, not measured.
    #[serde(rename = "70b-on-eight")]
    SeventyBOnEight,
}

impl Profile {
    fn fill(self, spec: &mut MockSpec) {
        match self {
            Self::OriginDesktop => origin_desktop::fill(spec),
            Self::SevenBOnOneGpu => seven_b_on_one_gpu::MACHINE.fill(spec),
            Self::SeventyBOnEight => seventy_b_on_eight::MACHINE.fill(spec),
        }
    }
}

impl MockSpec {
    /// The specification with everything that its profile says and it does not. Doing it twice changes nothing more. A
    /// field counts as left out when it has its default, so a profile's latency cannot be replaced by none.
    #[must_use]
    pub fn resolved(mut self) -> Self {
        if let Some(profile) = self.profile {
            profile.fill(&mut self);
        }
        self
    }
}

/// Sets what has been left out.
fn stand_in<T: Default + PartialEq>(field: &mut T, value: T) {
    if is_default(field) {
        *field = value;
    }
}

#[cfg(test)]
mod tests;
