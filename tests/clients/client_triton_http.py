"""NVIDIA's `tritonclient.http`: every datatype in JSON and in binary, repository, errors."""

import numpy as np
import tritonclient.http as triton
from checks import check, finish, raises, same
from tensors import DATATYPES, TYPES, array, equal
from tritonclient.utils import InferenceServerException

RESNET = {
    "name": "resnet",
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [-1, 4]}],
    "outputs": [{"name": "y", "datatype": "FP32", "shape": [-1, 2]}],
}


def client(mock):
    return triton.InferenceServerClient(mock.rest_address)


def zeros(name="x", shape=(1, 4)):
    tensor = triton.InferInput(name, list(shape), "FP32")
    tensor.set_data_from_numpy(np.zeros(shape, dtype=np.float32))
    return tensor


def refused(status, call):
    error = raises(InferenceServerException, call)
    same(error.status(), str(status))
    assert error.message(), "expected a message"


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}, RESNET]})
def server_and_models_tell_what_they_are(mock):
    ours = client(mock)
    same((ours.is_server_live(), ours.is_server_ready()), (True, True))
    same([ours.is_model_ready(name) for name in ("tiny", "cold", "absent")], [True, False, False])
    same(ours.get_server_metadata()["name"], "inferometer-mock")
    assert "binary_tensor_data" in ours.get_server_metadata()["extensions"]
    same(ours.get_model_metadata("resnet")["inputs"], RESNET["inputs"])
    same(ours.get_model_config("resnet")["input"], [{"name": "x", "data_type": "TYPE_FP32", "dims": [-1, 4]}])


@check({"models": [RESNET, {"name": "cold", "loaded": False}]})
def what_was_counted_of_a_model_is_told(mock):
    ours = client(mock)
    ours.infer("resnet", [zeros()])
    raises(InferenceServerException, lambda: ours.infer("resnet", [zeros("z")]))
    (resnet,) = ours.get_inference_statistics("resnet")["model_stats"]
    same((resnet["name"], resnet["version"], resnet["inference_count"]), ("resnet", "1", 1))
    counted = resnet["inference_stats"]
    same([counted[name]["count"] for name in ("success", "fail", "queue", "compute_infer")], [1, 1, 1, 1])
    same(counted["success"]["ns"], counted["queue"]["ns"] + counted["compute_infer"]["ns"])
    same([model["name"] for model in ours.get_inference_statistics()["model_stats"]], ["resnet"])
    refused(400, lambda: ours.get_inference_statistics("cold"))


@check({"models": [TYPES]})
def every_datatype_goes_there_and_back_in_json_and_in_binary(mock):
    ours = client(mock)
    for binary_in in (True, False):
        for binary_out in (True, False):
            inputs, outputs = [], []
            for datatype in DATATYPES:
                # The client itself sends both halves in binary alone.
                half = datatype in ("FP16", "BF16")
                tensor = triton.InferInput(datatype, [3], datatype)
                tensor.set_data_from_numpy(array(datatype), binary_data=binary_in or half)
                inputs.append(tensor)
                outputs.append(triton.InferRequestedOutput(datatype, binary_data=binary_out or half))
            result = ours.infer("types", inputs, outputs=outputs, request_id="all")
            same(result.get_response()["id"], "all")
            for datatype in DATATYPES:
                equal(result.as_numpy(datatype), array(datatype), datatype)


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def models_are_listed_loaded_and_unloaded(mock):
    ours = client(mock)

    def states():
        return {model["name"]: model["state"] for model in ours.get_model_repository_index()}

    same(states(), {"tiny": "READY", "cold": "UNAVAILABLE"})
    ours.load_model("cold")
    ours.unload_model("tiny")
    while ours.is_model_ready("tiny"):
        pass
    same(states(), {"tiny": "UNAVAILABLE", "cold": "READY"})
    raises(InferenceServerException, lambda: ours.load_model("absent"))


@check({"models": [RESNET], "api_keys": ["sk-right"]})
def only_a_right_key_is_let_in(mock):
    ours = client(mock)
    same(ours.is_server_ready(), True)
    right, wrong = {"authorization": "Bearer sk-right"}, {"authorization": "Bearer sk-wrong"}
    same(ours.infer("resnet", [zeros()], headers=right).as_numpy("y").shape, (1, 2))
    refused(401, lambda: ours.infer("resnet", [zeros()], headers=wrong))
    refused(401, lambda: ours.infer("resnet", [zeros()]))
    refused(401, lambda: ours.get_model_metadata("resnet"))


@check({"models": [RESNET, {"name": "cold", "loaded": False}]})
def mistakes_are_refused_in_the_form_that_the_client_reads(mock):
    ours = client(mock)
    refused(404, lambda: ours.infer("absent", [zeros()]))
    refused(503, lambda: ours.infer("cold", [zeros()]))
    refused(400, lambda: ours.infer("resnet", [zeros("z")]))
    refused(400, lambda: ours.infer("resnet", [zeros(shape=(1, 5))]))


finish()
