"""The providers' own clients against a model that asks for what was left out: they see one answer and no trace of it."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import anthropic
import openai
import pytest
from raw_client import CHAT, MESSAGES, request, wait_until
from recalling_model import LOST, OUR_CALL, POLICY, THEIR_CALL, Say, Talk, handle_in, model, recall, results_in, speak
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from test_end_to_end import LOG, anthropic_body, openai_body

from sparing.finish.own_calls import MOST_TURNS, NO_MORE
from sparing.finish.recall import UNKNOWN

SAID, ANSWER = "Let me look that up.", "Payment 7731, because the card had expired. 🂡"
LOOK = {"name": THEIR_CALL, "description": "Looks.", "input_schema": {"type": "object", "properties": {}}}
OPENAI_LOOK = {"type": "function", "function": {"name": THEIR_CALL, "parameters": {"type": "object"}}}


def asks_once(**more: Any) -> Talk:
    """Says something, asks for the first mark's text, and answers."""
    return lambda seen, number: Say(SAID, [recall(handle_in(seen), **more)]) if number == 1 else Say(ANSWER)


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start(policy=POLICY)


@pytest.fixture
def oai(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="caller", max_retries=0, timeout=20) as client:
        yield client


@pytest.fixture
def ant(gateway: RunningGateway) -> Iterator[anthropic.Anthropic]:
    with anthropic.Anthropic(base_url=gateway.url, api_key="caller", max_retries=0, timeout=20) as client:
        yield client


def continues(first: Seen, second: Seen) -> bool:
    """Whether a follow-up is the request before it with something added at the end of its messages, to the byte."""
    same = next(n for n, (a, b) in enumerate(zip(first.body, second.body, strict=False)) if a != b)
    rest = first.body[same:]
    return rest.startswith(b"]") and second.body.endswith(rest)


