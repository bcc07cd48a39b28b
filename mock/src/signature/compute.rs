//! Outputs that are computed: each element is a hash of the mock's seed, the model's name, all of the request's input
//! tensors, the output's name and the element's place. So an answer can be known before it is asked for, and one that
//! belongs to another request, or arrives damaged, can be told.

use crate::dice::mix;
use crate::spec::TensorSpec;
use crate::tensor::{Datatype, Elements, Shape, Tensor, Writer};
use half::{bf16, f16};

/// What a computed answer depends on, as one number.
pub(super) fn digest(seed: u64, model: &str, inputs: &[Tensor]) -> u64 {
    let named = absorb(mix(seed), model.as_bytes());
    inputs.iter().fold(named, |digest, input| {
        let digest = absorb(digest, input.name.as_bytes());
        let digest = absorb(digest, input.datatype().name().as_bytes());
        let digest = absorb(digest, input.shape.to_string().as_bytes());
        absorb(digest, input.elements.raw())
    })
}

/// Mixes bytes and their number into a digest, eight at a time.
fn absorb(digest: u64, bytes: &[u8]) -> u64 {
    let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let (words, rest) = bytes.as_chunks::<8>();
    let digest = words.iter().fold(mix(digest ^ length), |digest, word| {
        mix(digest ^ u64::from_le_bytes(*word))
    });
    rest.iter()
        .fold(digest, |digest, &byte| mix(digest ^ u64::from(byte)))
}

/// An output of that shape.
pub(super) fn tensor(digest: u64, output: &TensorSpec, shape: Shape) -> Tensor {
    let digest = absorb(digest, output.name.as_bytes());
    Tensor {
        elements: elements(digest, output.datatype, shape.elements()),
        name: output.name.clone(),
        shape,
    }
}

fn elements(digest: u64, datatype: Datatype, count: usize) -> Elements {
    let width = datatype.width().unwrap_or(4 + TEXT);
    let mut writer = Writer::new(datatype, count.saturating_mul(width));
    for place in (0..u64::MAX).take(count) {
        put(&mut writer, mix(digest ^ mix(place)));
    }
    writer.finish()
}

/// Bytes of a computed text: 16 hexadecimal digits.
const TEXT: usize = 16;

/// Adds an element: integers of any value, floats from 0 to 1, 1 excluded, texts of hexadecimal digits.
fn put(writer: &mut Writer, bits: u64) {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    match writer.datatype() {
        Datatype::Bool => writer.put([a & 1]),
        Datatype::Int8 | Datatype::Uint8 => writer.put([a]),
        Datatype::Int16 | Datatype::Uint16 => writer.put([a, b]),
        Datatype::Int32 | Datatype::Uint32 => writer.put([a, b, c, d]),
        Datatype::Int64 | Datatype::Uint64 => writer.put(bits.to_le_bytes()),
        // As many bits as the fraction of each float has, so that nothing is rounded.
        Datatype::Fp16 => {
            let tenfold = u16::from_le_bytes([a, b]) >> 6;
            writer.put(f16::from_f32(f32::from(tenfold) / 1024.0).to_le_bytes());
        }
        Datatype::Bf16 => {
            let sevenfold = a >> 1;
            writer.put(bf16::from_f32(f32::from(sevenfold) / 128.0).to_le_bytes());
        }
        Datatype::Fp32 => {
            let fraction = u32::from_le_bytes([a, b, c, d]) >> 9;
            writer.put((f32::from_bits((0x7f << 23) | fraction) - 1.0).to_le_bytes());
        }
        Datatype::Fp64 => {
            writer.put((f64::from_bits((0x3ff << 52) | (bits >> 12)) - 1.0).to_le_bytes());
        }
        Datatype::Bytes => writer.put_text(format!("{bits:016x}").as_bytes()),
    }
}
