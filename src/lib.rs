//! A measuring instrument for model inference.

pub mod backend;
pub mod client;
pub mod drive;
pub mod gate;
pub mod metric;
pub mod observe;
pub mod plan;
pub mod report;
pub mod run;
pub mod sample;
pub mod scenario;
pub mod schedule;
pub mod seed;
pub mod summary;
pub mod units;
pub mod workload;
