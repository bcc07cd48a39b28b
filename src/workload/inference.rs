//! Requests for tensors: `{ model: scorer, inputs: [ { name: x, datatype: FP32, shape: [1, 16] } ] }` is one tensor of sixteen
//! numbers drawn anew for each request.

use super::draw::Draw;
use super::generation::pause;
use super::{Asked, Call, Content, Length, model, repeated, words};
use crate::seed::Seed;
use crate::units::Period;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inferometer_proto::datatype::Datatype;
use rand::RngCore;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::num::NonZero;

/// The most elements of one tensor: what a mock takes.
const MOST_ELEMENTS: u64 = 4 * 1024 * 1024;

/// The most dimensions of one tensor.
const MOST_DIMENSIONS: usize = 16;

/// The most tensors of one request.
const MOST_TENSORS: usize = 1000;

/// A request for what a model makes of tensors.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inference {
    /// The model to ask, by the name that the server knows.
    #[serde(deserialize_with = "model")]
    #[schemars(length(min = 1))]
    pub model: String,
    /// What each request brings: 1 to 1000 tensors.
    #[serde(deserialize_with = "inputs")]
    #[schemars(length(min = 1, max = 1000))]
    pub inputs: Vec<InputTensor>,
    /// The names of the outputs that are wanted; all that the model has when left out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<String>,
    /// How many different contents there are, one after the other and again from the first: request number n has that of
    /// number n modulo this. All differ when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distinct: Option<NonZero<u64>>,
    /// Give the request up so long after it was sent, if its answer is not complete by then; never when left out.
    #[serde(
        default,
        deserialize_with = "pause",
        skip_serializing_if = "Option::is_none"
    )]
    pub cancel_after: Option<Period>,
}

/// One tensor of each request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputTensor {
    /// The name that the model knows it by.
    #[schemars(length(min = 1))]
    pub name: String,
    /// The type of its elements.
    pub datatype: Datatype,
    /// Its lengths, outermost first, each at least 1; at most 16 of them, and 4194304 elements.
    #[serde(deserialize_with = "shape")]
    #[schemars(length(max = 16), inner(range(min = 1, max = 4_194_304)))]
    pub shape: Vec<u64>,
    /// How long each element of `BYTES` is, as a text; 16 words when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Length>,
}

/// What one request for tensors contains.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Infer {
    /// The model to ask.
    pub model: String,
    /// What it is given.
    pub inputs: Vec<DrawnTensor>,
    /// The names of the outputs that are wanted.
    pub outputs: Vec<String>,
}

/// A tensor whose elements have been drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DrawnTensor {
    /// The name that the model knows it by.
    pub name: String,
    /// The type of its elements.
    pub datatype: Datatype,
    /// Its lengths.
    pub shape: Vec<u64>,
    /// Its elements, as the Open Inference Protocol has them: little-endian, and before each of `BYTES` its length in four bytes.
    #[serde(serialize_with = "base64")]
    pub contents: Vec<u8>,
}

impl Inference {
    pub(super) fn asked(&self, seed: Seed, seq: u64) -> Asked {
        let seq = repeated(self.distinct, seq);
        Asked {
            cancel_after: self.cancel_after.map(Period::duration),
            ..Asked::of(Call::Infer(Content::Infer(self.content(seed, seq))))
        }
    }

    /// The content of request `seq`.
    fn content(&self, seed: Seed, seq: u64) -> Infer {
        let mut drawn = Draw::of("tensors", seed, seq);
        Infer {
            model: self.model.clone(),
            inputs: self
                .inputs
                .iter()
                .map(|input| input.draw(&mut drawn))
                .collect(),
            outputs: self.outputs.clone(),
        }
    }
}

impl InputTensor {
    /// How many elements it has.
    fn elements(&self) -> u64 {
        self.shape.iter().product()
    }

    fn draw(&self, drawn: &mut Draw) -> DrawnTensor {
        DrawnTensor {
            name: self.name.clone(),
            datatype: self.datatype,
            shape: self.shape.clone(),
            contents: match self.datatype.width() {
                Some(width) => numbers(self.datatype, self.elements(), width, drawn),
                None => self.texts(drawn),
            },
        }
    }

