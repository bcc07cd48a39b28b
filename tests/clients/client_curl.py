"""curl: HTTP/1.1, HTTP/2 without TLS, and what a person types."""

import json
import subprocess
import tempfile

from checks import check, finish, same

BODY = json.dumps({"model": "tiny", "max_tokens": 2, "messages": [{"role": "user", "content": "hello"}]})


def curl(*arguments):
    """Status, version of HTTP and body."""
    told = "\n%{http_code} %{http_version}"
    command = ["curl", "--silent", "--show-error", "--max-time", "20", "--write-out", told, *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    same((done.returncode, done.stderr), (0, ""))
    body, _, told = done.stdout.rpartition("\n")
    status, version = told.split()
    return int(status), version, body


def content(answer):
    return json.loads(answer)["choices"][0]["message"]["content"]


@check({})
def both_versions_of_http_are_spoken_on_one_port(mock):
    url = f"{mock.rest}/v1/chat/completions"
    ways = [(["--http1.1"], "1.1"), (["--http2-prior-knowledge"], "2")]
    for way, expected in ways:
        status, version, body = curl(*way, "-d", BODY, "-H", "content-type: application/json", url)
        same((status, version, content(body)), (200, expected, " alpha bravo"))


@check({})
def a_stream_arrives_event_by_event(mock):
    body = json.dumps({"model": "tiny", "prompt": "a", "max_tokens": 2, "stream": True})
    _, _, events = curl("--no-buffer", "-d", body, f"{mock.rest}/v1/completions")
    events = events.strip().split("\n\n")
    same(events[-1], "data: [DONE]")
    texts = [json.loads(event.removeprefix("data: "))["choices"][0]["text"] for event in events[:-1]]
    same([text for text in texts if text], [" alpha", " bravo"])


@check({})
def mistakes_are_told_in_the_form_of_the_protocol(mock):
    for path, body, expected in [
        ("/v1/chat/completions", "{", 400),
        ("/v1/chat/completions", '{"model":"absent","messages":[{"role":"user","content":"a"}]}', 404),
        ("/v1/nothing", "{}", 404),
        ("/v1/models", "{}", 405),
    ]:
        status, _, answer = curl("-d", body, mock.rest + path)
        same(status, expected)
        same(list(json.loads(answer)["error"]), ["message", "type", "param", "code"])


@check({"tls": "self_signed"})
def tls_is_spoken_to_whoever_trusts_the_certificate_of_the_greeting(mock):
    url = f"{mock.rest}/v1/models"
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:
        file.write(mock.greeting[mock.greeting.index(begin) : mock.greeting.index(end)] + end + "\n")
        file.flush()
        for way, version in (["--http1.1"], "1.1"), (["--http2"], "2"):
            same(curl(*way, "--cacert", file.name, url)[:2], (200, version))
    stranger = subprocess.run(["curl", "--silent", url], capture_output=True)
    same(stranger.returncode, 60)


finish()
