"""Google's own client, with nothing changed but the base URL."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from google import genai
from google.genai import errors, types
from raw_client import connect, request, wait_until
from running_gateway import RunningGateway
from scripted_upstream import WORDS, Out, ScriptedUpstream, Seen
from tool_results import LOG

QUESTION = "What is the capital of France?"
ANSWER = {"candidates": [{"content": {"role": "model", "parts": [{"text": "x"}]}}]}
CALLED = types.Content(
    role="model", parts=[types.Part(function_call=types.FunctionCall(name="read_log", args={}), thought_signature=b"s")]
)
HISTORY = [
    types.Content(role="user", parts=[types.Part(text="Why did the job fail?")]),
    CALLED,
    types.Content(role="user", parts=[types.Part.from_function_response(name="read_log", response={"output": LOG})]),
]


def look(at: str) -> str:
    """Look at a place."""
    return f"{at} is sunny"


def connected(url: str) -> genai.Client:
    options = types.HttpOptions(base_url=url, timeout=20_000, retry_options=types.HttpRetryOptions(attempts=1))
    return genai.Client(api_key="caller", http_options=options)


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    """With all the time it needs: what a busy machine cannot reduce in time goes up whole."""
    return start(policy={"deadline_ms": 60_000})


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[genai.Client]:
    with connected(gateway.url) as client:
        yield client


def ask(client: genai.Client, contents: Any = QUESTION, **config: Any) -> types.GenerateContentResponse:
    options = types.GenerateContentConfig(**config) if config else None
    return client.models.generate_content(model="gemini-2.5-flash", contents=contents, config=options)


def test_an_answer(client: genai.Client, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """It comes back whole, with the provider's usage; the model in the path is in the receipt."""
    said = ask(client, system_instruction="Be brief.")
    assert said.text == "".join(WORDS)
    assert said.usage_metadata is not None
    assert said.usage_metadata.prompt_token_count == 11
    receipt = gateway.recorder.wait_for(1)[0]
    assert (receipt.wire, receipt.model) == ("gemini", "gemini-2.5-flash")
    assert upstream.seen[0].headers["x-goog-api-key"] == "caller"


def test_a_stream(client: genai.Client, upstream: ScriptedUpstream) -> None:
    """Every word in order."""
    stream = client.models.generate_content_stream(model="gemini-2.5-flash", contents=QUESTION)
    assert tuple(chunk.text for chunk in stream) == WORDS
    assert upstream.seen[0].path == "/v1/models/gemini-2.5-flash:streamGenerateContent?alt=sse"


def test_functions(client: genai.Client, upstream: ScriptedUpstream) -> None:
    """Declarations go up and calls come down, signature and all."""
    declaration = types.FunctionDeclaration(name="look", parameters_json_schema={"type": "object"})
    said = ask(client, tools=[types.Tool(function_declarations=[declaration])])
    assert said.function_calls is not None
    assert said.function_calls[0].args == {"at": "Paris"}
    assert upstream.seen[0].json["tools"][0]["functionDeclarations"][0]["name"] == "look"


def test_functions_that_the_client_calls_itself(client: genai.Client, upstream: ScriptedUpstream) -> None:
    """The client runs the function and sends the history with its result; here the model asks until it is stopped."""
    ask(client, tools=[look], automatic_function_calling=types.AutomaticFunctionCallingConfig(maximum_remote_calls=2))
    last = upstream.seen[-1].json["contents"][-1]["parts"][0]["functionResponse"]
    assert last["response"] == {"result": "Paris is sunny"}


def test_a_long_result_is_reduced(client: genai.Client, upstream: ScriptedUpstream) -> None:
    """On the way up, and nothing else is; with mode off the very same history goes up."""
    ask(client, HISTORY)
    ask(client, HISTORY, http_options=types.HttpOptions(headers={"x-sparing-mode": "off"}))
    reduced, whole = (seen.json["contents"] for seen in upstream.seen)
    assert reduced[:2] == whole[:2]
    assert whole[2]["parts"][0]["functionResponse"]["response"] == {"output": LOG}
    output = reduced[2]["parts"][0]["functionResponse"]["response"]["output"]
    assert len(output) < len(LOG) / 2
    assert "ERROR disk /dev/sda1 is full" in output


def test_counting_and_listing_pass_through(client: genai.Client) -> None:
    """They are the provider's business."""
    assert client.models.count_tokens(model="gemini-2.5-flash", contents=QUESTION).total_tokens == 42
    assert [model.name for model in client.models.list()] == ["models/scripted"]


