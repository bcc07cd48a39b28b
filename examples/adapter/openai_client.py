"""The official `openai` package as the client of a scenario: `adapter: { command: [python3, openai_client.py] }`.

It is told what to send, and says what arrives, a line of JSON each; docs/adapter.md describes the lines.
"""

import asyncio
import json
import os
import sys

import openai


def say(name, **fields):
    sys.stdout.write(json.dumps({name: fields}) + "\n")
    sys.stdout.flush()


def failure(error):
    """The kind of an error, as reports count it."""
    if isinstance(error, openai.APIStatusError):
        return f"http_{error.status_code}"
    if isinstance(error, openai.APITimeoutError):
        return "deadline"
    if isinstance(error, openai.APIConnectionError):
        return "connect"
    return "malformed"


async def infer(client, request):
    id = request["id"]
    asked = {"model": request["model"], "max_tokens": request["max_tokens"]}
    if "messages" in request:
        send, asked["messages"] = client.chat.completions.create, request["messages"]
    else:
        send, asked["prompt"] = client.completions.create, request["prompt"]
    try:
        if request["stream"]:
            usage = await receive(id, await send(**asked, stream=True, stream_options={"include_usage": True}))
        else:
            answer = await send(**asked)
            usage = answer.usage
            say("head", id=id)
            say("tokens", id=id, count=usage.completion_tokens if usage else 1)
    except openai.OpenAIError as error:
        return say("failed", id=id, kind=failure(error))
    counts = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens} if usage else {}
    say("done", id=id, **counts)


async def receive(id, stream):
    """Says when each piece arrives; the server's count comes with the last one."""
    usage = None
    say("head", id=id)
    async for piece in stream:
        usage = piece.usage or usage
        for choice in piece.choices:
            text = choice.delta.content if hasattr(choice, "delta") else choice.text
            if text:
                say("tokens", id=id, count=1)
    return usage


async def main():
    told = asyncio.StreamReader(limit=64 * 1024 * 1024)
    protocol = asyncio.StreamReaderProtocol(told)
    await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, sys.stdin)
    start = json.loads(await told.readline())["start"]
    url = next(endpoint["url"] for endpoint in start["endpoints"] if endpoint["protocol"] == "openai")
    key = os.environ.get("OPENAI_API_KEY", "none")
    client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0)
    say("ready")
    tasks = {}
    while line := await told.readline():
        order = json.loads(line)
        if request := order.get("infer"):
            task = asyncio.create_task(infer(client, request))
            tasks[request["id"]] = task
            task.add_done_callback(lambda _, id=request["id"]: tasks.pop(id, None))
        elif given_up := order.get("cancel"):
            if task := tasks.get(given_up["id"]):
                task.cancel()


asyncio.run(main())
