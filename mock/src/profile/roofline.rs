//! What a machine can do at best, from what its makers publish (the roofline model, Williams et al.,
//! <https://doi.org/10.1145/1498765.1498785>), for a dense transformer with 16 bits a weight:
//!
//! ```text
//! step              = weights / memory bandwidth          every step reads all weights once
//! per_sequence      = KV cache / memory bandwidth         and the KV cache of each sequence
//! per_prefill_token = 2 * parameters / (peak / 2)         2 operations a parameter and token, at half of the peak
//! max_sequences     = (90 % of memory - weights) / KV cache, and no more than the scheduler's own bound
//! load time         = weights / storage bandwidth
//! ```
//!
//! Kernels that do not reach the bandwidth, communication between devices, sampling and the CPU's work are left out: real
//! servers are slower, so these are bounds and no forecasts.

use super::stand_in;
use crate::batching::BatchingSpec;
use crate::repository::DEFAULT_MODEL;
use crate::spec::{MockSpec, ModelSpec};
use inferometer_proto::quantity::{Bandwidth, Period, Size};
use std::time::Duration;

/// A model and the devices that share it evenly. Decimal units throughout, as data sheets have them.
#[derive(Debug)]
pub(super) struct Roofline {
    /// The model's weights, of 2 bytes each.
    pub(super) parameters: u64,
    /// Bytes of the KV cache for one token: 2 * layers * heads of keys * size of a head * 2 bytes.
    pub(super) kv_bytes_per_token: u64,
    /// Tokens that a sequence is taken to have on average, prompt and output.
    pub(super) context: u64,
    /// How many devices there are.
    pub(super) devices: u64,
    /// Bytes of memory of each.
    pub(super) memory: u64,
    /// Bytes a second that each reads from its memory.
    pub(super) memory_bandwidth: u64,
    /// Dense 16-bit operations a second of each, at its peak.
    pub(super) peak: u64,
    /// Bytes a second that come from storage.
    pub(super) storage_bandwidth: u64,
    /// The most sequences that the scheduler lets in.
    pub(super) max_sequences: u64,
}

/// Tokens of prompts in one step: vLLM's default for `max_num_batched_tokens` with chunked prefill
/// (<https://docs.vllm.ai/en/latest/configuration/optimization.html>).
const PREFILL_TOKENS: u32 = 2048;

/// What neither a model nor a device decides. Taken as usual and not from a source: 512 tokens a sequence, and a drive
/// (`NVMe`, `PCIe` 4.0) that reads 7 GB/s. The bound on sequences is vLLM's default for `max_num_seqs`.
pub(super) const USUAL: Roofline = Roofline {
    parameters: 0,
    kv_bytes_per_token: 0,
    context: 512,
    devices: 1,
    memory: 0,
    memory_bandwidth: 0,
    peak: 0,
    storage_bandwidth: 7_000_000_000,
    max_sequences: 256,
};

impl Roofline {
    pub(super) fn fill(&self, spec: &mut MockSpec) {
        spec.batching.get_or_insert_with(|| self.batching());
        let usable = Size::from_bytes(self.usable_memory());
        spec.repository.memory.get_or_insert(usable);
        if spec.repository.load_bandwidth.is_none() {
            let storage = Size::from_bytes(self.storage_bandwidth);
            spec.repository.load_bandwidth = Bandwidth::try_per_second(storage).ok();
        }
        stand_in(&mut spec.models, vec![ModelSpec::named(DEFAULT_MODEL)]);
        for model in &mut spec.models {
            stand_in(&mut model.size, Size::from_bytes(self.weights()));
        }
    }

    fn batching(&self) -> BatchingSpec {
        let bandwidth = self.memory_bandwidth.saturating_mul(self.devices);
        let operations = self.parameters.saturating_mul(2);
        let reached = self.peak.saturating_mul(self.devices) / 2;
        BatchingSpec {
            max_sequences: u32::try_from(self.sequences()).unwrap_or(u32::MAX),
            step: time(self.weights(), bandwidth),
            per_sequence: time(self.kv_bytes(), bandwidth),
            per_prefill_token: time(operations, reached),
            prefill_tokens: PREFILL_TOKENS,
        }
    }

    fn weights(&self) -> u64 {
        self.parameters.saturating_mul(2)
    }

    /// What vLLM uses by default, `gpu_memory_utilization`: 0.9.
    fn usable_memory(&self) -> u64 {
        self.memory.saturating_mul(self.devices) / 10 * 9
    }

    /// Bytes of the KV cache of one sequence.
    fn kv_bytes(&self) -> u64 {
        self.kv_bytes_per_token.saturating_mul(self.context)
    }

    fn sequences(&self) -> u64 {
        let left = self.usable_memory().saturating_sub(self.weights());
        (left / self.kv_bytes().max(1)).min(self.max_sequences)
    }
}

/// How long `amount` takes at so much a second, rounded down to nanoseconds.
fn time(amount: u64, per_second: u64) -> Period {
    let nanos = u128::from(amount) * 1_000_000_000 / u128::from(per_second.max(1));
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX)).into()
}
