//! An inference backend that tells the truth and misbehaves on command.

mod fault;
mod latency;
mod spec;

pub use fault::{Cut, Fault, Stall, Status};
pub use latency::{Latency, Lognormal, Uniform};
pub use spec::{MockSpec, ModelSpec};
