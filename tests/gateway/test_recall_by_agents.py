"""Recall in OpenAI's Responses and in Gemini: the providers' own clients see one answer and no trace of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import openai
import pytest
from agents import AGENTS, Agent, Turn
from google.genai import errors
from raw_client import request
from recalling_model import OUR_CALL, THEIR_CALL, Say, conversation_in, handle_in, recall, speak
from running_gateway import RunningGateway
from scripted_upstream import Out, ScriptedUpstream, Seen
from test_end_to_end import LOG, QUESTION

from sparing.finish.own_calls import MOST_TURNS, NO_MORE, NOT_RUN
from sparing.finish.recall import UNKNOWN

WIRES = ("openai.responses", "gemini")
SAID, ANSWER = "Let me look that up.", "Payment 7731, because the card had expired. 🂡"
NO_ARGUMENTS: dict[str, Any] = {"type": "object", "properties": {}}
TOOLS = [("read_log", "Reads the log.", NO_ARGUMENTS), (THEIR_CALL, "Looks.", NO_ARGUMENTS)]
POLICY = {"recall": True, "deadline_ms": 20_000}
Talk = Callable[[Seen], Say]


def model(upstream: ScriptedUpstream, *talk: Talk) -> None:
    """Have the model read the log first, and then say these; the last of them again and again."""

    async def script(seen: Seen, out: Out) -> None:
        number = len(upstream.seen)
        say = Say("", [("read_log", "{}")]) if number == 1 else talk[min(number - 2, len(talk) - 1)](seen)
        await speak(seen, out, say, number)

    upstream.script = script


def asks(text: str = SAID, *others: tuple[str, str], **more: Any) -> Talk:
    return lambda seen: Say(text, [*others, recall(handle_in(seen), **more)])


def answers(_seen: Seen) -> Say:
    return Say(ANSWER)


@pytest.fixture
def gateway(start: Callable[..., RunningGateway]) -> RunningGateway:
    return start(policy=POLICY)


@pytest.fixture(params=[(wire, stream) for wire in WIRES for stream in (False, True)], ids=str)
def agent(request: pytest.FixtureRequest, gateway: RunningGateway) -> Agent:
    wire, stream = request.param
    return AGENTS[wire](gateway.url, TOOLS, stream)


def asked(agent: Agent) -> Turn:
    """The turn in which the log has come."""
    return agent.give(agent.ask(QUESTION), LOG)


def results_in(seen: Seen) -> list[str]:
    """What the calls of the last answer gave."""
    conversation = conversation_in(seen)
    if "contents" in seen.json:
        return [part["functionResponse"]["response"]["result"] for part in conversation[-1]["parts"]]
    calls = {item["call_id"] for item in conversation if item.get("type") == "function_call"}
    given = [item for item in conversation if item.get("type") == "function_call_output"]
    assert {item["call_id"] for item in given} == calls, "every call has its result"
    return [item["output"] for item in given[1:]]


def continues(first: Seen, second: Seen) -> bool:
    """Whether a follow-up is the request before it with something added in one place, at the end of the conversation."""
    same = next(n for n, (a, b) in enumerate(zip(first.body, second.body, strict=False)) if a != b)
    rest = first.body[same:]
    return rest.startswith(b"]") and second.body.endswith(rest)


def usage_of(agent: Agent, turn: Turn) -> tuple[int, int, int]:
    if isinstance(agent, AGENTS["gemini"]):
        used = turn.raw[1][-1].usage_metadata
        return used.prompt_token_count, used.cached_content_token_count, used.candidates_token_count
    used = turn.raw.usage
    return used.input_tokens, used.input_tokens_details.cached_tokens, used.output_tokens


def test_one_answer(agent: Agent, gateway: RunningGateway, upstream: ScriptedUpstream) -> None:
    """The call is answered from the request itself; the client sees what was said before it and after it, as one."""
    model(upstream, asks(), answers)
    turn = asked(agent)
    assert turn.text.replace("\n\n", "") == SAID + ANSWER
    assert turn.calls == []
    assert usage_of(agent, turn) == (205, 10, 20)
    _, first, second = upstream.seen
    assert continues(first, second), "what the provider cached is still the beginning"
    assert "[part 1 of " in results_in(second)[0]
    receipt = gateway.recorder.wait_for(2)[1]
    assert (receipt.extra_turns, receipt.usage_input_tokens, receipt.usage_output_tokens) == (1, 205, 20)
    assert 1_000 < receipt.recalled_tokens < 2_100


def test_the_next_turn(agent: Agent, upstream: ScriptedUpstream) -> None:
    """The client's history does not know of the recall, and goes on from what was sent before it."""
    model(upstream, asks(""), answers)
    asked(agent)
    agent.ask("Thank you. Which worker?")
    _, first, second, third = upstream.seen
    assert OUR_CALL in json.dumps(conversation_in(second)[-2:])
    assert f'"{OUR_CALL}"' not in json.dumps(conversation_in(third))
    assert continues(first, third)


