"""What servers of the OpenAI format do differently, and how an answer with our call in it is still made one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sparing.finish.loops.openai_chat import OpenAIChatLoop
from sparing.own_tools import RECALL

BODY = b'{"messages":[{"role":"user","content":"q"}],"model":"m"}'


def call(name: str = RECALL.name, **more: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "arguments": '{"handle":"0123456789"}'}, **more}


def sent(loop: OpenAIChatLoop, *chunks: Any) -> list[Any]:
    """What the client gets of these chunks."""
    events = [f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n".encode() for one in chunks]
    shown = b"".join(map(loop.event, events)).decode()
    data = [line.removeprefix("data: ") for line in shown.split("\n\n") if line]
    return [one if one == "[DONE]" else json.loads(one) for one in data]


def chunk(delta: Any, finish: str | None = None, **more: Any) -> dict[str, Any]:
    return {"id": "c1", "created": 1, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], **more}


def begun() -> OpenAIChatLoop:
    return OpenAIChatLoop(frozenset({RECALL.name}))


def test_all_in_one_chunk() -> None:
    """Text, call, finish reason and usage at once: the text is for the client, the rest waits."""
    loop = begun()
    everything = chunk(
        {"role": "assistant", "content": "Hm.", "tool_calls": [call(id="a")]}, "tool_calls", usage={"n": 1}
    )
    (only,) = sent(loop, everything, "[DONE]")
    assert only["choices"] == [{"index": 0, "delta": {"role": "assistant", "content": "Hm."}, "finish_reason": None}]
    assert "usage" not in only
    assert [made.id for made in loop.calls] == ["a"]
    loop.follow_up(BODY, ["found"])
    assert sent(loop, chunk({"content": "So."}, "stop", usage={"n": 2}))[0]["usage"] == {"n": 3}


def test_every_call_has_the_same_index() -> None:
    """Calls are then told apart by their ids."""
    loop = begun()
    calls = chunk({"tool_calls": [call(id="a", index=0), call("look", id="b", index=0), call("see", id="c", index=0)]})
    (only,) = sent(loop, calls)
    assert [made["id"] for made in only["choices"][0]["delta"]["tool_calls"]] == ["b", "c"]
    assert loop.calls == ()


def test_no_index_at_all() -> None:
    """Each call whole, in one chunk."""
    loop = begun()
    assert sent(loop, chunk({"tool_calls": [call(id="a"), call(id="b")]}), chunk({}, "stop")) == []
    assert [made.id for made in loop.calls] == ["a", "b"]


def test_no_finish_reason() -> None:
    """The end of the stream is then the end of the answer."""
    loop = begun()
    assert sent(loop, chunk({"tool_calls": [call(id="a", index=0)]}), "[DONE]") == []
    assert [made.id for made in loop.calls] == ["a"]


def test_a_first_chunk_without_an_id() -> None:
    """As one server sends before its model says anything: the client keeps the id of the first that has one."""
    loop = begun()
    first = {"id": "", "choices": [], "prompt_filter_results": []}
    assert sent(loop, first, chunk({"tool_calls": [call(id="a")]}, "tool_calls")) == [first]
    loop.follow_up(BODY, ["found"])
    (then,) = sent(loop, {**chunk({"content": "So."}), "id": "c2", "created": 2})
    assert (then["id"], then["created"]) == ("c1", 1)


def test_reasoning_is_given_back() -> None:
    """What a model thought before its call goes with the call; other fields of the call too."""
    loop = begun()
    signed = call(id="a", index=0, extra_content={"google": {"thought_signature": "s"}})
    thoughts = (chunk({"role": "assistant", "reasoning_content": "Let "}), chunk({"reasoning_content": "me see"}))
    sent(loop, *thoughts, chunk({"tool_calls": [signed]}), chunk({}, "tool_calls"))
    said = json.loads(loop.follow_up(BODY, ["found"]))["messages"][1]
    assert said["reasoning_content"] == "Let me see"
    assert said["tool_calls"][0]["extra_content"] == {"google": {"thought_signature": "s"}}
    assert set(said["tool_calls"][0]) == {"id", "type", "function", "extra_content"}
    (then,) = sent(loop, chunk({"role": "assistant", "reasoning_content": "And"}))
    assert then["choices"][0]["delta"] == {"reasoning_content": "\n\nAnd"}


@pytest.mark.parametrize("finish", ["length", "content_filter"])
def test_cut_short(finish: str) -> None:
    """Half a call is not answered, whole or streamed; why it ended stays."""
    loop = begun()
    shown = sent(loop, chunk({"tool_calls": [call(id="a", index=0)]}), chunk({}, finish), "[DONE]")
    assert [one["choices"][0]["finish_reason"] for one in shown[:-1]] == [finish]
    assert loop.calls == ()
    message = {"role": "assistant", "content": None, "tool_calls": [call(id="a")]}
    whole = json.dumps({"id": "c", "choices": [{"message": message, "finish_reason": finish}]}).encode()
    assert json.loads(begun().whole(whole))["choices"] == [
        {"message": {"role": "assistant", "content": None}, "finish_reason": finish}
    ]


def test_half_a_character() -> None:
    """Half of a surrogate pair in one chunk, half in the next: neither is lost, in what is said or in what is sent on."""
    loop = begun()
    sent(
        loop, chunk({"content": "\ud83d"}), chunk({"content": "\ude00"}), chunk({"tool_calls": [call(id="a")]}, "stop")
    )
    body = loop.follow_up(BODY, ["found"])
    assert json.loads(body)["messages"][1]["content"] == "\U0001f600"
    shown = sent(loop, chunk({"content": "\ud83d"}), chunk({"content": "\ude00"}))
    assert [one["choices"][0]["delta"]["content"] for one in shown] == ["\n\n\ud83d", "\ude00"]
