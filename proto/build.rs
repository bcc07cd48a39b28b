//! Compiles the protocol with a pure-Rust protobuf compiler, so that a build needs nothing but Rust.

use prost::Message;
use std::error::Error;
use std::path::PathBuf;

const PROTOCOL: &str = "inference/grpc_service.proto";

fn main() -> Result<(), Box<dyn Error>> {
    let descriptors = protox::compile([PROTOCOL], ["."])?;
    let folder = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(folder.join("inference.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure()
        .bytes(".")
        .compile_fds(descriptors)?;
    println!("cargo:rerun-if-changed={PROTOCOL}");
    Ok(())
}
