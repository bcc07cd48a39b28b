//! One model in the mock's repository: `{ name: large, loaded: false, size: 8GiB, load_time: 2s }`.

use super::tensor::{Declared, TensorAnswer, TensorSpec};
use super::{Error, is_default};
use crate::dice::{Dice, Purpose};
use crate::latency::LONGEST;
use inferometer_proto::quantity::{Period, Share, Size};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One model in the mock's repository.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// The name that requests use.
    pub name: String,
    /// Is it loaded from the start?
    #[serde(default = "yes")]
    pub loaded: bool,
    /// The memory that it takes from the start of loading to the end of unloading.
    #[serde(default, skip_serializing_if = "is_default")]
    pub size: Size,
    /// How long loading it takes, on top of reading its `size` at the repository's `load_bandwidth`.
    #[serde(default)]
    pub load_time: Period,
    /// How long unloading it takes, once its last request has ended.
    #[serde(default, skip_serializing_if = "is_default")]
    pub unload_time: Period,
    /// Which of its loads fail, after the whole time that loading takes.
    #[serde(default, skip_serializing_if = "is_default")]
    pub fail_loads: FailLoads,
    /// The tensors that it takes over the Open Inference Protocol. When empty, it is a model of text, which takes
    /// `text_input` and gives `text_output`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<TensorSpec>,
    /// The tensors that it gives.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<TensorSpec>,
    /// What it puts into declared outputs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub answer: TensorAnswer,
}

fn yes() -> bool {
    true
}

/// Which loads of a model fail. A model that is loaded from the start did not need a load.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FailLoads {
    /// So many in the beginning; those after them succeed.
    First(
        /// How many loads fail.
        u32,
    ),
    /// Each with this chance, decided by the seed, the model's name and the number of the load.
    Share(Share),
}

impl Default for FailLoads {
    fn default() -> Self {
        Self::First(0)
    }
}

impl FailLoads {
    /// Does load number `number`, from 1, fail? The dice are the model's own.
    pub(crate) fn strike(self, number: u32, dice: Dice) -> bool {
        match self {
            Self::First(first) => number <= first,
            Self::Share(share) => dice.draw(Purpose::Load, number) < share.ratio(),
        }
    }
}

impl ModelSpec {
    /// A model of that name with every other field left out: loaded from the start, without size.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            loaded: true,
            size: Size::default(),
            load_time: Period::default(),
            unload_time: Period::default(),
            fail_loads: FailLoads::default(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            answer: TensorAnswer::default(),
        }
    }

    /// Refuses values that describe no model, naming the field.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.name.is_empty() {
            return Err(Error::unfit("name", "a name", ""));
        }
        for (field, period) in [
            ("load_time", self.load_time),
            ("unload_time", self.unload_time),
        ] {
            if period.duration() > LONGEST {
                return Err(Error::unfit(field, "at most 24h", period));
            }
        }
        let declared = Declared {
            inputs: &self.inputs,
            outputs: &self.outputs,
            answer: self.answer,
        };
        declared.check()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_loads_fail_and_no_others() {
        let strikes = [1, 2, 3].map(|number| FailLoads::First(2).strike(number, Dice::new(7, "a")));

        assert_eq!(strikes, [true, true, false]);
        assert!(!FailLoads::default().strike(1, Dice::new(7, "a")));
    }

    #[test]
    fn a_share_of_loads_fails_and_always_the_same_ones() {
        let quarter = FailLoads::Share("25%".parse().unwrap());
        let struck = |model| {
            (1..=10_000)
                .filter(|number| quarter.strike(*number, Dice::new(7, model)))
                .collect::<Vec<_>>()
        };

        // 2500 expected, standard deviation 43.
        assert!((2300..2700).contains(&struck("a").len()));
        assert_eq!(struck("a"), struck("a"));
        assert_ne!(struck("a"), struck("b"));
    }
}
