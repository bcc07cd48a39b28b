"""The examples that `inferometer mock` prints, pasted into a shell as they are."""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile

import grpc
from checks import check, finish, same
from google.protobuf import json_format
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

KEY = "sk-of-the-checks"
WORDS = " alpha bravo charlie delta echo foxtrot golf hotel"
TENSORS = {
    "name": "it's tensors",
    "inputs": [
        {"name": datatype, "datatype": datatype, "shape": [-1, 2]}
        for datatype in "BOOL INT8 UINT64 FP16 BF16 FP32 FP64 BYTES".split()
    ],
    "outputs": [{"name": "y", "datatype": "INT32", "shape": [3]}],
}


def shell(script, folder):
    """What the script says, in a shell whose `python3` is that of the clients."""
    path = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
    environment = {**os.environ, "PATH": path}
    command = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def grpcurl(command, folder):
    """What grpcurl would answer to this command, which asks by reflection; itself where it is installed."""
    if shutil.which("grpcurl"):
        return json.loads(shell(command, folder))
    words = shlex.split(command.replace("$MOCK_KEY", KEY).replace("\\\n", ""))
    address, (service, name) = words[-2], words[-1].split("/")
    options = dict(zip(words, words[1:]))
    metadata = [tuple(options["-H"].split(": "))] if "-H" in options else []
    if "-plaintext" in words:
        channel = grpc.insecure_channel(address)
    else:
        with open(os.path.join(folder, options["-cacert"]), "rb") as file:
            channel = grpc.secure_channel(address, grpc.ssl_channel_credentials(file.read()))
    with channel:
        pool = DescriptorPool(ProtoReflectionDescriptorDatabase(channel))
        method = pool.FindServiceByName(service).methods_by_name[name]
        ask, answer = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        call = channel.unary_unary(f"/{service}/{name}", ask.SerializeToString, answer.FromString)
        message = json_format.Parse(options["-d"], ask())
        return json_format.MessageToDict(call(message, metadata=metadata))


def answers(mock):
    """Carries out everything that the greeting suggests, and returns what each of them answered by its title."""
    examples = mock.greeting.split("\n\nOpenAI REST")[0].replace("MOCK_KEY=KEY", f"MOCK_KEY={KEY}")
    # What the file describes is no example.
    blocks = [block for block in examples.split("\n\n") if block.startswith("# ")]
    preparation, found = "", {}
    with tempfile.TemporaryDirectory() as folder:
        for block in blocks:
            title, _, commands = block.partition("\n")
            if commands.startswith(("cat ", "export ")):
                preparation += commands + "\n"
                shell(preparation, folder)
            elif commands.startswith("grpcurl "):
                found["grpcurl"] = grpcurl(commands, folder)
            else:
                title = title.removeprefix("# ").split(": pip")[0]
                found[title] = shell(preparation + commands, folder)
    return found


def are_right(found, model="tiny"):
    same(json.loads(found["curl: a chat"])["choices"][0]["message"]["content"], WORDS)
    assert found["curl: the same as a stream"].endswith("data: [DONE]\n\n"), found
    same(found["OpenAI's SDK"], WORDS + "\n")
    same(found["grpcurl"]["name"], model)
    same(found["Triton's client over REST"], found["Triton's client over gRPC"])
    return found["Triton's client over gRPC"]


@check({})
def the_examples_work_as_they_are(mock):
    assert WORDS in are_right(answers(mock))


@check({"tls": "self_signed", "api_keys": [KEY, "another"]})
def the_examples_work_with_tls_and_a_key(mock):
    assert KEY not in mock.greeting, mock.greeting
    assert WORDS in are_right(answers(mock))


@check({"models": [TENSORS]})
def the_examples_work_with_a_model_of_tensors(mock):
    are_right(answers(mock), TENSORS["name"])


@check({"models": [{"name": "cold one", "loaded": False}]})
def the_examples_load_a_model_where_none_is(mock):
    are_right(answers(mock), "cold one")


finish()