def test_with_the_clients_tools(agent: Agent, upstream: ScriptedUpstream) -> None:
    """Called in one answer, the client's are told to be called again, and reach it once."""
    look = (THEIR_CALL, "{}")
    model(upstream, asks("", look), lambda _seen: Say("Now.", [look]))
    turn = asked(agent)
    assert turn.calls == [(THEIR_CALL, {})]
    assert turn.text == "Now."
    first_of_them, ours = results_in(upstream.seen[-1])
    assert first_of_them == NOT_RUN
    assert "[part 1 of " in ours
    agent.give(turn, "seen")
    assert results_in(upstream.seen[-1])[-1] == "seen"


def test_a_model_that_never_stops_asking(agent: Agent, upstream: ScriptedUpstream) -> None:
    """It is answered some times, told once that there is no more, and then the answer ends."""
    model(upstream, asks("Again.", about="the worker"))
    turn = asked(agent)
    assert turn.text.replace("\n", "") == "Again." * (MOST_TURNS + 2)
    assert turn.calls == []
    assert len(upstream.seen) == MOST_TURNS + 3
    assert results_in(upstream.seen[-1])[-1] == NO_MORE
    assert NO_MORE not in results_in(upstream.seen[-2])


def test_an_upstream_that_fails_when_asked_again(agent: Agent, upstream: ScriptedUpstream) -> None:
    """Its own error reaches the client."""

    async def script(seen: Seen, out: Out) -> None:
        if len(upstream.seen) < 3:
            calls = [("read_log", "{}")] if len(upstream.seen) == 1 else [recall(handle_in(seen))]
            await speak(seen, out, Say(SAID, calls), 1)
        else:
            await out.json({"error": {"code": 429, "message": "too many", "type": "x", "status": "RESOURCE"}}, 429)

    upstream.script = script
    with pytest.raises((openai.APIError, errors.APIError), match=r"429|too many"):
        asked(agent)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_without_our_call_passes_byte_for_byte(
    gateway: RunningGateway, upstream: ScriptedUpstream, wire: str, stream: bool
) -> None:
    """Also when the client's own tools are called."""
    model(upstream, lambda _seen: Say(ANSWER, [(THEIR_CALL, "{}"), (THEIR_CALL, "{}")]))
    asked(AGENTS[wire](gateway.url, TOOLS, stream))
    body, path = upstream.seen[1].json, upstream.seen[1].path
    with_recall = request(gateway.url, path, body)
    assert f'"{OUR_CALL}"'.encode() in upstream.seen[-1].body
    del upstream.seen[2:]
    without = request(gateway.url, path, body, {"x-sparing-recall": "off"})
    assert with_recall.body == without.body


@pytest.fixture
def oai(gateway: RunningGateway) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="caller", max_retries=0, timeout=20) as client:
        yield client


CALLED: list[Any] = [
    {"role": "user", "content": QUESTION},
    {"type": "function_call", "call_id": "c1", "name": "read_log", "arguments": "{}"},
    {"type": "function_call_output", "call_id": "c1", "output": LOG},
]


