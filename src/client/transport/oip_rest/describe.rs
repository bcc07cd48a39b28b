//! What a server says of one model: whether it is ready, and what it takes and gives.
//!
//! ```text
//! {"name":"resnet","versions":["1"],"platform":"onnx","inputs":[{"name":"x","datatype":"FP32","shape":[-1,4]}],"outputs":[..]}
//! ```

use super::malformed;
use crate::client::transport::ANSWER_LIMIT;
use crate::client::transport::rest::{Target, Way, accepted, read};
use crate::client::{Description, Failure, FailureKind, TensorDescription};
use inferometer_proto::named;
use reqwest::Url;
use serde::Deserialize;

/// What is said at `ready`, where anything is: nothing by Triton and `MLServer`.
#[derive(Debug, Deserialize)]
struct Readiness {
    ready: Option<bool>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
    versions: Option<Vec<String>>,
    platform: Option<String>,
    inputs: Option<Vec<Tensor>>,
    outputs: Option<Vec<Tensor>>,
}

#[derive(Debug, Deserialize)]
struct Tensor {
    name: String,
    datatype: Option<String>,
    shape: Option<Vec<i64>>,
}

/// Is the model ready that this is about? One that is not gets 400 from Triton, 404 from `MLServer` and 503 from `KServe`.
pub(super) async fn is_ready(way: &Way, url: Url) -> Result<bool, Failure> {
    let response = way.get(&Target::of(url)?).await?;
    let mut response = match accepted(response).await {
        Ok(response) => response,
        Err(failure) if matches!(failure.kind, FailureKind::Http(400 | 404 | 503)) => {
            return Ok(false);
        }
        Err(failure) => return Err(failure),
    };
    let body = read(&mut response, ANSWER_LIMIT).await?;
    let told = named::from_slice::<Readiness>(&body).ok();
    Ok(told.and_then(|told| told.ready).unwrap_or(true))
}

/// What the model takes and gives that this is about.
pub(super) async fn describe(way: &Way, url: Url) -> Result<Description, Failure> {
    let response = way.get(&Target::of(url)?).await?;
    let body = read(&mut accepted(response).await?, ANSWER_LIMIT).await?;
    let told: Metadata = named::from_slice(&body).map_err(|error| malformed(&error))?;
    let described = |tensors: Option<Vec<Tensor>>| {
        let tensors = tensors.unwrap_or_default().into_iter();
        let described = tensors.map(|tensor| TensorDescription {
            name: tensor.name,
            datatype: tensor.datatype.unwrap_or_default(),
            shape: tensor.shape.unwrap_or_default(),
        });
        described.collect()
    };
    Ok(Description {
        name: told.name,
        versions: told.versions.unwrap_or_default(),
        platform: told.platform.unwrap_or_default(),
        inputs: described(told.inputs),
        outputs: described(told.outputs),
    })
}
