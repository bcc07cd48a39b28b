//! What a server says of one model: whether it is ready, and what it takes and gives.

use super::connection::{Link, Stub};
use super::status::{NOT_FOUND, UNKNOWN};
use crate::client::{Description, Failure, FailureKind, TensorDescription};
use inferometer_proto::inference::model_metadata_response::TensorMetadata;
use inferometer_proto::inference::{ModelMetadataRequest, ModelReadyRequest};

/// Is a model ready? Triton says so of one that is unloaded, too; `KServe` has not found it then, and to `MLServer` it is
/// unknown.
pub(super) async fn is_ready(link: &Link, name: &str) -> Result<bool, Failure> {
    let request = ModelReadyRequest {
        name: name.to_owned(),
        version: String::new(),
    };
    let asked = link.call(|mut stub: Stub| async move { stub.model_ready(request).await });
    match asked.await {
        Ok((told, _)) => Ok(told.ready),
        Err(failure) if matches!(failure.kind, FailureKind::Grpc(NOT_FOUND | UNKNOWN)) => Ok(false),
        Err(failure) => Err(failure),
    }
}

/// What a model takes and gives.
pub(super) async fn describe(link: &Link, name: &str) -> Result<Description, Failure> {
    let request = ModelMetadataRequest {
        name: name.to_owned(),
        version: String::new(),
    };
    let asked = link.call(|mut stub: Stub| async move { stub.model_metadata(request).await });
    let (told, _) = asked.await?;
    let described = |tensors: Vec<TensorMetadata>| {
        let described = tensors.into_iter().map(|tensor| TensorDescription {
            name: tensor.name,
            datatype: tensor.datatype,
            shape: tensor.shape,
        });
        described.collect()
    };
    Ok(Description {
        name: told.name,
        versions: told.versions,
        platform: told.platform,
        inputs: described(told.inputs),
        outputs: described(told.outputs),
    })
}