def say_in_turn(upstream: ScriptedUpstream, *talk: Talk) -> None:
    async def script(seen: Seen, out: Out) -> None:
        await speak(seen, out, talk[len(upstream.seen) - 1](seen), len(upstream.seen))

    upstream.script = script


def test_events_of_one_response(oai: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """One beginning and one end, events and items numbered through, every item whole."""
    look = (THEIR_CALL, "{}")
    say_in_turn(upstream, asks(), asks("And? "), lambda _seen: Say(ANSWER, [look, look]))
    events = list(oai.responses.create(model="gpt-5", input=CALLED, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    assert kinds[:2] == ["response.created", "response.in_progress"]
    assert kinds.count("response.created") == kinds.count("response.completed") == 1
    final = events[-1].response
    items = [event.item for event in events if event.type == "response.output_item.done"]
    assert [event.output_index for event in events if event.type == "response.output_item.done"] == list(range(8))
    assert [item.id for item in items] == [item.id for item in final.output]
    kinds_of_items = ["reasoning", "message"] * 3 + ["function_call"] * 2
    assert [item.type for item in final.output] == kinds_of_items
    assert OUR_CALL not in final.to_json(), "no trace of it"
    assert final.id == events[0].response.id == "resp1", "a client takes no other id at the end than at the beginning"


@pytest.mark.parametrize("stream", [False, True])
def test_the_id_to_go_on_from(oai: openai.OpenAI, upstream: ScriptedUpstream, stream: bool) -> None:
    """That of the last answer, with nothing of those before it that said nothing, not even a thought."""
    say_in_turn(upstream, asks(""), asks(""), answers)
    if stream:
        with oai.responses.stream(model="gpt-5", input=CALLED) as events:
            said: Any = events.get_final_response()
    else:
        said = oai.responses.create(model="gpt-5", input=CALLED, previous_response_id="resp0")
    assert (said.id, said.output_text) == ("resp3", ANSWER)
    assert [item.id for item in said.output] == ["rs3", "msg3"]
    assert {seen.json.get("previous_response_id") for seen in upstream.seen} == {None if stream else "resp0"}


@pytest.mark.parametrize("store", [False, True])
def test_what_the_provider_does_not_keep(oai: openai.OpenAI, upstream: ScriptedUpstream, store: bool) -> None:
    """Without a store the items go back as they are, without ids, which nobody would know."""
    say_in_turn(upstream, asks(), answers)
    oai.responses.create(model="gpt-5", input=CALLED, store=store)
    thought, message, call, _ = upstream.seen[1].json["input"][3:]
    assert thought["encrypted_content"] == "secret 1"
    assert message["content"][0]["text"] == SAID
    assert call["name"] == OUR_CALL
    assert [("id" in item) for item in (thought, message, call)] == [store] * 3


def test_input_that_is_a_string(oai: openai.OpenAI, upstream: ScriptedUpstream) -> None:
    """It becomes what it stands for, a message."""
    say_in_turn(upstream, lambda _seen: Say("", [recall("0123456789")]), answers)
    assert oai.responses.create(model="gpt-5", input="Say “hi”.").output_text == ANSWER
    assert upstream.seen[1].json["input"][0] == {"role": "user", "content": "Say “hi”."}
    assert upstream.seen[1].json["input"][-1]["output"] == UNKNOWN


@pytest.mark.parametrize(
    "options", [{"background": True}, {"conversation": "conv_1"}, {"previous_response_id": "resp0", "stream": True}]
)
def test_not_offered_where_the_provider_goes_on_by_itself(
    oai: openai.OpenAI, upstream: ScriptedUpstream, options: dict[str, Any]
) -> None:
    """Answers that are fetched later, conversations that the provider keeps, and streams in a chain."""
    say_in_turn(upstream, answers)
    oai.responses.create(model="gpt-5", input=CALLED, **options)
    assert OUR_CALL.encode() not in upstream.seen[0].body