@pytest.mark.parametrize(
    ("status", "error"), [(400, errors.ClientError), (429, errors.ClientError), (500, errors.ServerError)]
)
def test_provider_errors_arrive_unchanged(
    client: genai.Client, upstream: ScriptedUpstream, status: int, error: type[errors.APIError]
) -> None:
    """Status and words, plain and streamed."""
    body = {"error": {"code": status, "message": "its own words", "status": "ITS_OWN"}}

    async def refuse(_seen: Seen, out: Out) -> None:
        await out.json(body, status)

    upstream.script = refuse
    with pytest.raises(error, match="its own words") as caught:
        ask(client)
    assert (caught.value.code, caught.value.status, caught.value.details) == (status, "ITS_OWN", body)
    with pytest.raises(error, match="its own words"):
        list(client.models.generate_content_stream(model="m", contents=QUESTION))


def test_what_cannot_be_used_is_refused(client: genai.Client, gateway: RunningGateway) -> None:
    """In Gemini's words, before anything is sent."""
    with pytest.raises(errors.ClientError) as caught:
        ask(client, HISTORY, http_options=types.HttpOptions(headers={"x-sparing-budget": "1"}))
    assert (caught.value.code, caught.value.status) == (400, "INVALID_ARGUMENT")
    assert "budget" in str(caught.value.message)
    answer = request(gateway.url, "/v1beta/models/m:generateContent", b'{"contents":[{"parts":7}]}')
    assert answer.status == 400
    assert answer.json["error"]["message"] == "contents[0].parts must be an array, not a number"


def test_nobody_there(start: Callable[..., RunningGateway]) -> None:
    """A gateway without an upstream for this format says so in it."""
    with (
        connected(start(upstreams={}).url) as client,
        pytest.raises(errors.ClientError, match="GEMINI_URL=gemini") as caught,
    ):
        ask(client)
    assert (caught.value.code, caught.value.status) == (404, "NOT_FOUND")


def test_a_stream_that_breaks(client: genai.Client, upstream: ScriptedUpstream) -> None:
    """What came before the break arrives; the break is an error that the client raises, not an end."""

    async def break_off(_seen: Seen, out: Out) -> None:
        await out.start_events()
        await out.event(ANSWER)
        await out.chunk(b'data: {"half')
        out.close()

    upstream.script = break_off
    stream = client.models.generate_content_stream(model="m", contents=QUESTION)
    assert next(stream).text == "x"
    with pytest.raises(errors.APIError, match="closed the connection"):
        next(stream)


def test_cancel_mid_stream(client: genai.Client, upstream: ScriptedUpstream) -> None:
    """A client that stops listening closes the upstream call as well."""
    noticed: list[bool] = []

    async def endless(_seen: Seen, out: Out) -> None:
        await out.start_events()
        await out.event(ANSWER)
        noticed.append(await out.gone())

    upstream.script = endless
    stream: Any = client.models.generate_content_stream(model="m", contents=QUESTION)
    next(stream)
    client.close()
    stream.close()
    wait_until(lambda: noticed == [True])


async def test_the_async_client(gateway: RunningGateway) -> None:
    """Works alike."""
    async with connected(gateway.url).aio as client:
        stream = await client.models.generate_content_stream(model="gemini-2.5-flash", contents=QUESTION)
        assert tuple([chunk.text async for chunk in stream]) == WORDS


def test_an_array_is_streamed_too(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Without `alt=sse` Gemini streams one JSON array; its first answer is here before the next is made."""
    read = threading.Event()

    async def in_parts(_seen: Seen, out: Out) -> None:
        await out.head(200, {"content-type": "application/json", "transfer-encoding": "chunked"})
        await out.chunk(b'[{"candidates":[]}')
        assert await asyncio.to_thread(read.wait, 10)
        await out.chunk(b',\r\n{"candidates":[],"usageMetadata":{"promptTokenCount":11,"candi')
        await out.chunk(b'datesTokenCount":5}}]')
        await out.end()

    upstream.script = in_parts
    path = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?key=caller"
    connection = connect(gateway.url)
    connection.request("POST", path, json.dumps({"contents": [{"parts": [{"text": QUESTION}]}]}))
    response = connection.getresponse()
    first = response.read1()
    read.set()
    whole = first + response.read()
    connection.close()
    assert first == b'[{"candidates":[]}'
    assert json.loads(whole)[1]["candidates"] == []
    (receipt,) = gateway.recorder.wait_for(1)
    assert (receipt.usage_input_tokens, receipt.usage_output_tokens) == (11, 5)
    assert upstream.seen[0].path == path


def test_a_key_in_the_query_is_the_callers(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """The gateway adds its own only where the caller has none."""
    gateway = start(key="ours")
    for query in ("?key=theirs", ""):
        request(gateway.url, f"/v1beta/models/m:generateContent{query}", b'{"contents":[{}]}')
    assert [seen.headers.get("x-goog-api-key") for seen in upstream.seen] == [None, "ours"]
