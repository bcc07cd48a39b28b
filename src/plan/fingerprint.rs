//! Sixteen digits that say whether two plans would measure the same: the same stages, and the same first requests at the
//! same times. Made of values only, so that comments, order of keys and the place of the file do not matter.

use super::{Course, Stage, Stream, Target, Way};
use crate::schedule::Load;
use crate::seed::Seed;
use crate::units::{hexadecimal, wide};
use crate::workload::{Call, Prompts};
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::num::NonZero;

/// How many slots and contents of each load stream of a stage are part of it.
const REQUESTS: usize = 100;

/// How many bytes of contents are enough, where prompts are very long.
const CONTENT_BYTES: usize = 1 << 20;

/// The fingerprint of a plan with this name, and these stages in this course.
pub(super) fn of(name: &str, stages: &[Stage], course: &Course) -> String {
    let mut hash = Sha256::new().chain_update(canonical(&name));
    if course.way != Way::InOrder {
        hash.update(canonical(course));
    }
    for stage in stages {
        hash.update(canonical(stage));
        order(&mut hash, &stage.target);
        for stream in &stage.streams {
            let seed = stream.seed(stage.seed);
            times(&mut hash, stream, seed);
            trace(&mut hash, stream);
            contents(&mut hash, stream, seed);
            files(&mut hash, stream);
        }
    }
    hexadecimal(hash.finalize().into_iter().take(8))
}

/// The order of several mocks is the order in which they are asked: the one block whose keys have an order.
fn order(hash: &mut Sha256, target: &Target) {
    match target {
        Target::Mocks(mocks) => {
            let names = mocks.list().iter().map(|mock| mock.name.as_str());
            hash.update(canonical(&names.collect::<Vec<_>>()));
        }
        Target::Mock(_) | Target::Stubs { .. } | Target::Endpoints { .. } | Target::Launch(_) => {}
    }
}

fn times(hash: &mut Sha256, stream: &Stream, seed: Seed) {
    match &stream.load {
        Load::Open(open) => {
            for slot in open.slots(seed).take(REQUESTS) {
                hash.update(slot.at.nanos().to_le_bytes());
            }
        }
        Load::Closed(_) | Load::Users(_) => {}
    }
}

/// All that a trace says, of which the stream itself holds no more than the length.
fn trace(hash: &mut Sha256, stream: &Stream) {
    let entries = stream
        .load
        .trace()
        .into_iter()
        .flat_map(|trace| trace.entries());
    for entry in entries {
        let tokens = [entry.prompt_tokens, entry.output_tokens];
        let tokens = tokens.map(|tokens| tokens.map_or(0, NonZero::get));
        hash.update(entry.at.nanos().to_le_bytes());
        for number in tokens {
            hash.update(number.to_le_bytes());
        }
        hash.update(wide(entry.blocks.len()).to_le_bytes());
        for block in &entry.blocks {
            hash.update(block.to_le_bytes());
        }
    }
}

fn contents(hash: &mut Sha256, stream: &Stream, seed: Seed) {
    let mut bytes = 0;
    let slots = (0..).take(REQUESTS);
    let requests = slots.flat_map(|slot| stream.workload.requests_of(seed, slot));
    for seq in requests.take(REQUESTS) {
        let Call::Infer(content) = stream.workload.asked(seed, seq).call else {
            // What it says stands in the stream itself.
            continue;
        };
        let content = canonical(&content);
        bytes += content.len();
        hash.update(content);
        if bytes > CONTENT_BYTES {
            break;
        }
    }
}

/// What stands in files counts in whole, not only the first of it.
fn files(hash: &mut Sha256, stream: &Stream) {
    for (_, ask) in stream.workload.asks() {
        if let Some(generation) = ask.generation()
            && let Prompts::Recorded(recorded) = &generation.prompt
        {
            hash.update(recorded.records().digest());
        }
    }
}

/// JSON with every block sorted by key.
fn canonical(value: &impl Serialize) -> Vec<u8> {
    let value = serde_json::to_value(value)
        .unwrap_or_else(|_| unreachable!("plans hold text keys and finite numbers"));
    sorted(value).to_string().into_bytes()
}

fn sorted(value: Value) -> Value {
    match value {
        Value::Object(block) => {
            let block: BTreeMap<String, Value> = block
                .into_iter()
                .map(|(key, value)| (key, sorted(value)))
                .collect();
            Value::Object(block.into_iter().collect())
        }
        Value::Array(list) => list.into_iter().map(sorted).collect(),
        single @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => single,
    }
}
