//! The statistics extension, as Triton writes it down: `{"model_stats":[{"name":"tiny","version":"1",
//! "inference_count":3,"inference_stats":{"success":{"count":3,"ns":61000000},...},...}]}`.

use crate::protocol::oip::{ModelFigures, VERSION};
use crate::statistics::Cumulated;
use serde::Serialize;
use std::collections::BTreeMap;

/// The whole answer.
#[derive(Debug, Serialize)]
pub(super) struct All<'a> {
    model_stats: Vec<Model<'a>>,
}

#[derive(Debug, Serialize)]
struct Model<'a> {
    name: &'a str,
    version: &'static str,
    last_inference: u64,
    inference_count: u64,
    execution_count: u64,
    inference_stats: Inferences,
    /// By the place of a response among those of its request, for models that Triton calls decoupled: there are none.
    response_stats: BTreeMap<&'static str, u64>,
    batch_stats: Vec<Batch>,
    memory_usage: [u64; 0],
}

#[derive(Debug, Serialize)]
struct Inferences {
    success: Duration,
    fail: Duration,
    queue: Duration,
    compute_input: Duration,
    compute_infer: Duration,
    compute_output: Duration,
    cache_hit: Duration,
    cache_miss: Duration,
}

#[derive(Debug, Serialize)]
struct Batch {
    #[serde(rename = "batch_size")]
    size: u64,
    compute_input: Duration,
    compute_infer: Duration,
    compute_output: Duration,
}

#[derive(Debug, Serialize)]
struct Duration {
    count: u64,
    ns: u64,
}

impl From<Cumulated> for Duration {
    fn from(Cumulated { count, ns }: Cumulated) -> Self {
        Self { count, ns }
    }
}

/// The answer that tells these figures.
pub(super) fn all(models: &[ModelFigures]) -> All<'_> {
    All {
        model_stats: models.iter().map(model).collect(),
    }
}

fn model(model: &ModelFigures) -> Model<'_> {
    let figures = model.figures;
    let answered = figures.success.count;
    // Taking tensors in and out takes no time of its own, and nothing is cached.
    let at_once = || Duration {
        count: answered,
        ns: 0,
    };
    let never = || Duration { count: 0, ns: 0 };
    let batch = Batch {
        size: 1,
        compute_input: at_once(),
        compute_infer: figures.compute.into(),
        compute_output: at_once(),
    };
    Model {
        name: &model.name,
        version: VERSION,
        last_inference: model.last_inference,
        inference_count: answered,
        execution_count: answered,
        inference_stats: Inferences {
            success: figures.success.into(),
            fail: figures.fail.into(),
            queue: figures.queue.into(),
            compute_input: at_once(),
            compute_infer: figures.compute.into(),
            compute_output: at_once(),
            cache_hit: never(),
            cache_miss: never(),
        },
        response_stats: BTreeMap::new(),
        batch_stats: (answered > 0).then_some(batch).into_iter().collect(),
        memory_usage: [],
    }
}
