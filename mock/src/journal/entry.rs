//! One line of the journal, such as
//! `{"number":0,"id":"s0-17","attempt":0,"protocol":"openai","operation":"chat","model":"tiny",...}`.

use crate::ascii::ascii;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One request from its arrival to its end. All times are nanoseconds of the machine's monotonic clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Place in the order of arrival, from 0.
    pub number: u64,
    /// The id that the request gave itself, cut after [`LONGEST_NAME`] bytes, or one that the mock gave it.
    pub id: Box<str>,
    /// How many earlier attempts the request told of.
    pub attempt: u32,
    /// Which API it came by.
    pub protocol: Protocol,
    /// What it asked for.
    pub operation: Operation,
    /// The model that it named, cut after [`LONGEST_NAME`] bytes; empty where it was not understood.
    pub model: Box<str>,
    /// Tokens of its prompt, as the mock counts them.
    pub prompt_tokens: u64,
    /// Output tokens of the whole answer.
    pub output_tokens: u32,
    /// When it came: its head had been read.
    pub arrived_ns: u64,
    /// When it got its place among the requests that are worked on; later than its arrival where it had to queue.
    pub admitted_ns: Option<u64>,
    /// The fault that struck it.
    pub fault: Option<Box<str>>,
    /// What was sent of the answer, in order: each piece of text, or the whole answer as one.
    pub writes: Vec<Write>,
    /// When the mock had nothing more to do with it.
    pub ended_ns: u64,
    /// How it ended.
    pub end: End,
}

impl Entry {
    /// The entry as one line of JSON without its line feed, all visible ASCII: no id and no name of a model can leave its
    /// line, or move the cursor of a terminal.
    pub fn line(&self) -> String {
        ascii(self)
    }
}

/// The longest id or name of a model that is kept, in bytes.
pub const LONGEST_NAME: usize = 256;

/// One piece of an answer, handed to the operating system's socket in the same step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Write {
    /// When it was handed over.
    pub at_ns: u64,
    /// How much later that was than it was due; at most some 4.2 seconds are told.
    pub late_ns: u32,
    /// Output tokens in it.
    pub tokens: u32,
}

/// Which API a request comes by.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// OpenAI's REST API.
    Openai,
    /// The Open Inference Protocol over REST.
    OipRest,
    /// The Open Inference Protocol over gRPC.
    OipGrpc,
}

impl Protocol {
    /// Its name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Openai => "openai",
            Self::OipRest => "oip_rest",
            Self::OipGrpc => "oip_grpc",
        }
    }
}

/// What a request asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A chat completion.
    Chat,
    /// A plain completion.
    Completion,
    /// Embeddings.
    Embedding,
    /// Inference on tensors, or on text as a tensor.
    Infer,
    /// Text by Triton's `generate` extension.
    Generate,
}

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Answered to its end, with whatever fault that leaves an end.
    Answered,
    /// Refused for a mistake of the client: malformed, or an unknown or unloaded model.
    Refused,
    /// Turned away because the mock was full.
    Rejected,
    /// Answered with an error or broken off by a fault.
    Failed,
    /// Given up by the client, or by a mock that was stopped, before its end.
    Abandoned,
}

impl End {
    /// Its name in files and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }
}
