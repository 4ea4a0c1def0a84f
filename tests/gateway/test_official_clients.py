"""The providers' own Python clients, with nothing changed but the base URL."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from raw_client import wait_until
from running_gateway import RunningGateway
from scripted_upstream import WORDS, Out, ScriptedUpstream, Seen

TEXT = "".join(WORDS)
QUESTION: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 40).decode()
TOOL: dict[str, Any] = {"type": "object", "properties": {"at": {"type": "string"}}}


@pytest.fixture
def oai(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="caller", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def ant(gateway: RunningGateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.url, api_key="caller", max_retries=0, timeout=20) as client:
        yield client


def ask_openai(client: openai.OpenAI, **options: Any) -> Any:
    return client.chat.completions.create(model="gpt-4o", messages=QUESTION, **options)


def ask_anthropic(client: anthropic.Anthropic, **options: Any) -> Any:
    return client.messages.create(**{"model": "claude-x", "max_tokens": 9, "messages": QUESTION, **options})


def test_openai_chat(oai: openai.OpenAI) -> None:
    """A plain chat comes back whole, with the provider's usage."""
    said = ask_openai(oai)
    assert said.choices[0].message.content == TEXT
    assert said.usage.prompt_tokens == 11


def test_openai_stream(oai: openai.OpenAI) -> None:
    """A stream yields every word in order."""
    words = [chunk.choices[0].delta.content for chunk in ask_openai(oai, stream=True) if chunk.choices]
    assert tuple(words) == WORDS


def test_openai_tools(oai: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """Tools go up and tool calls come down."""
    tool = {"type": "function", "function": {"name": "look", "parameters": TOOL}}
    said = ask_openai(oai, tools=[tool])
    assert said.choices[0].message.tool_calls[0].function.name == "look"
    assert upstream.seen[0].json["tools"] == [tool]


def test_openai_images(oai: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """An image goes up untouched."""
    image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    messages: Any = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, image]}]
    oai.chat.completions.create(model="gpt-4o", messages=messages)
    assert upstream.seen[0].json["messages"] == messages


def test_openai_models(oai: openai.OpenAI) -> None:
    """The list of models is the provider's."""
    assert [model.id for model in oai.models.list()] == ["scripted"]


def test_anthropic_chat(ant: anthropic.Anthropic) -> None:
    """A plain message comes back whole, with the provider's usage."""
    said = ask_anthropic(ant)
    assert said.content[0].text == TEXT
    assert said.usage.input_tokens == 7


def test_anthropic_stream(ant: anthropic.Anthropic) -> None:
    """A stream yields every word in order and ends with the final message."""
    with ant.messages.stream(model="claude-x", max_tokens=9, messages=QUESTION) as stream:
        assert tuple(stream.text_stream) == WORDS
        assert stream.get_final_message().usage.output_tokens == 5


def test_anthropic_tools(ant: anthropic.Anthropic, upstream: ScriptedUpstream) -> None:
    """Tools go up and tool uses come down."""
    tool = {"name": "look", "input_schema": TOOL}
    said = ask_anthropic(ant, tools=[tool])
    assert said.content[0].input == {"at": "Paris"}
    assert upstream.seen[0].json["tools"] == [tool]


def test_anthropic_images(ant: anthropic.Anthropic, upstream: ScriptedUpstream) -> None:
    """An image goes up untouched."""
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
    messages: Any = [{"role": "user", "content": [image, {"type": "text", "text": "What is this?"}]}]
    ask_anthropic(ant, messages=messages)
    assert upstream.seen[0].json["messages"] == messages


def test_anthropic_count_tokens(ant: anthropic.Anthropic, upstream: ScriptedUpstream) -> None:
    """Counting is the provider's business and passes through."""
    counted = ant.messages.count_tokens(model="claude-x", messages=QUESTION)
    assert counted.input_tokens == 42
    assert upstream.seen[0].path == "/v1/messages/count_tokens"


async def test_async_clients(gateway: RunningGateway) -> None:
    """The async clients work alike."""
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as oai:
        said = await oai.chat.completions.create(model="gpt-4o", messages=QUESTION)
        assert said.choices[0].message.content == TEXT
    async with (
        anthropic.AsyncAnthropic(base_url=gateway.url, api_key="k", max_retries=0) as ant,
        ant.messages.stream(model="claude-x", max_tokens=9, messages=QUESTION) as stream,
    ):
        assert tuple([word async for word in stream.text_stream]) == WORDS


ERRORS = [
    (400, openai.BadRequestError, anthropic.BadRequestError),
    (401, openai.AuthenticationError, anthropic.AuthenticationError),
    (429, openai.RateLimitError, anthropic.RateLimitError),
    (500, openai.InternalServerError, anthropic.InternalServerError),
]


@pytest.mark.parametrize(("status", "openai_error", "anthropic_error"), ERRORS)
def test_provider_errors_arrive_unchanged(
    oai: openai.OpenAI,
    ant: anthropic.Anthropic,
    upstream: ScriptedUpstream,
    status: int,
    openai_error: type[openai.APIStatusError],
    anthropic_error: type[anthropic.APIStatusError],
) -> None:
    """A provider's refusal keeps its status, its body and the headers that say when to come back."""
    body = {"type": "error", "error": {"type": "its_own", "message": "its own words"}}

    async def refuse(_seen: Seen, out: Out) -> None:
        await out.json(body, status, retry_after="7", x_ratelimit_remaining="0")

    upstream.script = refuse
    for error, ask, client in ((openai_error, ask_openai, oai), (anthropic_error, ask_anthropic, ant)):
        caught: Any
        with pytest.raises(error) as caught:
            ask(client)  # type: ignore[operator]
        assert caught.value.response.json() == body
        assert caught.value.response.headers["retry-after"] == "7"
        assert caught.value.response.headers["x-ratelimit-remaining"] == "0"


