//! Server reflection (`grpc.reflection`, v1 and v1alpha), which tells clients such as grpcurl which services there are and
//! what their messages look like.

use inferometer_proto::INFERENCE_DESCRIPTORS;
use tonic::service::Routes;
use tonic_health::pb::FILE_DESCRIPTOR_SET as HEALTH_DESCRIPTORS;
use tonic_reflection::server::Builder;

/// Adds both versions of the service.
pub(super) fn add(routes: Routes) -> Routes {
    let (Ok(v1), Ok(v1alpha)) = (builder().build_v1(), builder().build_v1alpha()) else {
        unreachable!("descriptors that were compiled with the protocol can be read")
    };
    routes.add_service(v1).add_service(v1alpha)
}

fn builder() -> Builder<'static> {
    Builder::configure()
        .register_encoded_file_descriptor_set(INFERENCE_DESCRIPTORS)
        .register_encoded_file_descriptor_set(HEALTH_DESCRIPTORS)
}
