"""The official `openai` package: sync and async, whole and streamed, its error classes and its retries."""

import asyncio
import base64
import json

import numpy as np
import openai
from checks import check, finish, raises, same

HELLO = [{"role": "user", "content": "hello there"}]


def client(mock, **settings):
    settings = {"api_key": "any", "max_retries": 0, **settings}
    return openai.OpenAI(base_url=f"{mock.rest}/v1", **settings)


@check({"models": [{"name": "tiny"}, {"name": "org/large"}, {"name": "cold", "loaded": False}]})
def models_are_listed_and_retrieved(mock):
    ours = client(mock)
    same([model.id for model in ours.models.list()], ["tiny", "org/large"])
    same(ours.models.retrieve("org/large").id, "org/large")
    same(raises(openai.NotFoundError, lambda: ours.models.retrieve("cold")).code, "model_not_found")


@check({})
def a_chat_is_answered_whole(mock):
    answer = client(mock).chat.completions.create(model="tiny", messages=HELLO, max_tokens=3)
    same(answer.choices[0].message.content, " alpha bravo charlie")
    same(answer.choices[0].message.role, "assistant")
    same(answer.choices[0].finish_reason, "length")
    usage = answer.usage
    same((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (2, 3, 5))
    unbounded = client(mock).chat.completions.create(model="tiny", messages=HELLO)
    same((unbounded.choices[0].finish_reason, unbounded.usage.completion_tokens), ("stop", 16))


@check({})
def a_chat_is_streamed_with_its_usage_at_the_end(mock):
    stream = client(mock).chat.completions.create(
        model="tiny", messages=HELLO, max_completion_tokens=3, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    texts = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    same([text for text in texts if text], [" alpha", " bravo", " charlie"])
    reasons = [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices]
    same([reason for reason in reasons if reason], ["length"])
    same([chunk.usage.total_tokens for chunk in chunks if chunk.usage], [5])
    same((chunks[-1].choices, chunks[-1].usage.prompt_tokens), ([], 2))
    same(len({chunk.id for chunk in chunks}), 1)


@check({})
def the_stream_helper_puts_the_same_answer_together(mock):
    with client(mock).chat.completions.stream(model="tiny", messages=HELLO) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta" and event.delta]
        final = stream.get_final_completion().choices[0]
    same((len(deltas), deltas[2]), (16, " charlie"))
    same((final.message.content, final.finish_reason), ("".join(deltas), "stop"))


@check({})
def choices_end_where_they_were_told_to_stop(mock):
    several = client(mock).chat.completions.create(
        model="tiny", messages=HELLO, max_tokens=9, n=3, stop=[" delta"], temperature=0.5
    )
    texts = [choice.message.content for choice in several.choices]
    same(texts, [" alpha bravo charlie", " bravo charlie", " charlie"])
    same({choice.finish_reason for choice in several.choices}, {"stop"})


TOOL = {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}
TOOLS = [{"type": "function", "function": TOOL}]


@check({})
def a_tool_is_called_whole_and_in_a_stream(mock):
    chat = client(mock).chat.completions
    asked = {"model": "tiny", "messages": HELLO, "tools": TOOLS, "tool_choice": "required"}
    call = chat.create(**asked).choices[0]
    same(call.finish_reason, "tool_calls")
    function = call.message.tool_calls[0].function
    same((function.name, json.loads(function.arguments)), ("weather", {"city": "alpha"}))
    with chat.stream(**asked) as stream:
        streamed = stream.get_final_completion().choices[0].message.tool_calls[0].function
    same(streamed.arguments, function.arguments)


@check({})
def tokens_come_with_their_log_probabilities(mock):
    answer = client(mock).chat.completions.create(
        model="tiny", messages=HELLO, max_tokens=2, logprobs=True, top_logprobs=3
    )
    told = answer.choices[0].logprobs.content
    same([(token.token, len(token.top_logprobs)) for token in told], [(" alpha", 3), (" bravo", 3)])


@check({})
def completions_are_answered_whole_and_streamed(mock):
    ours = client(mock)
    answer = ours.completions.create(model="tiny", prompt="one two three", max_tokens=2)
    same((answer.choices[0].text, answer.choices[0].finish_reason), (" alpha bravo", "length"))
    same((answer.usage.prompt_tokens, answer.usage.completion_tokens), (3, 2))
    stream = ours.completions.create(model="tiny", prompt="one", max_tokens=3, stream=True)
    texts = [chunk.choices[0].text for chunk in stream]
    same([text for text in texts if text], [" alpha", " bravo", " charlie"])


def numbers(encoded):
    """The vector that stands in base64, as the SDK itself reads it."""
    return np.frombuffer(base64.b64decode(encoded), dtype="<f4")


@check({})
def embeddings_are_the_same_as_numbers_and_in_base64(mock):
    embed = client(mock).embeddings.create
    # Left out, the SDK asks for base64 and makes numbers of it by itself.
    usual = embed(model="tiny", input=["one", "two words"], dimensions=8)
    same(([entry.index for entry in usual.data], usual.usage.prompt_tokens), ([0, 1], 3))
    floats = embed(model="tiny", input=["one", "two words"], dimensions=8, encoding_format="float")
    encoded = embed(model="tiny", input=["one", "two words"], dimensions=8, encoding_format="base64")
    for ours, theirs, text in zip(usual.data, floats.data, encoded.data):
        same(len(theirs.embedding), 8)
        assert np.allclose(ours.embedding, theirs.embedding, atol=1e-7), (ours, theirs)
        assert np.array_equal(numbers(text.embedding), np.float32(theirs.embedding)), (text, theirs)
        assert abs(np.linalg.norm(theirs.embedding) - 1) < 1e-6, theirs
    same(len(embed(model="tiny", input="one").data[0].embedding), 384)
    same(raises(openai.BadRequestError, lambda: embed(model="tiny", input="one", dimensions=0)).param, "dimensions")


@check({"api_keys": ["sk-right", "sk-second"]})
def only_a_right_key_is_let_in(mock):
    def ask(key, **fields):
        return client(mock, api_key=key).chat.completions.create(model="tiny", messages=HELLO, max_tokens=1, **fields)

    for key in ("sk-right", "sk-second"):
        same(ask(key).choices[0].message.content, " alpha")
        same(len([chunk for chunk in ask(key, stream=True) if chunk.choices[0].delta.content]), 1)
        same([model.id for model in client(mock, api_key=key).models.list()], ["tiny"])
    for key in ("sk-wrong", "sk-righ", "sk-right1"):
        for call in (lambda: ask(key), lambda: ask(key, stream=True), lambda: client(mock, api_key=key).models.list()):
            error = raises(openai.AuthenticationError, call)
            same((error.status_code, error.code), (401, "invalid_api_key"))
            assert "sk-" not in error.message, error.message


@check({"latency": {"fixed": "20ms"}, "per_output_token": {"fixed": "1ms"}})
def the_async_client_asks_many_things_at_once(mock):
    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=f"{mock.rest}/v1", api_key="any", max_retries=0) as ours:

            async def streamed(tokens):
                stream = await ours.chat.completions.create(
                    model="tiny", messages=HELLO, max_tokens=tokens, stream=True
                )
                return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

            async def whole(tokens):
                answer = await ours.chat.completions.create(model="tiny", messages=HELLO, max_tokens=tokens)
                return answer.choices[0].message.content

            numbers = range(1, 33)
            return await asyncio.gather(*map(streamed, numbers)), await asyncio.gather(*map(whole, numbers))

    streamed, whole = asyncio.run(all_of_them())
    same(streamed, whole)
    same([len(text.split()) for text in whole], list(range(1, 33)))
    same(whole[2], " alpha bravo charlie")


@check({"models": [{"name": "tiny"}, {"name": "cold", "loaded": False}]})
def mistakes_raise_the_error_class_of_their_kind(mock):
    def ask(**fields):
        fields = {"model": "tiny", "messages": HELLO, **fields}
        return lambda: client(mock).chat.completions.create(**fields)

    unknown = raises(openai.NotFoundError, ask(model="absent"))
    same((unknown.status_code, unknown.code, unknown.param), (404, "model_not_found", "model"))
    same(unknown.message, "Error code: 404 - The model `absent` does not exist.")
    too_many = raises(openai.BadRequestError, ask(max_tokens=-1))
    same((too_many.param, too_many.type), ("max_tokens", "invalid_request_error"))
    same(raises(openai.BadRequestError, ask(messages=[])).param, "messages")
    same(raises(openai.InternalServerError, ask(model="cold")).status_code, 503)


FAILS_TWICE = {"faults": [{"status": {"attempts": 2, "http": 429, "retry_after": "20ms"}}]}


@check(FAILS_TWICE)
def retries_come_through_after_the_wait_they_were_asked_for(mock):
    answer = client(mock, max_retries=2).chat.completions.with_raw_response.create(
        model="tiny", messages=HELLO, max_tokens=2
    )
    same(answer.retries_taken, 2)
    same(answer.parse().choices[0].message.content, " alpha bravo")
    same(raises(openai.RateLimitError, lambda: client(mock, max_retries=1).completions.create(
        model="tiny", prompt="a")).code, "rate_limit_exceeded")


@check({"faults": [{"status": {"http": 401}}]})
def a_refused_key_is_an_authentication_error(mock):
    error = raises(openai.AuthenticationError, lambda: client(mock).completions.create(model="tiny", prompt="a"))
    same(error.code, "invalid_api_key")


@check({"faults": [{"cut": {"after_tokens": 2}}]})
def a_stream_that_is_cut_off_is_no_answer(mock):
    stream = client(mock).chat.completions.create(model="tiny", messages=HELLO, max_tokens=5, stream=True)
    texts = []

    def read():
        for chunk in stream:
            texts.append(chunk.choices[0].delta.content)

    raises(Exception, read)
    same([text for text in texts if text], [" alpha", " bravo"])


@check({"faults": [{"stall": {}}]})
def a_server_that_is_silent_is_a_timeout(mock):
    ours = client(mock, timeout=0.2)
    raises(openai.APITimeoutError, lambda: ours.completions.create(model="tiny", prompt="a"))


finish()
