//! What a model takes and gives over the Open Inference Protocol: a text in `text_input` for one in `text_output`, or the
//! tensors that its specification declares. Requests are held against it before anything else happens to them.
//!
//! ```text
//! inputs: x FP32 [-1,4]; outputs: y FP32 [-1,2]; a request with x FP32 [3,4] is answered with y FP32 [3,2]
//! ```

mod compute;
mod text;

pub(crate) use text::Text;

use crate::spec::{MOST_ELEMENTS, ModelSpec, TensorAnswer, TensorSpec};
use crate::tensor::{Datatype, Shape, Tensor};
use std::collections::BTreeMap;

/// Name of a text model's input tensor.
pub(crate) const INPUT: &str = "text_input";
/// Name of a text model's output tensor.
pub(crate) const OUTPUT: &str = "text_output";
/// Name of a text model's optional input tensor, an `INT32` or any other whole number: the tokens to answer with.
pub(crate) const MAX_TOKENS: &str = "max_tokens";

/// The signatures of all models, by name.
#[derive(Debug)]
pub(crate) struct Signatures {
    seed: u64,
    models: BTreeMap<String, Signature>,
    text: Signature,
}

/// The tensors of one model.
#[derive(Debug)]
pub(crate) struct Signature {
    /// What it takes; of a text model, what it must be given.
    pub(crate) inputs: Vec<TensorSpec>,
    /// What it gives.
    pub(crate) outputs: Vec<TensorSpec>,
    /// What stands in its outputs.
    pub(crate) kind: Kind,
}

/// What stands in a model's outputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A text of as many tokens as were asked for.
    Text,
    /// Elements that depend on all inputs.
    Computed,
    /// The inputs.
    Echo,
}

/// What a request asks a model for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// A text.
    Text(Text),
    /// These tensors.
    Tensors(Vec<Tensor>),
}

/// What is wrong with a request for a model.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Mistake(pub(crate) String);

impl Signatures {
    /// The signatures of these models, whose computed answers follow from `seed`.
    pub(crate) fn new(specs: &[ModelSpec], seed: u64) -> Self {
        let tensors = specs.iter().filter(|spec| !spec.inputs.is_empty());
        Self {
            seed,
            models: tensors
                .map(|spec| (spec.name.clone(), Signature::declared(spec)))
                .collect(),
            text: Signature::text(),
        }
    }

    /// The signature of a model; whichever declares no tensors is one of text.
    pub(crate) fn of(&self, model: &str) -> &Signature {
        self.models.get(model).unwrap_or(&self.text)
    }

    /// What a request wants of a model that gets `inputs` and is asked for `outputs`, or for all when there are none.
    ///
    /// # Errors
    /// The model takes other tensors, or gives none of that name.
    pub(crate) fn read(
        &self,
        model: &str,
        inputs: &[Tensor],
        outputs: &[&str],
    ) -> Result<Wanted, Mistake> {
        let signature = self.of(model);
        signature.check_names(inputs, outputs)?;
        match signature.kind {
            Kind::Text => Text::read(inputs).map(Wanted::Text),
            Kind::Computed => {
                signature.check(inputs)?;
                let digest = compute::digest(self.seed, model, inputs);
                let answer = |output: &TensorSpec| {
                    let shape = signature.resolve(output, inputs)?;
                    Ok(compute::tensor(digest, output, shape))
                };
                let answers = signature.chosen(outputs).map(|(_, output)| answer(output));
                answers.collect::<Result<_, _>>().map(Wanted::Tensors)
            }
            Kind::Echo => {
                signature.check(inputs)?;
                Ok(Wanted::Tensors(signature.echo(inputs, outputs)))
            }
        }
    }
}

impl Signature {
    fn text() -> Self {
        let text = |name: &str| TensorSpec {
            name: name.to_owned(),
            datatype: Datatype::Bytes,
            shape: vec![1],
        };
        Self {
            inputs: vec![text(INPUT)],
            outputs: vec![text(OUTPUT)],
            kind: Kind::Text,
        }
    }

    fn declared(spec: &ModelSpec) -> Self {
        let (kind, outputs) = match spec.answer {
            TensorAnswer::Computed => (Kind::Computed, &spec.outputs),
            TensorAnswer::Echo if spec.outputs.is_empty() => (Kind::Echo, &spec.inputs),
            TensorAnswer::Echo => (Kind::Echo, &spec.outputs),
        };
        Self {
            inputs: spec.inputs.clone(),
            outputs: outputs.clone(),
            kind,
        }
    }

