//! A tensor as a model declares it: `{ name: x, datatype: FP32, shape: [-1, 4] }`, and what a model that declares some
//! answers with.

use super::Error;
use crate::tensor::{Datatype, MOST_DIMENSIONS};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most elements that a tensor may have, so that no request can ask for memory without end: 32 MiB of the widest
/// numbers.
pub(crate) const MOST_ELEMENTS: usize = 4 * 1024 * 1024;

/// The most tensors on either side of a model.
const MOST_TENSORS: usize = 1000;

/// A tensor that a model takes or gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TensorSpec {
    /// The name that requests use.
    pub name: String,
    /// The type of its elements, such as `FP32` or `BYTES`.
    pub datatype: Datatype,
    /// Its lengths, outermost first; -1 is a dimension of any length, most often the batch. A dynamic dimension of an
    /// output is as long as the dimension in the same place of the first input that has a dynamic one there.
    pub shape: Vec<i64>,
}

/// What a model with declared tensors puts into its outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TensorAnswer {
    /// Elements computed from the seed, the model, the output's name, the bytes of all inputs and each element's place:
    /// the same request gets the same answer, and no other request does.
    #[default]
    Computed,
    /// The inputs, in their order.
    Echo,
}

/// The tensors of a model, as its specification declares them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Declared<'a> {
    pub(super) inputs: &'a [TensorSpec],
    pub(super) outputs: &'a [TensorSpec],
    pub(super) answer: TensorAnswer,
}

impl Declared<'_> {
    /// Refuses tensors that no model could take or give, naming the field.
    pub(super) fn check(&self) -> Result<(), Error> {
        check_side(self.inputs, "inputs")?;
        check_side(self.outputs, "outputs")?;
        match self.answer {
            TensorAnswer::Computed => self.check_computed(),
            TensorAnswer::Echo => self.check_echo(),
        }
    }

    fn check_computed(&self) -> Result<(), Error> {
        if self.inputs.is_empty() != self.outputs.is_empty() {
            let (field, expected) = if self.inputs.is_empty() {
                ("inputs", "at least one tensor beside `outputs`")
            } else {
                ("outputs", "at least one tensor beside `inputs`")
            };
            return Err(Error::unfit(field, expected, "none"));
        }
        for (index, output) in self.outputs.iter().enumerate() {
            let follows = |(place, &length): (usize, &i64)| {
                length != -1
                    || self
                        .inputs
                        .iter()
                        .any(|input| input.shape.get(place) == Some(&-1))
            };
            if !output.shape.iter().enumerate().all(follows) {
                return Err(Error::unfit(
                    &format!("outputs[{index}].shape"),
                    "-1 only where an input has one in the same place",
                    format_args!("{:?}", output.shape),
                ));
            }
        }
        Ok(())
    }

    fn check_echo(&self) -> Result<(), Error> {
        if self.inputs.is_empty() {
            return Err(Error::unfit(
                "inputs",
                "at least one tensor to echo",
                "none",
            ));
        }
        // Left out, the outputs are named as the inputs are.
        if self.outputs.is_empty() {
            return Ok(());
        }
        if self.outputs.len() != self.inputs.len() {
            return Err(Error::unfit(
                "outputs",
                "one for each input that is echoed, or none at all",
                self.outputs.len(),
            ));
        }
        for (index, (input, output)) in self.inputs.iter().zip(self.outputs).enumerate() {
            if (input.datatype, &input.shape) != (output.datatype, &output.shape) {
                return Err(Error::unfit(
                    &format!("outputs[{index}]"),
                    "the datatype and shape of the input that it echoes",
                    format_args!("{} {:?}", output.datatype, output.shape),
                ));
            }
        }
        Ok(())
    }
}

