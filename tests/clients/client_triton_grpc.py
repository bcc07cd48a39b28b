"""NVIDIA's `tritonclient.grpc`: health, metadata, repository, inference, streams."""

import queue

import numpy as np
import tritonclient.grpc as triton
from checks import check, finish, raises, same
from tensors import DATATYPES, TYPES, array, equal
from tritonclient.utils import InferenceServerException


def client(mock):
    return triton.InferenceServerClient(mock.grpc_address)


def text(prompt, name="text_input"):
    tensor = triton.InferInput(name, [1], "BYTES")
    tensor.set_data_from_numpy(np.array([prompt.encode()], dtype=np.object_))
    return tensor


def refused(code, call):
    """The message of a refusal with this code."""
    error = raises(InferenceServerException, call)
    same(error.status(), f"StatusCode.{code}")
    return error.message()


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def server_and_models_tell_what_they_are(mock):
    ours = client(mock)
    same((ours.is_server_live(), ours.is_server_ready()), (True, True))
    same([ours.is_model_ready(name) for name in ("tiny", "cold")], [True, False])
    same(ours.get_server_metadata().name, "inferometer-mock")
    metadata = ours.get_model_metadata("tiny", as_json=True)
    same(metadata["name"], "tiny")
    same(metadata["inputs"][0], {"name": "text_input", "datatype": "BYTES", "shape": ["1"]})


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def models_are_listed_loaded_and_unloaded(mock):
    ours = client(mock)

    def states():
        return {model.name: model.state for model in ours.get_model_repository_index().models}

    same(states(), {"tiny": "READY", "cold": "UNAVAILABLE"})
    ours.load_model("cold")
    ours.unload_model("tiny")
    while ours.is_model_ready("tiny"):
        pass
    same(states(), {"tiny": "UNAVAILABLE", "cold": "READY"})
    refused("NOT_FOUND", lambda: ours.load_model("absent"))


@check({"models": [{"name": "tiny"}, TYPES]})
def a_model_tells_its_configuration_with_every_datatype(mock):
    config = client(mock).get_model_config("types", as_json=True)["config"]
    same(config["name"], "types")
    told = {field["name"]: field["data_type"] for field in config["input"]}
    names = {name: "STRING" if name == "BYTES" else name for name in DATATYPES}
    same(told, {name: f"TYPE_{names[name]}" for name in DATATYPES})
    same(config["input"][0]["dims"], ["-1"])
    refused("NOT_FOUND", lambda: client(mock).get_model_config("absent"))


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def what_was_counted_of_a_model_is_told(mock):
    ours = client(mock)
    ours.infer("tiny", [text("a")])
    raises(InferenceServerException, lambda: ours.infer("tiny", [text("a", name="other")]))
    (tiny,) = ours.get_inference_statistics("tiny").model_stats
    same((tiny.name, tiny.version, tiny.inference_count), ("tiny", "1", 1))
    counted = tiny.inference_stats
    same((counted.success.count, counted.fail.count, counted.compute_infer.count), (1, 1, 1))
    same(counted.success.ns, counted.queue.ns + counted.compute_infer.ns)
    same([model.name for model in ours.get_inference_statistics().model_stats], ["tiny"])
    refused("INVALID_ARGUMENT", lambda: ours.get_inference_statistics("cold"))


@check({"models": [TYPES]})
def every_datatype_goes_there_and_back(mock):
    inputs = []
    for datatype in DATATYPES:
        tensor = triton.InferInput(datatype, [3], datatype)
        tensor.set_data_from_numpy(array(datatype))
        inputs.append(tensor)
    result = client(mock).infer("types", inputs)
    for datatype in DATATYPES:
        equal(result.as_numpy(datatype), array(datatype), datatype)


@check({})
def a_text_is_answered_with_tokens(mock):
    result = client(mock).infer("tiny", [text("one two")], request_id="r7", parameters={"max_tokens": 3})
    same(result.as_numpy("text_output").tolist(), [b" alpha bravo charlie"])
    same((result.get_response().id, result.get_response().model_name), ("r7", "tiny"))


@check({})
def a_stream_gives_token_by_token_and_marks_its_end(mock):
    ours = client(mock)
    answers = queue.Queue()
    ours.start_stream(lambda result, error: answers.put((result, error)))
    ours.async_stream_infer("tiny", [text("one")], request_id="s", parameters={"max_tokens": 3},
                            enable_empty_final_response=True)
    texts, final = [], False
    while not final:
        result, error = answers.get(timeout=10)
        assert error is None, error
        same(result.get_response().id, "s")
        final = result.get_response().parameters["triton_final_response"].bool_param
        if result.get_response().outputs:
            texts += result.as_numpy("text_output").tolist()
    ours.stop_stream()
    same(texts, [b" alpha", b" bravo", b" charlie"])


@check({"api_keys": ["sk-right"]})
def only_a_right_key_is_let_in(mock):
    ours = client(mock)
    right, wrong = {"authorization": "Bearer sk-right"}, {"authorization": "Bearer sk-wrong"}
    result = ours.infer("tiny", [text("a")], headers=right, parameters={"max_tokens": 1})
    same(result.as_numpy("text_output").tolist(), [b" alpha"])
    refused("UNAUTHENTICATED", lambda: ours.infer("tiny", [text("a")], headers=wrong))
    refused("UNAUTHENTICATED", lambda: ours.infer("tiny", [text("a")]))


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def mistakes_are_refused_with_the_code_of_their_kind(mock):
    ours = client(mock)
    refused("NOT_FOUND", lambda: ours.infer("absent", [text("a")]))
    refused("UNAVAILABLE", lambda: ours.infer("cold", [text("a")]))
    refused("INVALID_ARGUMENT", lambda: ours.infer("tiny", [text("a", name="other")]))
    refused("INVALID_ARGUMENT", lambda: ours.infer("tiny", [text("a")], parameters={"max_tokens": -1}))


@check({"faults": [{"status": {"http": 503, "times": 1}}, {"status": {"http": 429, "times": 1}}]})
def faults_come_as_the_codes_that_stand_for_their_status(mock):
    ours = client(mock)
    refused("UNAVAILABLE", lambda: ours.infer("tiny", [text("a")]))
    refused("RESOURCE_EXHAUSTED", lambda: ours.infer("tiny", [text("a")]))
    same(ours.infer("tiny", [text("a")], parameters={"max_tokens": 1}).as_numpy("text_output").tolist(), [b" alpha"])


finish()
