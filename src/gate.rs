//! Facts held against rules: findings and a verdict.

pub mod rule;
