"""What every file of checks needs: a mock of its own for each of them, exact comparison, and a list of what passed.

    @check({"models": [{"name": "tiny"}]})
    def models_are_listed(mock):
        same(ask(mock.rest), ["tiny"])

    finish()
"""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback

# A check that takes longer than this has hung.
DEADLINE = 60

CHECKS = []


class Mock:
    """`inferometer mock` as a process of its own, at free ports, ended by Ctrl-C as a person would."""

    def __init__(self, spec):
        self.spec = spec

    def __enter__(self):
        self.file = tempfile.NamedTemporaryFile("w", suffix=".yaml")
        json.dump(self.spec, self.file)  # every JSON document is YAML
        self.file.flush()
        free = ["--rest", "127.0.0.1:0", "--grpc", "127.0.0.1:0", "--admin", "127.0.0.1:0"]
        command = [os.environ["INFEROMETER"], "mock", *free, self.file.name]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        # The greeting names the addresses, and comes once both ports are open.
        self.greeting = ""
        while "Ctrl-C" not in self.greeting:
            line = self.process.stdout.readline()
            if not line:
                raise AssertionError(f"expected a greeting of the mock, found {self.greeting!r}")
            self.greeting += line
        rest, grpc = (
            re.search(rf"^{protocol}.*?(https?://[^\s/]+)", self.greeting, re.M).group(1)
            for protocol in ("OpenAI REST", r"Open Inference Protocol \(gRPC\)")
        )
        self.rest = rest
        self.rest_address = rest.split("//")[1]
        self.grpc_address = grpc.split("//")[1]
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGINT)
        code = self.process.wait(timeout=30)
        self.file.close()
        assert code == 0, f"expected the mock to end well, found exit code {code}"


def check(spec):
    """Runs the function against a mock of this specification when `finish` is called."""

    def add(function):
        CHECKS.append((spec, function))
        return function

    return add


def same(found, expected):
    assert found == expected, f"expected {expected!r}, found {found!r}"


def raises(kind, call):
    """The error of this kind that the call raises."""
    try:
        answer = call()
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, found {answer!r}")


def hung(*_):
    raise TimeoutError(f"expected the check to end within {DEADLINE} s")


def finish():
    """Runs all checks, so that one that fails hides none after it, and exits with the verdict."""
    signal.signal(signal.SIGALRM, hung)
    failures = 0
    for spec, function in CHECKS:
        name = function.__name__.replace("_", " ")
        began = time.monotonic()
        signal.alarm(DEADLINE)
        try:
            with Mock(spec) as mock:
                function(mock)
            print(f"ok      {name} ({time.monotonic() - began:.2f} s)", flush=True)
        except Exception:
            failures += 1
            print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
        finally:
            signal.alarm(0)
    sys.exit(1 if failures or not CHECKS else 0)