    /// Refuses tensors that the model does not have, and inputs that come twice.
    fn check_names(&self, inputs: &[Tensor], outputs: &[&str]) -> Result<(), Mistake> {
        let optional = |name: &str| self.kind == Kind::Text && name == MAX_TOKENS;
        for (place, input) in inputs.iter().enumerate() {
            let name = input.name.as_str();
            if !optional(name) && !self.inputs.iter().any(|known| known.name == name) {
                return Err(unexpected("input", name, &self.inputs));
            }
            if inputs
                .iter()
                .take(place)
                .any(|earlier| earlier.name == name)
            {
                return Err(misfit("input", name, "expected once, found again"));
            }
        }
        for name in outputs {
            if !self.outputs.iter().any(|known| known.name == *name) {
                return Err(unexpected("output", name, &self.outputs));
            }
        }
        Ok(())
    }

    /// Refuses inputs that are missing, of another datatype or of another shape.
    fn check(&self, inputs: &[Tensor]) -> Result<(), Mistake> {
        for expected in &self.inputs {
            let Some(input) = inputs.iter().find(|input| input.name == expected.name) else {
                return Err(misfit("input", &expected.name, "expected once, found none"));
            };
            check_datatype(input, expected.datatype)?;
            let lengths = input.shape.lengths();
            let fits = |(expected, found): (&i64, &usize)| {
                *expected == -1 || usize::try_from(*expected) == Ok(*found)
            };
            if lengths.len() != expected.shape.len()
                || !expected.shape.iter().zip(lengths).all(fits)
            {
                let message = format!(
                    "expected shape {}, found {}",
                    Json(&expected.shape),
                    input.shape
                );
                return Err(misfit("input", &input.name, message));
            }
        }
        Ok(())
    }

    /// The outputs that are asked for, in the order of the request or else of the model, each with its place.
    fn chosen<'a>(&'a self, names: &'a [&str]) -> impl Iterator<Item = (usize, &'a TensorSpec)> {
        let all = names.is_empty().then_some(self.outputs.iter().enumerate());
        let asked = names.iter().filter_map(|name| {
            let mut outputs = self.outputs.iter().enumerate();
            outputs.find(|(_, output)| output.name == *name)
        });
        all.into_iter().flatten().chain(asked)
    }

    /// The shape that an output has beside these inputs.
    fn resolve(&self, output: &TensorSpec, inputs: &[Tensor]) -> Result<Shape, Mistake> {
        let dynamic = |place: usize| {
            let input = self
                .inputs
                .iter()
                .find(|input| input.shape.get(place) == Some(&-1))?;
            let found = inputs.iter().find(|found| found.name == input.name)?;
            found.shape.lengths().get(place).copied()
        };
        let length = |(place, &length): (usize, &i64)| match length {
            -1 => dynamic(place).unwrap_or_default(),
            // Held to be positive at load.
            length => usize::try_from(length).unwrap_or_default(),
        };
        let lengths = output.shape.iter().enumerate().map(length).collect();
        Shape::of(lengths)
            .ok()
            .filter(|shape| shape.elements() <= MOST_ELEMENTS)
            .ok_or_else(|| {
                let message =
                    format!("expected inputs that leave it at most {MOST_ELEMENTS} elements");
                misfit("output", &output.name, message)
            })
    }

    /// The inputs under the names of the outputs.
    fn echo(&self, inputs: &[Tensor], outputs: &[&str]) -> Vec<Tensor> {
        let echoed = |(place, output): (usize, &TensorSpec)| {
            let source = self.inputs.get(place)?;
            let input = inputs.iter().find(|input| input.name == source.name)?;
            Some(Tensor {
                name: output.name.clone(),
                ..input.clone()
            })
        };
        self.chosen(outputs).filter_map(echoed).collect()
    }
}

fn check_datatype(input: &Tensor, expected: Datatype) -> Result<(), Mistake> {
    if input.datatype() == expected {
        return Ok(());
    }
    let message = format!("expected datatype {expected}, found {}", input.datatype());
    Err(misfit("input", &input.name, message))
}

fn unexpected(side: &str, name: &str, known: &[TensorSpec]) -> Mistake {
    let known: Vec<_> = known
        .iter()
        .take(10)
        .map(|tensor| format!("`{}`", tensor.name))
        .collect();
    Mistake(format!(
        "unexpected {side} tensor `{}`: expected only {}",
        clipped(name),
        known.join(", ")
    ))
}

/// A mistake in one tensor.
pub(crate) fn misfit(side: &str, name: &str, message: impl std::fmt::Display) -> Mistake {
    Mistake(format!("{side} tensor `{}`: {message}", clipped(name)))
}

/// As much of a name as an error repeats: it may travel in a header.
pub(crate) fn clipped(name: &str) -> &str {
    let end = name
        .char_indices()
        .nth(64)
        .map_or(name.len(), |(end, _)| end);
    name.get(..end).unwrap_or_default()
}

/// A declared shape as JSON writes it.
struct Json<'a>(&'a [i64]);

impl std::fmt::Display for Json<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let lengths: Vec<_> = self.0.iter().map(i64::to_string).collect();
        write!(f, "[{}]", lengths.join(","))
    }
}

#[cfg(test)]
mod tests;
