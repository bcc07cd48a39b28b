//! What both ends of the wire agree on: the protobuf stubs of the Open Inference Protocol, golden bodies that pin both
//! sides' encoders, how fields are read by their names, the datatypes of tensors, and the notation of quantities in files (`250ms`, `0.2%`, `200/s`, `64MiB`).
//!
//! The embedded client and the mock share this crate and nothing else. They encode and decode by themselves, so a
//! mistake in one is caught by the other.

pub mod datatype;
pub mod named;
pub mod quantity;

/// Stubs of the Open Inference Protocol (KServe v2) over gRPC, package `inference`.
#[expect(
    missing_docs,
    clippy::all,
    clippy::as_conversions,
    clippy::pedantic,
    reason = "generated code, documented in inference/grpc_service.proto"
)]
pub mod inference {
    tonic::include_proto!("inference");
}

/// What reflection tells of the protocol: an encoded `google.protobuf.FileDescriptorSet`.
pub const INFERENCE_DESCRIPTORS: &[u8] = tonic::include_file_descriptor_set!("inference");
