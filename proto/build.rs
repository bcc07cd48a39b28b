//! Compiles the protocol with a pure-Rust protobuf compiler, so that a build needs nothing but Rust.

use std::error::Error;

const PROTOCOL: &str = "inference/grpc_service.proto";

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile([PROTOCOL], ["."])?;
    tonic_prost_build::configure()
        .bytes(".")
        .compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed={PROTOCOL}");
    Ok(())
}
