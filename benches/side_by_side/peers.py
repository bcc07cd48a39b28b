#!/usr/bin/env python3
"""The generator beside others of its kind: the same mock, the same load, in turn.

peers.py [--oha PATH] [--wrk PATH] [--h2load PATH] [--vllm-bench COMMAND] [--guidellm PATH] [--aiperf PATH]

Runs whichever it finds, by the path given or on the PATH, and prints tables. The mock has core 0, each client core 1; a mock of its
own for each measurement, whose journal says what really happened. CPU time is that of the client's process and of those that it
started and waited for, from its start to its end, in user and system mode. ROUNDS, SECONDS_EACH, UNARY_ROUNDS change how long it takes.
"""

import argparse
import json
import os
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
INFEROMETER = os.environ.get("INFEROMETER", str(HERE / "../../target/dist/inferometer"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
UNARY_ROUNDS = int(os.environ.get("UNARY_ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS_EACH", "10"))
URL = "http://127.0.0.1:8100"
PROMPT, TOKENS = "one two three", 100
UNARY = {"model": "tiny", "prompt": PROMPT, "max_tokens": 16}
WORK = Path(tempfile.mkdtemp())


class Mock:
    """The mock on core 0, with a journal of this run alone."""

    def __init__(self, spec):
        (WORK / "mock.yaml").write_text(spec)
        ports = ["--rest", "127.0.0.1:8100", "--grpc", "127.0.0.1:8101", "--admin", "127.0.0.1:8102"]
        command = ["taskset", "-c", "0", INFEROMETER, "mock", str(WORK / "mock.yaml"), *ports]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)

    def __enter__(self):
        while True:
            try:
                urllib.request.urlopen(URL + "/health").read()
                return self
            except OSError:
                time.sleep(0.05)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def journal(self):
        lines = urllib.request.urlopen("http://127.0.0.1:8102/admin/journal?from=0&most=100000").read().splitlines()
        entries = [json.loads(line) for line in lines if line.startswith(b"{")]
        return [entry for entry in entries if "writes" in entry]


def run(command, **options):
    """Runs a client on core 1 to its end: what it printed, and the CPU seconds that it took."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = subprocess.run(
        ["taskset", "-c", "1", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=WORK, **options
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if told.returncode != 0:
        print(" ".join(map(str, command)), told.stdout[-2000:], sep="\n", file=sys.stderr)
        raise RuntimeError(f"{command[0]} ended with {told.returncode}")
    return told.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


# What each client is asked for, and how its figures are read: milliseconds throughout.


def ours(workload, load, phases, metrics, tool):
    rules = "".join(f"\n  - {{ metric: {metric}, at_most: 1h }}" for metric in metrics)
    (WORK / "x.yaml").write_text(
        f"name: x\ntarget: {{ endpoints: [ {{ protocol: openai, url: '{URL}' }} ] }}\nclient: {{ connect_deadline: 5s }}\n"
        f"workload: {workload}\nload: {load}\nphases: {phases}\nexpect:{rules}\n"
    )
    shutil.rmtree(WORK / "reports", ignore_errors=True)
    _, cpu = run([tool, "run", "x.yaml", "--quiet", "--lanes", "1", "--report", "json"])
    (report,) = (WORK / "reports").glob("x/*/report.json")
    report = json.loads(report.read_text())
    measured = {finding["metric"]: finding["measured"] for finding in report["findings"]}
    (stage,) = report["run"]["stages"]
    return stage["accounting"]["answered"], {metric: measured[metric] / 1e6 for metric in metrics}, cpu


def unary_inferometer(tool):
    answered, told, cpu = ours(
        "{ completion: { model: tiny, prompt: { tokens: 3 }, output: { tokens: 16 } } }",
        "{ closed: { in_flight: 50 } }",
        f"{{ warmup: 0s, measure: {SECONDS}s, drain: 1s }}",
        ["latency_p50", "latency_p99"],
        tool,
    )
    return answered, told["latency_p50"], told["latency_p99"], cpu


def unary_oha(tool):
    body = ["-m", "POST", "-T", "application/json", "-d", json.dumps(UNARY)]
    out, cpu = run([tool, "-z", f"{SECONDS}s", "-c", "50", "--no-tui", "--output-format", "json", *body, URL + "/v1/completions"])
    told = json.loads(out[out.index("{") :])
    latency = told["latencyPercentiles"]
    return sum(told["statusCodeDistribution"].values()), latency["p50"] * 1e3, latency["p99"] * 1e3, cpu


def unary_wrk(tool):
    script = str(HERE / "unary.lua")
    out, cpu = run([tool, "-t1", "-c50", f"-d{SECONDS}s", "--latency", "-s", script, URL + "/v1/completions"])
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}
    at = lambda share: [float(n) * scale[unit] for n, unit in re.findall(rf"{share}%\s+([\d.]+)(us|ms|s)", out)][0]
    return int(re.search(r"(\d+) requests in", out)[1]), at(50), at(99), cpu


def unary_h2load(tool):
    (WORK / "body.json").write_text(json.dumps(UNARY))
    log = WORK / "h2load.log"
    log.unlink(missing_ok=True)
    out, cpu = run(
        [tool, "--h1", "-t1", "-c50", "-D", str(SECONDS), "-d", "body.json", "-H", "content-type: application/json"]
        + ["--log-file", str(log), URL + "/v1/completions"]
    )
    latencies = [int(line.split("\t")[2]) / 1e3 for line in log.read_text().splitlines()]
    return int(re.search(r"(\d+) succeeded", out)[1]), percentile(latencies, 0.5), percentile(latencies, 0.99), cpu


def streams_inferometer(tool, streams):
    _, told, cpu = ours(
        f"{{ completion: {{ model: tiny, prompt: {{ tokens: 3 }}, output: {{ tokens: {TOKENS} }}, stream: true }} }}",
        f"{{ closed: {{ in_flight: {streams} }} }}",
        f"{{ warmup: 0s, measure: {SECONDS}s, drain: 5s }}",
        ["ttft_p50", "ttft_p99", "icl_p50", "icl_p99"],
        tool,
    )
    return [told[metric] for metric in ["ttft_p50", "ttft_p99", "icl_p50", "icl_p99"]], cpu


def tokenizer():
    """Some clients will not start without a tokenizer: one that knows the prompt's words."""
    folder = WORK / "tokenizer"
    folder.mkdir(exist_ok=True)
    words = {"[UNK]": 0, "one": 1, "two": 2, "three": 3}
    whole = {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None}
    whole |= {"pre_tokenizer": {"type": "Whitespace"}, "post_processor": None, "decoder": None}
    whole |= {"model": {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"}}
    (folder / "tokenizer.json").write_text(json.dumps(whole))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "[UNK]"}')
    return str(folder)


def streams_vllm_bench(tool, streams):
    prompts = max(streams * SECONDS * 10 // 11, streams)
    _, cpu = run(
        [*tool.split(), "serve", "--backend", "openai", "--base-url", URL, "--endpoint", "/v1/completions", "--model", "tiny"]
        + ["--tokenizer", tokenizer(), "--dataset-name", "random", "--random-input-len", "3", "--random-output-len", str(TOKENS)]
        + ["--num-prompts", str(prompts), "--max-concurrency", str(streams), "--ignore-eos", "--disable-tqdm", "--save-result"]
        + ["--result-dir", str(WORK), "--result-filename", "vllm.json"]
        + ["--percentile-metrics", "ttft,itl", "--metric-percentiles", "50,99"]
    )
    told = json.loads((WORK / "vllm.json").read_text())
    return [told[name] for name in ["p50_ttft_ms", "p99_ttft_ms", "p50_itl_ms", "p99_itl_ms"]], cpu


def streams_guidellm(tool, streams):
    (WORK / "prompts.jsonl").write_text(
        f'{{"prompt": "{PROMPT}", "output_tokens_count": {TOKENS}, "prompt_tokens_count": 3}}\n' * 2 * streams
    )
    _, cpu = run(
        [tool, "run", "--backend", f"kind=openai_http,target={URL},model=tiny,request_format=/v1/completions"]
        + ["--profile", f"kind=concurrent,streams={streams}", "--constraint", f"kind=max_duration,seconds={SECONDS}"]
        + ["--data", f"kind=json_file,path={WORK}/prompts.jsonl", "--disable-console-outputs"]
        + ["--output", f"kind=json,path={WORK}/guidellm.json"],
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    metrics = json.loads((WORK / "guidellm.json").read_text())["benchmarks"][0]["metrics"]
    at = lambda name, share: metrics[name]["successful"]["percentiles"][share]
    first, gap = "time_to_first_token_ms", "inter_token_latency_ms"
    return [at(first, "p50"), at(first, "p99"), at(gap, "p50"), at(gap, "p99")], cpu


def streams_aiperf(tool, streams):
    (WORK / "prompts.jsonl").write_text(f'{{"text": "{PROMPT}"}}\n' * streams)
    shutil.rmtree(WORK / "aiperf", ignore_errors=True)
    _, cpu = run(
        [tool, "profile", "--model", "tiny", "--url", URL, "--endpoint-type", "completions", "--streaming", "--ui", "none"]
        + ["--concurrency", str(streams), "--benchmark-duration", str(SECONDS), "--use-server-token-count"]
        + ["--tokenizer", tokenizer(), "--custom-dataset-type", "single_turn", "--input-file", str(WORK / "prompts.jsonl")]
        + ["--extra-inputs", f"max_tokens:{TOKENS}", "--output-artifact-dir", str(WORK / "aiperf")]
    )
    told = json.loads((WORK / "aiperf/profile_export_aiperf.json").read_text())
    first, gap = told["time_to_first_token"], told["inter_chunk_latency"]
    return [first["p50"], first["p99"], gap["p50"], gap["p99"]], cpu


UNARY_CLIENTS = {"inferometer": unary_inferometer, "oha": unary_oha, "wrk": unary_wrk, "h2load": unary_h2load}
STREAM_CLIENTS = {
    "inferometer": streams_inferometer,
    "vllm-bench": streams_vllm_bench,
    "guidellm": streams_guidellm,
    "aiperf": streams_aiperf,
}


def in_turn(clients, tools, rounds):
    """Each client once a round, each round beginning with another."""
    found = [name for name in clients if tools[name]]
    for turn in range(rounds):
        start = turn % len(found)
        yield from found[start:] + found[:start]


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def unary(tools):
    figures = {}
    for name in in_turn(UNARY_CLIENTS, tools, UNARY_ROUNDS):
        with Mock("journal: { requests: 0 }\n"):
            answered, p50, p99, cpu = UNARY_CLIENTS[name](tools[name])
        figures.setdefault(name, []).append([answered / SECONDS, cpu / answered * 1e6, p50, p99])
        print(f"{name}: {answered / SECONDS:.0f}/s, {cpu / answered * 1e6:.1f} us", file=sys.stderr)
    print(f"\n### REST, not streamed, over 50 connections; {UNARY_ROUNDS} rounds of {SECONDS} s, medians\n")
    print("| client | requests/s | CPU per request | latency p50, as told | p99, as told |\n|---|---:|---:|---:|---:|")
    for name, rows in figures.items():
        rate, cpu, p50, p99 = medians(rows)
        print(f"| {name} | {rate:,.0f} | {cpu:.1f} us | {p50:.2f} ms | {p99:.2f} ms |")


def streams(tools, level):
    figures = {}
    for name in in_turn(STREAM_CLIENTS, tools, ROUNDS):
        with Mock("latency: { fixed: 50ms }\nper_output_token: { fixed: 10ms }\n") as mock:
            try:
                told, cpu = STREAM_CLIENTS[name](tools[name], level)
            except (RuntimeError, KeyError) as error:
                print(f"{name} at {level}: {error}", file=sys.stderr)
                continue
            truth, events = by_journal(mock.journal())
        errors = [mine - true for mine, true in zip(told, truth)]
        figures.setdefault(name, []).append([events, *errors, cpu / events * 1e6])
        print(f"{name} at {level}: {events} events, errors {errors}, {cpu / events * 1e6:.2f} us", file=sys.stderr)
    print(f"\n### {level} streams, 50 ms to the first token, 10 ms a token; {ROUNDS} rounds of {SECONDS} s, medians\n")
    print("| client | token events | first token, p50 | p99 | token gap, p50 | p99 | CPU per event |\n|---|---:|---:|---:|---:|---:|---:|")
    for name, rows in figures.items():
        events, *errors, cpu = medians(rows)
        cells = " | ".join(f"{error:+.2f} ms" for error in errors)
        print(f"| {name} | {events:,.0f} | {cells} | {cpu:.2f} us |")


def by_journal(entries):
    """Median and p99 of first token and gaps as the mock wrote them, in milliseconds, and how many tokens it wrote."""
    firsts, gaps, events = [], [], 0
    for entry in entries:
        at = [write["at_ns"] / 1e6 for write in entry["writes"] if write["tokens"]]
        events += len(at)
        if at:
            firsts.append(at[0] - entry["arrived_ns"] / 1e6)
            gaps.extend(b - a for a, b in zip(at, at[1:]))
    return [percentile(firsts, 0.5), percentile(firsts, 0.99), percentile(gaps, 0.5), percentile(gaps, 0.99)], events


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    peers = sorted({*UNARY_CLIENTS, *STREAM_CLIENTS} - {"inferometer"})
    for peer in peers:
        arguments.add_argument(f"--{peer}", dest=peer, default=shutil.which(peer))
    arguments.add_argument("--only", choices=["unary", "streams"])
    asked = vars(arguments.parse_args())
    tools = {peer: asked[peer] for peer in peers} | {"inferometer": INFEROMETER}
    missing = [peer for peer in peers if not tools[peer]]
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "")
    print(f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores of {model or platform.processor()}, Linux {platform.release()},")
    print(f"load average before {os.getloadavg()[0]:.2f}; not found: {', '.join(missing) or 'none'}")
    if asked["only"] != "streams":
        unary(tools)
    if asked["only"] != "unary":
        for level in (100, 1000):
            streams(tools, level)
    print(f"\nLoad average after: {os.getloadavg()[0]:.2f}")
    shutil.rmtree(WORK)


if __name__ == "__main__":
    main()