    fn texts(&self, drawn: &mut Draw) -> Vec<u8> {
        let length = self.tokens.as_ref().unwrap_or(&Length::Fixed(16));
        let mut contents = Vec::new();
        for _ in 0..self.elements() {
            // No trace says how long the elements of a tensor are: whose they are does not matter.
            let text = words::text(length.draw(drawn, 0), drawn);
            let bytes = u32::try_from(text.len()).unwrap_or(u32::MAX);
            contents.extend_from_slice(&bytes.to_le_bytes());
            contents.extend_from_slice(text.as_bytes());
        }
        contents
    }
}

/// Which bits of a datatype are drawn, and which are always set, from the lowest byte up. Whole numbers have any value; floats
/// are 0.5 to 1 in size, so that no model leaves their range at once, and have either sign.
const fn bits(datatype: Datatype) -> (&'static [u8], &'static [u8]) {
    match datatype {
        Datatype::Bool => (&[0x01], &[0]),
        Datatype::Fp16 => (&[0xff, 0x83], &[0, 0x38]),
        Datatype::Bf16 => (&[0x7f, 0x80], &[0, 0x3f]),
        Datatype::Fp32 => (&[0xff, 0xff, 0x7f, 0x80], &[0, 0, 0, 0x3f]),
        Datatype::Fp64 => (
            &[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x80],
            &[0, 0, 0, 0, 0, 0, 0xe0, 0x3f],
        ),
        Datatype::Int8
        | Datatype::Int16
        | Datatype::Int32
        | Datatype::Int64
        | Datatype::Uint8
        | Datatype::Uint16
        | Datatype::Uint32
        | Datatype::Uint64
        | Datatype::Bytes => (&[], &[]),
    }
}

fn numbers(datatype: Datatype, elements: u64, width: usize, drawn: &mut Draw) -> Vec<u8> {
    let elements = usize::try_from(elements).unwrap_or(usize::MAX);
    let mut contents = vec![0; elements.saturating_mul(width)];
    drawn.fill_bytes(&mut contents);
    let (kept, set) = bits(datatype);
    for element in contents.chunks_mut(width) {
        for ((byte, kept), set) in element.iter_mut().zip(kept).zip(set) {
            *byte = *byte & kept | set;
        }
    }
    contents
}

fn inputs<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<InputTensor>, D::Error> {
    let inputs = Vec::<InputTensor>::deserialize(deserializer)?;
    if inputs.is_empty() || inputs.len() > MOST_TENSORS {
        return Err(D::Error::custom(format_args!(
            "expected 1 to {MOST_TENSORS} tensors, found {}",
            inputs.len()
        )));
    }
    for (place, input) in inputs.iter().enumerate() {
        let is_taken = inputs
            .iter()
            .take(place)
            .any(|other| other.name == input.name);
        if input.name.is_empty() || is_taken {
            return Err(D::Error::custom(format_args!(
                "expected a name of its own for each tensor, found `{}`",
                input.name
            )));
        }
    }
    Ok(inputs)
}

fn shape<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let shape = Vec::<u64>::deserialize(deserializer)?;
    let product = |product: u64, length: &u64| product.checked_mul(*length);
    let elements = shape.iter().try_fold(1, product);
    let fits = elements.is_some_and(|elements| (1..=MOST_ELEMENTS).contains(&elements));
    if fits && shape.len() <= MOST_DIMENSIONS {
        return Ok(shape);
    }
    Err(D::Error::custom(format_args!(
        "expected at most {MOST_DIMENSIONS} lengths of 1 or more, and at most {MOST_ELEMENTS} elements, found {shape:?}"
    )))
}