def test_openai_whole(oai: openai.OpenAI, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The call is answered from the request itself; the client sees what was said before it and after it, as one."""
    model(upstream, asks_once())
    said = oai.chat.completions.create(**openai_body())
    choice = said.choices[0]
    assert choice.message.content == f"{SAID}\n\n{ANSWER}"
    assert choice.message.tool_calls is None
    assert (said.id, said.created, choice.finish_reason) == ("c1", 1, "stop")
    assert said.usage is not None
    assert (said.usage.prompt_tokens, said.usage.completion_tokens, said.usage.total_tokens) == (203, 20, 223)
    assert said.usage.prompt_tokens_details is not None
    assert said.usage.prompt_tokens_details.cached_tokens == 6
    first, second = upstream.seen
    assert continues(first, second), "what the provider cached is still the beginning"
    assert "[part 1 of " in results_in(second)[0]
    (receipt,) = gateway.recorder.wait_for(1)
    assert (receipt.extra_turns, receipt.usage_input_tokens, receipt.usage_output_tokens) == (1, 203, 20)
    assert 1_000 < receipt.recalled_tokens < 2_100


def test_anthropic_whole(ant: anthropic.Anthropic, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The same: blocks of both answers but for the call, one stop reason, usage summed."""
    model(upstream, asks_once())
    said = ant.messages.create(**anthropic_body())
    assert [block.type for block in said.content] == ["thinking", "text", "thinking", "text"]
    assert [block.text for block in said.content if block.type == "text"] == [SAID, ANSWER]
    assert (said.id, said.stop_reason) == ("m1", "end_turn")
    assert (said.usage.input_tokens, said.usage.cache_read_input_tokens, said.usage.output_tokens) == (203, 6, 20)
    first, second = upstream.seen
    assert continues(first, second)
    assistant = second.json["messages"][-2]["content"]
    assert [block["type"] for block in assistant] == ["thinking", "text", "tool_use"], "as the model wrote it"
    (receipt,) = gateway.recorder.wait_for(1)
    assert (receipt.extra_turns, receipt.usage_input_tokens, receipt.usage_output_tokens) == (1, 209, 20)


def test_openai_streamed(oai: openai.OpenAI, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """Chunks of both answers under one id and one role, with one end; the call is in none of them."""
    model(upstream, asks_once())
    chunks = list(oai.chat.completions.create(**openai_body(), stream=True, stream_options={"include_usage": True}))
    assert {chunk.id for chunk in chunks} == {"c1"}
    assert {chunk.created for chunk in chunks} == {1}
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    assert "".join(delta.content or "" for delta in deltas) == f"{SAID}\n\n{ANSWER}"
    assert [delta.role for delta in deltas if delta.role] == ["assistant"]
    assert not any(delta.tool_calls for delta in deltas)
    assert [c.finish_reason for chunk in chunks for c in chunk.choices if c.finish_reason] == ["stop"]
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert [(usage.prompt_tokens, usage.completion_tokens) for usage in usages] == [(203, 20)]
    sent = upstream.seen[1].json["messages"][-2]
    assert sent["content"] == SAID
    assert [set(call) for call in sent["tool_calls"]] == [{"id", "type", "function"}]
    (receipt,) = gateway.recorder.wait_for(1)
    assert (receipt.extra_turns, receipt.usage_input_tokens) == (1, 203)


def test_openai_streamed_by_the_clients_own_accumulator(oai: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """The client's helper that puts chunks together finds nothing amiss."""
    model(upstream, asks_once())
    with oai.chat.completions.stream(**openai_body()) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == f"{SAID}\n\n{ANSWER}"
    assert final.choices[0].message.role == "assistant"


def test_anthropic_streamed(ant: anthropic.Anthropic, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """One message_start, one message_stop, blocks numbered through, usage summed at the end."""
    model(upstream, asks_once())
    with ant.messages.stream(**anthropic_body()) as stream:
        events = [event for event in stream if not hasattr(event, "snapshot")]
        final = stream.get_final_message()
    kinds = [event.type for event in events]
    assert (kinds.count("message_start"), kinds.count("message_stop")) == (1, 1)
    starts = [event.index for event in events if event.type == "content_block_start"]
    assert starts == [0, 1, 2, 3]
    assert [block.text for block in final.content if block.type == "text"] == [SAID, ANSWER]
    assert [block.signature for block in final.content if block.type == "thinking"] == ["s1", "s2"]
    assert (final.id, final.stop_reason) == ("m1", "end_turn")
    assert (final.usage.input_tokens, final.usage.cache_read_input_tokens, final.usage.output_tokens) == (203, 6, 20)
    assistant = upstream.seen[1].json["messages"][-2]["content"]
    assert assistant[0] == {"type": "thinking", "thinking": "thought 1", "signature": "s1"}
    (receipt,) = gateway.recorder.wait_for(1)
    assert receipt.extra_turns == 1


def test_what_is_said_before_the_call_is_not_held_back(gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The first words reach the client while the model has not finished its first answer."""
    words_seen = threading.Event()

    async def script(seen: Seen, out: Out) -> None:
        if len(upstream.seen) == 1:
            await out.start_events()
            chunk = {"index": 0, "delta": {"role": "assistant", "content": SAID}, "finish_reason": None}
            await out.event({"id": "c1", "choices": [chunk]})
            assert await asyncio.to_thread(words_seen.wait, 10)
            name, arguments = recall(handle_in(seen))
            call = {"index": 0, "id": "t", "function": {"name": name, "arguments": arguments}}
            await out.event({"id": "c1", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]})
            await out.event({"id": "c1", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
            await out.end()
        else:
            await speak(seen, out, Say(ANSWER), 2)

    upstream.script = script
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="k", max_retries=0) as client:
        stream = iter(client.chat.completions.create(**openai_body(), stream=True))
        assert next(stream).choices[0].delta.content == SAID
        words_seen.set()
        rest = "".join(choice.delta.content or "" for chunk in stream for choice in chunk.choices)
    assert rest == f"\n\n{ANSWER}"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_an_answer_without_our_call_passes_byte_for_byte(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    """Also when the client's own tools are called."""
    model(upstream, lambda _seen, _number: Say(ANSWER, [(THEIR_CALL, '{"at": "Paris"}')]))
    body = (openai_body() if path == CHAT else anthropic_body()) | {"stream": stream}
    tools = {"tools": [OPENAI_LOOK if path == CHAT else LOOK]}
    with_recall = request(gateway.url, path, body | tools)
    upstream.seen.clear()
    without = request(gateway.url, path, body | tools, {"x-sparing-recall": "off"})
    assert with_recall.body == without.body
    assert with_recall.header("content-length") == without.header("content-length")


@pytest.mark.parametrize("ours_first", [False, True])
@pytest.mark.parametrize("stream", [False, True])
def test_called_together_with_the_clients_tools(
    oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream, stream: bool, ours_first: bool
) -> None:
    """The client gets its own calls, numbered as if ours had not been there, at once; ours is dropped."""

    def both(seen: Seen, _number: int) -> Say:
        calls = [recall(handle_in(seen)), (THEIR_CALL, '{"at": "Paris"}'), (THEIR_CALL, '{"at": "Rome"}')]
        return Say(SAID, calls if ours_first else [*calls[1:], calls[0]])

    model(upstream, both)
    if stream:
        with oai.chat.completions.stream(**openai_body(), tools=[OPENAI_LOOK]) as opened:
            said = opened.get_final_completion()
        with ant.messages.stream(**anthropic_body(), tools=[LOOK]) as opened_too:
            other = opened_too.get_final_message()
    else:
        said = oai.chat.completions.create(**openai_body(), tools=[OPENAI_LOOK])
        other = ant.messages.create(**anthropic_body(), tools=[LOOK])
    calls = said.choices[0].message.tool_calls or []
    assert [json.loads(call.function.arguments)["at"] for call in calls] == ["Paris", "Rome"]
    assert said.choices[0].finish_reason == "tool_calls"
    assert [block.input for block in other.content if block.type == "tool_use"] == [{"at": "Paris"}, {"at": "Rome"}]
    assert other.stop_reason == "tool_use"
    assert len(upstream.seen) == 2, "nobody was asked again"


@pytest.mark.parametrize("stream", [False, True])
def test_then_the_clients_tools(
    oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream, stream: bool
) -> None:
    """After a recall the model may call the client's tools; the client gets these calls as usual."""

    def first_ours(seen: Seen, _number: int) -> Say:
        asked_again = OUR_CALL in json.dumps(seen.json["messages"][-2:])
        return Say("Now.", [(THEIR_CALL, '{"at": "Rome"}')]) if asked_again else Say(SAID, [recall(handle_in(seen))])

    model(upstream, first_ours)
    if stream:
        with oai.chat.completions.stream(**openai_body(), tools=[OPENAI_LOOK]) as opened:
            said = opened.get_final_completion()
        with ant.messages.stream(**anthropic_body(), tools=[LOOK]) as opened_too:
            other = opened_too.get_final_message()
    else:
        said = oai.chat.completions.create(**openai_body(), tools=[OPENAI_LOOK])
        other = ant.messages.create(**anthropic_body(), tools=[LOOK])
    (call,) = said.choices[0].message.tool_calls or []
    assert (call.function.name, call.function.arguments) == (THEIR_CALL, '{"at": "Rome"}')
    assert said.choices[0].finish_reason == "tool_calls"
    assert [block.name for block in other.content if block.type == "tool_use"] == [THEIR_CALL]
    assert other.stop_reason == "tool_use"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_model_that_never_stops_asking(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str, stream: bool
) -> None:
    """It is answered some times, told once that there is no more, and then the answer ends as any answer does."""
    model(upstream, lambda seen, _number: Say("Again.", [recall(handle_in(seen))]))
    body = (openai_body() if path == CHAT else anthropic_body()) | {"stream": stream}
    reply = request(gateway.url, path, body)
    assert reply.status == 200
    assert len(upstream.seen) == MOST_TURNS + 2
    assert results_in(upstream.seen[-1]) == [NO_MORE]
    assert NO_MORE not in results_in(upstream.seen[-2])
    said = b"Agai" if stream else b"Again."
    assert reply.body.count(said) == MOST_TURNS + 2, "what it said on the way is not lost"
    assert OUR_CALL.encode() not in reply.body
    assert (b'"stop"' if path == CHAT else b'"end_turn"') in reply.body
    (receipt,) = gateway.recorder.wait_for(1)
    assert receipt.extra_turns == MOST_TURNS + 1


def test_several_calls_at_once(oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream) -> None:
    """Each is answered, in order: one by its question, a handle nobody has, arguments that are no JSON object."""

    def three(seen: Seen, _number: int) -> Say:
        if UNKNOWN in json.dumps(seen.json["messages"]):
            return Say(ANSWER)
        about = recall(handle_in(seen), about="What did job 595 do?")
        return Say("", [about, recall("0123456789"), (OUR_CALL, '["no", "object"]'), (OUR_CALL, "{oops")])

    model(upstream, three)
    assert ANSWER in str(oai.chat.completions.create(**openai_body()).choices[0].message.content)
    assert ant.messages.create(**anthropic_body()).content[-1].text == ANSWER
    for follow_up in (upstream.seen[1], upstream.seen[3]):
        found, unknown, no_object, no_json = results_in(follow_up)
        assert LOST in found
        assert len(found) < len(LOG) / 3
        assert unknown == UNKNOWN
        assert "not a JSON object" in no_object
        assert no_json == no_object


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_that_fails_when_asked_again(
    oai: openai.OpenAI, ant: anthropic.Anthropic, upstream: ScriptedUpstream, gateway: RunningGateway, stream: bool
) -> None:
    """Before anything was said, its own error goes to the client; in a stream, an error event that the clients raise."""
    refusal = {"type": "error", "error": {"type": "rate_limit_error", "message": "too many"}}

    async def script(seen: Seen, out: Out) -> None:
        if len(upstream.seen) % 2:
            await speak(seen, out, Say(SAID, [recall(handle_in(seen))]), 1)
        else:
            await out.json(refusal, 429, retry_after="7")

    upstream.script = script
    if stream:
        with pytest.raises(openai.APIError, match="answered 429"):
            list(oai.chat.completions.create(**openai_body(), stream=True))
        with pytest.raises(anthropic.APIError, match="answered 429"), ant.messages.stream(**anthropic_body()) as opened:
            opened.get_final_message()
    else:
        with pytest.raises(openai.RateLimitError) as caught:
            oai.chat.completions.create(**openai_body())
        assert caught.value.response.json() == refusal
        assert caught.value.response.headers["retry-after"] == "7"
        with pytest.raises(anthropic.RateLimitError):
            ant.messages.create(**anthropic_body())
    for receipt in gateway.recorder.wait_for(2):
        assert (receipt.extra_turns, receipt.error[:13]) == (1, "UpstreamError")


@pytest.mark.parametrize("stream", [False, True])
def test_an_upstream_that_breaks_when_asked_again(oai: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    """As an upstream that breaks in its first answer: 502, or an error event."""

    async def script(seen: Seen, out: Out) -> None:
        if len(upstream.seen) == 1:
            await speak(seen, out, Say(SAID, [recall(handle_in(seen))]), 1)
            return
        await out.head(
            200, {"content-type": "text/event-stream" if stream else "application/json", "content-length": "99"}
        )
        await out.raw(b"data: {")
        out.close()

    upstream.script = script
    with pytest.raises(openai.APIError, match="closed the connection"):
        list(oai.chat.completions.create(**openai_body(), stream=stream))


def test_a_client_that_leaves_while_the_model_is_asked_again(
    oai: openai.OpenAI, gateway: RunningGateway, upstream: ScriptedUpstream
) -> None:
    """The upstream's second answer is cancelled."""
    noticed: list[bool] = []

    async def script(seen: Seen, out: Out) -> None:
        if len(upstream.seen) == 1:
            await speak(seen, out, Say(SAID, [recall(handle_in(seen))]), 1)
        else:
            noticed.append(await out.gone())

    upstream.script = script
    stream = oai.chat.completions.create(**openai_body(), stream=True)
    next(iter(stream))
    wait_until(lambda: len(upstream.seen) == 2)
    stream.close()
    wait_until(lambda: noticed == [True])
    assert "disconnected" in gateway.recorder.wait_for(1)[0].error


def test_an_upstream_that_knows_no_tools(oai: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """It refuses the request with our tool in it, gets the original, and nothing is looked for in its answer."""

    async def script(seen: Seen, out: Out) -> None:
        if "tools" in seen.json:
            await out.json({"error": {"message": "no tools here", "type": "x", "param": None, "code": None}}, 400)
        else:
            await speak(seen, out, Say(ANSWER), 2)

    upstream.script = script
    said = oai.chat.completions.with_raw_response.create(**openai_body())
    assert said.parse().choices[0].message.content == ANSWER
    assert "answered 400" in said.headers["x-sparing-reason"]
    assert upstream.seen[1].json == openai_body()


def test_nothing_is_offered_by_default(start: Callable[..., RunningGateway], upstream: ScriptedUpstream) -> None:
    """Recall has to be allowed, by the settings or by the request's header; the header wins."""
    plain, allowed = start(policy={"deadline_ms": 20_000}), start(policy=POLICY)
    cases = (
        (plain, {}, False),
        (plain, {"x-sparing-recall": "on"}, True),
        (allowed, {"x-sparing-recall": "off"}, False),
    )
    for gateway, headers, expected in cases:
        for path, body in ((CHAT, openai_body()), (MESSAGES, anthropic_body())):
            request(gateway.url, path, body, headers)
            assert (OUR_CALL in upstream.seen[-1].body.decode()) is expected
    assert request(plain.url, CHAT, openai_body(), {"x-sparing-recall": "maybe"}).status == 400


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
def test_a_recall_leaves_the_next_turns_prefix_alone(
    gateway: RunningGateway, upstream: ScriptedUpstream, path: str
) -> None:
    """The client's history does not know of it, so what was sent for this turn is how the next one begins."""
    body = openai_body() if path == CHAT else anthropic_body()
    model(upstream, asks_once())
    answer = request(gateway.url, path, body).json
    content = answer["choices"][0]["message"]["content"] if path == CHAT else answer["content"]
    said = [{"role": "assistant", "content": content}, {"role": "user", "content": "Thank you. Which worker?"}]
    request(gateway.url, path, body | {"messages": body["messages"] + said})
    first, _, next_turn = upstream.seen
    assert continues(first, next_turn)