def test_unreachable_upstream(start: Callable[..., RunningGateway]) -> None:
    """Nobody at the other end is a 502 that both clients can read."""
    from sparing.generate.upstream import HttpUpstream

    gateway = start(
        upstreams={wire: HttpUpstream("http://127.0.0.1:9") for wire in ("openai.chat", "anthropic.messages")}
    )
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as oai:
        with pytest.raises(openai.InternalServerError) as caught:
            ask_openai(oai)
        assert caught.value.status_code == 502
        assert caught.value.code == "upstream_unreachable"
    with anthropic.Anthropic(base_url=gateway.url, api_key="k", max_retries=0) as ant:
        with pytest.raises(anthropic.InternalServerError, match="cannot be reached") as other:
            ask_anthropic(ant)
        assert other.value.status_code == 502


def test_upstream_that_breaks_mid_stream(
    oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream
) -> None:
    """What came before the break arrives; the break is an error that both clients raise, not an end."""

    async def break_off(seen: Seen, out: Out) -> None:
        await out.start_events()
        if seen.path == "/v1/messages":
            start = {"id": "m", "type": "message", "role": "assistant", "model": "x", "content": []}
            usage = {"input_tokens": 1, "output_tokens": 1}
            await out.event({"type": "message_start", "message": {**start, "usage": usage}}, "message_start")
        else:
            choice = {"index": 0, "delta": {"content": "The "}, "finish_reason": None}
            await out.event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})
        await out.chunk(b'data: {"half of an ev')
        out.close()

    upstream.script = break_off
    words, error = _until_it_breaks(ask_openai(oai, stream=True))
    assert isinstance(error, openai.APIError)
    assert "closed the connection" in str(error)
    assert [word.choices[0].delta.content for word in words] == ["The "]
    events, error = _until_it_breaks(ask_anthropic(ant, stream=True))
    assert isinstance(error, anthropic.APIError)
    assert "closed the connection" in str(error)
    assert [event.type for event in events] == ["message_start"]


def _until_it_breaks(stream: Iterable[Any]) -> tuple[list[Any], Exception]:
    """What a stream yields, and what it raises then."""
    items: list[Any] = []
    try:
        items.extend(stream)
    except Exception as error:
        return items, error
    raise AssertionError("the stream ended well")


def test_upstream_that_half_closes_a_json_answer(
    oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream
) -> None:
    """Half an answer is no answer: the callers get a 502 in their own format."""

    async def half(_seen: Seen, out: Out) -> None:
        await out.head(200, {"content-type": "application/json", "content-length": "1000"})
        await out.raw(b'{"id": "c1", "choi')
        out.close()

    upstream.script = half
    with pytest.raises(openai.InternalServerError, match="closed the connection"):
        ask_openai(oai)
    with pytest.raises(anthropic.InternalServerError, match="closed the connection"):
        ask_anthropic(ant)


def test_upstream_that_falls_silent(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """Silence longer than allowed is a 504 before the answer, and an error event within it."""

    async def silent(seen: Seen, out: Out) -> None:
        if seen.json.get("stream"):
            await out.start_events()
        await out.gone()

    upstream.script = silent
    gateway = start(idle_timeout_s=0.3)
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as oai:
        with pytest.raises(openai.InternalServerError) as caught:
            ask_openai(oai)
        assert caught.value.status_code == 504
        with pytest.raises(openai.APIError, match="in time"):
            list(ask_openai(oai, stream=True))


def test_malformed_bodies_are_refused_in_the_callers_format(
    oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream
) -> None:
    """A body of the wrong types is a 400 that the clients raise as such, and never reaches the provider."""
    with pytest.raises(openai.BadRequestError) as caught:
        oai.chat.completions.create(model="gpt-4o", messages="not a list")  # type: ignore[call-overload]
    assert caught.value.type == "invalid_request_error"
    with pytest.raises(anthropic.BadRequestError):
        ask_anthropic(ant, messages="not a list")
    assert upstream.seen == []


@pytest.mark.parametrize("budget", ["-1", "0", "1.5", "many", "", "9" * 40])
def test_unusable_budgets_are_refused(oai: openai.OpenAI, ant: anthropic.Anthropic, budget: str) -> None:
    """A budget that is no whole number above 0 is the caller's mistake and is named."""
    with pytest.raises(openai.BadRequestError, match="x-sparing-budget"):
        ask_openai(oai, extra_headers={"x-sparing-budget": budget})
    with pytest.raises(anthropic.BadRequestError, match="x-sparing-budget"):
        ask_anthropic(ant, extra_headers={"x-sparing-budget": budget})


def test_cancel_mid_stream(oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream) -> None:
    """A client that stops listening closes the upstream call as well."""
    noticed: list[bool] = []

    async def endless(seen: Seen, out: Out) -> None:
        await out.start_events()
        if seen.path == "/v1/messages":
            await out.event({"type": "message_stop"}, "message_stop")
        else:
            choice = {"index": 0, "delta": {"content": "x"}, "finish_reason": None}
            await out.event({"id": "c", "object": "chat.completion.chunk", "choices": [choice]})
        noticed.append(await out.gone())

    upstream.script = endless
    for stream in (ask_openai(oai, stream=True), ask_anthropic(ant, stream=True)):
        next(iter(stream))
        stream.close()
    wait_until(lambda: len(noticed) == 2)
    assert noticed == [True, True]
