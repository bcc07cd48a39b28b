"""The example adapter: the official `openai` package as the client of a scenario, from load to report."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

EXAMPLE = pathlib.Path(__file__).parents[2] / "examples" / "adapter"

with tempfile.TemporaryDirectory() as reports:
    path = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
    # The interpreter that has the package is the first that is found.
    command = [os.environ["INFEROMETER"], "run", "openai.yaml", "--reports", reports]
    ended = subprocess.run(command, cwd=EXAMPLE, env={**os.environ, "PATH": path}, timeout=60)
    assert ended.returncode == 0, f"expected exit code 0, found {ended.returncode}"
    (report,) = pathlib.Path(reports).glob("openai-package/*/report.json")
    run = json.loads(report.read_text())["run"]
    (stage,) = run["stages"]
    assert stage["accounting"]["answered"] == 100, stage["accounting"]
    assert stage["tokens"]["token_source"] == "usage", stage["tokens"]
    assert stage["throughput"]["output_tokens"] == 800, stage["throughput"]
print("ok   the openai package answers a scenario")
