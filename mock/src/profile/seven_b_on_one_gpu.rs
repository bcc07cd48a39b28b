//! Llama 2 7B on one A100: [`MACHINE`] makes `step: 6.6ms, per_sequence: 132us`, so 148 tokens/s alone and at most some
//! 6,200 tokens/s with the 218 sequences that its memory holds. Computed from what is published:
//!
//! - The model: 6,738,415,616 parameters, 32 layers, 32 heads of keys of 128 each, so 2 * 32 * 32 * 128 * 2 bytes of KV
//!   cache a token (<https://huggingface.co/meta-llama/Llama-2-7b-hf>).
//! - The device: 80 GB at 2,039 GB/s, 312 TFLOPS in BF16 without sparsity (NVIDIA's data sheet of the A100 80GB SXM,
//!   <https://www.nvidia.com/en-us/data-center/a100/>).
//!
//! The rest is [`USUAL`].

use super::roofline::{Roofline, USUAL};

pub(super) const MACHINE: Roofline = Roofline {
    parameters: 6_738_415_616,
    kv_bytes_per_token: 2 * 32 * 32 * 128 * 2,
    memory: 80_000_000_000,
    memory_bandwidth: 2_039_000_000_000,
    peak: 312_000_000_000_000,
    ..USUAL
};
