//! A measuring instrument for model inference.

pub mod client;
pub mod gate;
pub mod observe;
pub mod sample;
pub mod schedule;
pub mod seed;
pub mod units;
pub mod workload;