fn base64<S: Serializer>(contents: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&STANDARD.encode(contents))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(datatype: Datatype, shape: &[u64]) -> InputTensor {
        InputTensor {
            name: "x".to_owned(),
            datatype,
            shape: shape.to_vec(),
            tokens: None,
        }
    }

    fn contents(datatype: Datatype, elements: u64) -> Vec<u8> {
        let mut drawn = Draw::of("tensors", Seed::new(7), 3);
        input(datatype, &[elements]).draw(&mut drawn).contents
    }

    #[test]
    fn a_request_has_its_tensors_for_ever_and_another_has_others() {
        let inference = Inference {
            model: "scorer".to_owned(),
            inputs: vec![input(Datatype::Fp32, &[1, 2]), input(Datatype::Uint8, &[3])],
            outputs: vec!["y".to_owned()],
            distinct: None,
            cancel_after: None,
        };

        let content = inference.content(Seed::new(7), 3);

        assert_eq!(
            serde_json::to_string(&content).unwrap(),
            r#"{"model":"scorer","inputs":[{"name":"x","datatype":"FP32","shape":[1,2],"contents":"dcIjv3BnEr8="},{"name":"x","datatype":"UINT8","shape":[3],"contents":"NH+m"}],"outputs":["y"]}"#
        );
        assert_ne!(content, inference.content(Seed::new(7), 4));
        assert_ne!(content, inference.content(Seed::new(8), 3));
    }

    #[test]
    fn floats_are_one_half_to_one_in_size_and_have_either_sign() {
        let floats: Vec<f64> = contents(Datatype::Fp64, 1000)
            .as_chunks()
            .0
            .iter()
            .map(|bytes| f64::from_le_bytes(*bytes))
            .chain(
                contents(Datatype::Fp32, 1000)
                    .as_chunks()
                    .0
                    .iter()
                    .map(|bytes| f32::from_le_bytes(*bytes).into()),
            )
            .collect();

        assert!(floats.iter().all(|float| (0.5..1.0).contains(&float.abs())));
        let below = floats.iter().filter(|float| **float < 0.0).count();
        // Five standard deviations of a binomial count with mean 1,000.
        assert!(below.abs_diff(1000) < 112, "{below}");
    }

    #[test]
    fn truth_is_0_or_1_and_narrow_floats_are_no_larger_than_one() {
        assert!(contents(Datatype::Bool, 100).iter().all(|byte| *byte <= 1));
        for (datatype, half, one) in [
            (Datatype::Fp16, 0x3800, 0x3c00),
            (Datatype::Bf16, 0x3f00, 0x3f80),
        ] {
            let contents = contents(datatype, 1000);
            let (elements, _) = contents.as_chunks();
            for bits in elements
                .iter()
                .map(|bytes| u16::from_le_bytes(*bytes) & 0x7fff)
            {
                assert!((half..one).contains(&bits), "{datatype} {bits:x}");
            }
        }
    }

    #[test]
    fn bytes_are_texts_of_the_length_asked_for() {
        let texts = InputTensor {
            tokens: Some(Length::Fixed(2)),
            ..input(Datatype::Bytes, &[2])
        };

        let drawn = texts.draw(&mut Draw::of("tensors", Seed::new(7), 3));

        assert_eq!(
            drawn.contents,
            b"\x0b\0\0\0dream glass\x0b\0\0\0bridge easy"
        );
    }

    #[test]
    fn tensors_that_no_request_could_have_are_refused() {
        let told = |inputs: &str| {
            let json = format!(r#"{{"model":"m","inputs":[{inputs}]}}"#);
            let error = serde_json::from_str::<Inference>(&json).unwrap_err();
            error
                .to_string()
                .split(" at line")
                .next()
                .unwrap()
                .to_owned()
        };
        let shaped = |shape: &str| format!(r#"{{"name":"x","datatype":"FP32","shape":{shape}}}"#);

        assert_eq!(told(""), "expected 1 to 1000 tensors, found 0");
        assert_eq!(
            told(&format!("{0},{0}", shaped("[1]"))),
            "expected a name of its own for each tensor, found `x`"
        );
        for shape in ["[0]", "[4294967296, 4294967296]", "[2, 4194304]"] {
            assert_eq!(
                told(&shaped(shape)),
                format!(
                    "expected at most 16 lengths of 1 or more, and at most 4194304 elements, found {shape}"
                )
            );
        }
    }
}
