"""grpcio's own packages for health and reflection, which is what grpcurl asks first."""

import grpc
from checks import check, finish, raises, same
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

SERVICE = "inference.GRPCInferenceService"


@check({})
def health_is_told_of_the_server_and_of_each_service(mock):
    with grpc.insecure_channel(mock.grpc_address) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        for service in ("", SERVICE):
            request = health_pb2.HealthCheckRequest(service=service)
            same(stub.Check(request).status, health_pb2.HealthCheckResponse.SERVING)
            same(next(iter(stub.Watch(request, timeout=5))).status, health_pb2.HealthCheckResponse.SERVING)
        absent = health_pb2.HealthCheckRequest(service="absent")
        same(raises(grpc.RpcError, lambda: stub.Check(absent)).code(), grpc.StatusCode.NOT_FOUND)


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def a_method_is_found_by_reflection_and_called_with_what_was_found(mock):
    with grpc.insecure_channel(mock.grpc_address) as channel:
        database = ProtoReflectionDescriptorDatabase(channel)
        services = set(database.get_services())
        assert {SERVICE, "grpc.health.v1.Health"} <= services, services
        service = DescriptorPool(database).FindServiceByName(SERVICE)
        method = service.methods_by_name["ModelReady"]
        ask, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        call = channel.unary_unary(
            f"/{SERVICE}/ModelReady", request_serializer=ask.SerializeToString, response_deserializer=answer.FromString
        )
        same([call(ask(name=name)).ready for name in ("tiny", "cold")], [True, False])


@check({})
def reflection_answers_in_its_first_version_too(mock):
    with grpc.insecure_channel(mock.grpc_address) as channel:
        for version in ("v1", "v1alpha"):
            call = channel.stream_stream(
                f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo",
                request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
                response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
            )
            request = reflection_pb2.ServerReflectionRequest(list_services="")
            answer = next(call(iter([request]), timeout=5))
            assert SERVICE in {service.name for service in answer.list_services_response.service}, version


finish()