fn check_side(tensors: &[TensorSpec], side: &str) -> Result<(), Error> {
    if tensors.len() > MOST_TENSORS {
        return Err(Error::unfit(side, "at most 1000 tensors", tensors.len()));
    }
    for (index, tensor) in tensors.iter().enumerate() {
        let within = |error: Error| error.within(&format!("{side}[{index}]"));
        tensor.check().map_err(within)?;
        let earlier = tensors.iter().take(index);
        if earlier.into_iter().any(|other| other.name == tensor.name) {
            return Err(within(Error::unfit(
                "name",
                "a name that no other tensor beside it has",
                &tensor.name,
            )));
        }
    }
    Ok(())
}

impl TensorSpec {
    fn check(&self) -> Result<(), Error> {
        if self.name.is_empty() {
            return Err(Error::unfit("name", "a name", ""));
        }
        if self.shape.len() > MOST_DIMENSIONS {
            return Err(Error::unfit(
                "shape",
                "at most 16 dimensions",
                self.shape.len(),
            ));
        }
        let length = |length: &i64| match length {
            -1 => Some(1),
            length => usize::try_from(*length).ok().filter(|&length| length > 0),
        };
        let fixed = self
            .shape
            .iter()
            .try_fold(1_usize, |product, next| product.checked_mul(length(next)?));
        if fixed.is_none_or(|elements| elements > MOST_ELEMENTS) {
            return Err(Error::unfit(
                "shape",
                "lengths of 1 or more, or -1 for any, and at most 4194304 elements",
                format_args!("{:?}", self.shape),
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::MockSpec;

    fn error(model: &str) -> String {
        serde_json::from_str::<MockSpec>(&format!(r#"{{"models":[{{"name":"m",{model}}}]}}"#))
            .unwrap()
            .validate()
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn tensors_that_no_model_could_have_are_refused_by_their_field() {
        let x = r#""inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}]"#;
        for (model, message) in [
            (
                x.to_owned(),
                "expected at least one tensor beside `inputs` in `models[0].outputs`, found `none`",
            ),
            (
                format!(r#"{x},"outputs":[{{"name":"y","datatype":"FP32","shape":[-1,-1]}}]"#),
                "expected -1 only where an input has one in the same place in `models[0].outputs[0].shape`, found `[-1, -1]`",
            ),
            (
                r#""inputs":[{"name":"x","datatype":"FP32","shape":[0]}]"#.to_owned(),
                "expected lengths of 1 or more, or -1 for any, and at most 4194304 elements in `models[0].inputs[0].shape`, found `[0]`",
            ),
            (
                r#""inputs":[{"name":"x","datatype":"FP32","shape":[4294967296,4294967296]}]"#.to_owned(),
                "expected lengths of 1 or more, or -1 for any, and at most 4194304 elements in `models[0].inputs[0].shape`, found `[4294967296, 4294967296]`",
            ),
            (
                r#""inputs":[{"name":"x","datatype":"FP32","shape":[]},{"name":"x","datatype":"FP32","shape":[]}]"#.to_owned(),
                "expected a name that no other tensor beside it has in `models[0].inputs[1].name`, found `x`",
            ),
            (
                r#""answer":"echo""#.to_owned(),
                "expected at least one tensor to echo in `models[0].inputs`, found `none`",
            ),
            (
                format!(r#"{x},"outputs":[{{"name":"y","datatype":"FP16","shape":[-1,4]}}],"answer":"echo""#),
                "expected the datatype and shape of the input that it echoes in `models[0].outputs[0]`, found `FP16 [-1, 4]`",
            ),
        ] {
            assert_eq!(error(&model), message);
        }
    }

    #[test]
    fn models_with_tensors_are_accepted_computed_and_echoed() {
        for model in [
            r#""inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[{"name":"y","datatype":"BYTES","shape":[-1]}]"#,
            r#""inputs":[{"name":"x","datatype":"BF16","shape":[]}],"answer":"echo""#,
        ] {
            let json = format!(r#"{{"models":[{{"name":"m",{model}}}]}}"#);
            let spec: MockSpec = serde_json::from_str(&json).unwrap();
            assert_eq!(spec.validate(), Ok(()));
            let line = serde_json::to_string(&spec).unwrap();
            assert_eq!(serde_json::from_str::<MockSpec>(&line).unwrap(), spec);
        }
    }
}
