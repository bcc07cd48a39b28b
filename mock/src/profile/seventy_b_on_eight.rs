//! Llama 3 70B on eight H100 that share each layer: [`MACHINE`] makes `step: 5.3ms, per_sequence: 6.3us`, so 190 tokens/s
//! alone and at most some 37,000 tokens/s with 256 sequences. Computed from what is published:
//!
//! - The model: 70,553,706,496 parameters, 80 layers, 8 heads of keys of 128 each, so 2 * 80 * 8 * 128 * 2 bytes of KV
//!   cache a token (<https://huggingface.co/meta-llama/Meta-Llama-3-70B>).
//! - The device: 80 GB at 3.35 TB/s, 989 TFLOPS in BF16 without sparsity (NVIDIA's data sheet of the H100 SXM,
//!   <https://www.nvidia.com/en-us/data-center/h100/>, which gives twice that with sparsity).
//!
//! The rest is [`USUAL`]. What the eight say to each other after each layer is left out.

use super::roofline::{Roofline, USUAL};

pub(super) const MACHINE: Roofline = Roofline {
    parameters: 70_553_706_496,
    kv_bytes_per_token: 2 * 80 * 8 * 128 * 2,
    devices: 8,
    memory: 80_000_000_000,
    memory_bandwidth: 3_350_000_000_000,
    peak: 989_000_000_000_000,
    ..USUAL
};
