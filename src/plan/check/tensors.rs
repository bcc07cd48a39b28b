//! Whether a mock's model takes the tensors that a stage sends, and has the outputs that it wants: told with the tensor's place
//! before anything is started.

use super::super::Stage;
use crate::scenario::{Document, Error, Part, Path};
use crate::workload::{Ask, Inference, InputTensor};
use inferometer_mock::{Datatype, MockSpec, ModelSpec, TensorSpec};
use std::borrow::Cow;

/// Holds the stage's tensors against the model of every mock that has it.
pub(super) fn check(document: &Document, stage: &Stage, mocks: &[&MockSpec]) -> Result<(), Error> {
    let asks = stage.streams.asks();
    let tensors = asks.iter().filter_map(|(place, ask)| match ask {
        Ask::Tensor(inference) => Some((place, *inference)),
        Ask::Chat(_)
        | Ask::Completion(_)
        | Ask::Conversation(_)
        | Ask::Embedding(_)
        | Ask::Load(_)
        | Ask::Unload(_)
        | Ask::ListModels(_)
        | Ask::RefreshModels(_) => None,
    });
    for (place, inference) in tensors {
        let models = mocks.iter().flat_map(|mock| &mock.models);
        for model in models.filter(|model| model.name == inference.model) {
            let model = signed(model);
            given(document, place, inference, &model)?;
            wanted(document, place, inference, &model)?;
        }
    }
    Ok(())
}

/// The model with the tensors that it has when it declares none: those of text.
fn signed(model: &ModelSpec) -> Cow<'_, ModelSpec> {
    if !model.inputs.is_empty() {
        return Cow::Borrowed(model);
    }
    let text = |name: &str| TensorSpec {
        name: name.to_owned(),
        datatype: Datatype::Bytes,
        shape: vec![1],
    };
    Cow::Owned(ModelSpec {
        inputs: vec![text("text_input")],
        outputs: vec![text("text_output")],
        ..model.clone()
    })
}

/// Does the model take what it is given?
fn given(
    document: &Document,
    place: &Path,
    inference: &Inference,
    model: &ModelSpec,
) -> Result<(), Error> {
    let inputs = place.key("inputs");
    for (place, input) in inference.inputs.iter().enumerate() {
        let place = inputs.index(place);
        let declared = model.inputs.iter().find(|known| known.name == input.name);
        let Some(declared) = declared else {
            let told = format!("model `{}` has no input `{}`", model.name, input.name);
            return Err(document
                .error(&place.key("name"), Part::Value, told)
                .hint(format!("it has {}", names(&model.inputs))));
        };
        if !fits(input, declared) {
            let told = format!(
                "model `{}` takes `{}` as {} {:?}, found {} {:?}",
                model.name,
                input.name,
                declared.datatype,
                declared.shape,
                input.datatype,
                input.shape
            );
            return Err(document
                .error(&place, Part::Value, told)
                .hint("-1 in the model's shape is any length"));
        }
    }
    let is_missing =
        |known: &&TensorSpec| !inference.inputs.iter().any(|one| one.name == known.name);
    match model.inputs.iter().find(is_missing) {
        None => Ok(()),
        Some(missing) => {
            let told = format!("model `{}` also takes `{}`", model.name, missing.name);
            let hint = format!(
                "add `{{ name: {}, datatype: {}, shape: {:?} }}`",
                missing.name, missing.datatype, missing.shape
            );
            Err(document.error(&inputs, Part::Key, told).hint(hint))
        }
    }
}

fn fits(input: &InputTensor, declared: &TensorSpec) -> bool {
    let length =
        |(found, declared): (&u64, &i64)| *declared == -1 || u64::try_from(*declared) == Ok(*found);
    input.datatype == declared.datatype
        && input.shape.len() == declared.shape.len()
        && input.shape.iter().zip(&declared.shape).all(length)
}

/// Has the model the outputs that are wanted of it?
fn wanted(
    document: &Document,
    place: &Path,
    inference: &Inference,
    model: &ModelSpec,
) -> Result<(), Error> {
    // Left out, the outputs of an echo are called as its inputs are.
    let known = if model.outputs.is_empty() {
        &model.inputs
    } else {
        &model.outputs
    };
    let is_known = |name: &String| known.iter().any(|output| output.name == *name);
    let Some(unknown) = inference.outputs.iter().position(|name| !is_known(name)) else {
        return Ok(());
    };
    let place = place.key("outputs").index(unknown);
    let told = format!("model `{}` has no such output", model.name);
    Err(document
        .error(&place, Part::Value, told)
        .hint(format!("it has {}", names(known))))
}

fn names(tensors: &[TensorSpec]) -> String {
    let names: Vec<&str> = tensors.iter().map(|tensor| tensor.name.as_str()).collect();
    super::quoted(&names)
}
