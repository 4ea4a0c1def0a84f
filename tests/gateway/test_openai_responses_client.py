"""OpenAI's own client and its Responses, with nothing changed but the base URL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from raw_client import wait_until
from running_gateway import RunningGateway
from scripted_upstream import WORDS, Out, ScriptedUpstream, Seen
from tool_results import LOG

QUESTION = "What is the capital of France?"
TOOL: Any = {"type": "function", "name": "look", "parameters": {"type": "object"}, "strict": False}
HISTORY: list[Any] = [
    {"role": "user", "content": "Why did the job fail?"},
    {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
    {"type": "function_call", "call_id": "t1", "name": "read_log", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "t1", "output": LOG},
]


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    """With all the time it needs: what a busy machine cannot reduce in time goes up whole."""
    return start(policy={"deadline_ms": 60_000})


@pytest.fixture
def client(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="caller", max_retries=0, timeout=20) as client:
        yield client


def ask(client: openai.OpenAI, **options: Any) -> Any:
    return client.responses.create(**{"model": "gpt-5", "input": QUESTION, **options})


def test_an_answer(client: openai.OpenAI, gateway: RunningGateway) -> None:
    """It comes back whole, with the provider's usage; a receipt is written."""
    said = ask(client, instructions="Be brief.")
    assert said.output_text == "".join(WORDS)
    assert said.usage.input_tokens == 11
    assert gateway.recorder.wait_for(1)[0].wire == "openai.responses"


def test_a_stream(client: openai.OpenAI) -> None:
    """Every event in order, down to the completed response."""
    events = list(ask(client, stream=True))
    assert tuple(event.delta for event in events if event.type == "response.output_text.delta") == WORDS
    assert events[-1].type == "response.completed"
    with client.responses.stream(model="gpt-5", input=QUESTION) as stream:
        assert stream.get_final_response().output_text == "".join(WORDS)


def test_tools(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """Tools go up and calls come down."""
    said = ask(client, tools=[TOOL])
    assert said.output[0].name == "look"
    assert upstream.seen[0].json["tools"] == [TOOL]


def test_a_long_result_is_reduced(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """On the way up, and nothing else is; with mode off the very same history goes up."""
    ask(client, input=HISTORY)
    ask(client, input=HISTORY, extra_headers={"x-sparing-mode": "off"})
    reduced, whole = (seen.json["input"] for seen in upstream.seen)
    assert whole == HISTORY
    assert reduced[:3] == HISTORY[:3]
    assert len(reduced[3]["output"]) < len(LOG) / 2
    assert "ERROR disk /dev/sda1 is full" in reduced[3]["output"]


def test_history_at_the_provider(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """A reference to the answer before goes up as it is; the new result is reduced all the same."""
    ask(client, input=HISTORY[3:], previous_response_id="resp_0")
    sent = upstream.seen[0].json
    assert sent["previous_response_id"] == "resp_0"
    assert len(sent["input"][0]["output"]) < len(LOG) / 2


def test_stored_answers_pass_through(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """Fetching, cancelling and deleting are the provider's business."""
    assert client.responses.retrieve("resp_1").id == "resp_1"
    assert client.responses.cancel("resp_1").status == "cancelled"
    client.responses.delete("resp_1")
    paths = [(seen.method, seen.path) for seen in upstream.seen]
    path = "/v1/responses/resp_1"
    assert paths == [("GET", path), ("POST", f"{path}/cancel"), ("DELETE", path)]


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, openai.BadRequestError), (401, openai.AuthenticationError), (429, openai.RateLimitError)],
)
def test_provider_errors_arrive_unchanged(
    client: openai.OpenAI, upstream: ScriptedUpstream, status: int, error: type[openai.APIStatusError]
) -> None:
    """Status, words and the time to come back."""
    body = {"error": {"message": "its own words", "type": "its_own", "param": "input", "code": "c"}}

    async def refuse(_seen: Seen, out: Out) -> None:
        await out.json(body, status, retry_after="7")

    upstream.script = refuse
    with pytest.raises(error, match="its own words") as caught:
        ask(client)
    assert caught.value.response.json() == body
    assert caught.value.response.headers["retry-after"] == "7"


def test_what_cannot_be_used_is_refused(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """In OpenAI's words, with the field that is wrong, before anything is sent."""
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, input=[{"type": "function_call_output", "call_id": "c", "output": 5}])
    assert (caught.value.param, caught.value.code) == ("input[0].output", "malformed_body")
    with pytest.raises(openai.BadRequestError, match="budget"):
        ask(client, input=HISTORY, extra_headers={"x-sparing-budget": "1"})
    assert upstream.seen == []


def test_a_stream_that_breaks(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """What came before the break arrives; then the client raises what the gateway says in an event of the format."""

    async def break_off(_seen: Seen, out: Out) -> None:
        await out.start_events()
        event = {"type": "response.output_text.delta", "delta": "The ", "sequence_number": 0, "logprobs": []}
        await out.event(event | {"item_id": "m", "output_index": 0, "content_index": 0}, event["type"])
        await out.chunk(b'event: x\ndata: {"half')
        out.close()

    upstream.script = break_off
    stream = ask(client, stream=True)
    assert next(stream).delta == "The "
    with pytest.raises(openai.APIError, match="closed the connection") as caught:
        next(stream)
    assert caught.value.code == "upstream_unreachable"


def test_cancel_mid_stream(client: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """A client that stops listening closes the upstream call as well."""
    noticed: list[bool] = []

    async def endless(_seen: Seen, out: Out) -> None:
        await out.start_events()
        event = {"type": "response.output_text.delta", "delta": "x", "sequence_number": 0, "logprobs": []}
        await out.event(event | {"item_id": "m", "output_index": 0, "content_index": 0}, event["type"])
        noticed.append(await out.gone())

    upstream.script = endless
    stream = ask(client, stream=True)
    next(stream)
    stream.close()
    wait_until(lambda: noticed == [True])


async def test_the_async_client(gateway: RunningGateway) -> None:
    """Works alike."""
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as client:
        stream = await client.responses.create(model="gpt-5", input=QUESTION, stream=True)
        words = [event.delta async for event in stream if event.type == "response.output_text.delta"]
        assert tuple(words) == WORDS


def test_nobody_there(start: Callable[..., RunningGateway]) -> None:
    """A gateway without an upstream for this format says so in it."""
    gateway = start(upstreams={})
    client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0)
    with client, pytest.raises(openai.NotFoundError, match="no upstream answers"):
        ask(client)
