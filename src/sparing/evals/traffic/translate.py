"""A request in OpenAI's form as an application would send it to Anthropic, with cache breakpoints or without."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from sparing.evals.traffic.bodies import encode
from sparing.evals.traffic.conversation import Conversation, Json

_MARK = {"cache_control": {"type": "ephemeral"}}
_MAX_TOKENS = 4096


def to_anthropic(body: bytes, model: str, *, marks: bool) -> bytes:
    """The same request for Anthropic's Messages API.

    Args:
        marks: Set a breakpoint behind the system prompt and one behind the newest message, as agents do.
    """
    request = json.loads(body)
    messages = list(_merged(message for message in request["messages"] if message["role"] not in _SYSTEM))
    system = [block for m in request["messages"] if m["role"] in _SYSTEM for block in _blocks(m)]
    if marks:
        for blocks in (system, messages[-1]["content"]):
            if blocks:
                blocks[-1] = {**blocks[-1], **_MARK}
    made: dict[str, Any] = {"model": model, "max_tokens": _MAX_TOKENS}
    if request.get("tools"):
        made["tools"] = [_tool(tool["function"]) for tool in request["tools"]]
    if system:
        made["system"] = system
    return encode({**made, "messages": messages})


def as_anthropic(conversation: Conversation, model: str, *, marks: bool) -> Conversation:
    """A whole conversation in OpenAI's form, likewise."""
    turns = (replace(turn, body=to_anthropic(turn.body, model, marks=marks)) for turn in conversation.turns)
    return Conversation(conversation.id, "anthropic.messages", tuple(turns))


def as_model(conversation: Conversation, model: str) -> Conversation:
    """The same requests to another model."""
    turns = (replace(turn, body=encode({**json.loads(turn.body), "model": model})) for turn in conversation.turns)
    return replace(conversation, turns=tuple(turns))


_SYSTEM = ("system", "developer")


def _merged(messages: Iterator[Json]) -> Iterator[dict[str, Any]]:
    """Messages as blocks; those of one role in a row are one message."""
    made: dict[str, Any] | None = None
    for message in messages:
        role = "assistant" if message["role"] == "assistant" else "user"
        if made is not None and made["role"] == role:
            made["content"] += _blocks(message)
            continue
        if made is not None:
            yield made
        made = {"role": role, "content": _blocks(message)}
    if made is not None:
        yield made


def _blocks(message: Json) -> list[Json]:
    content = message.get("content") or ""
    if message["role"] == "tool":
        return [{"type": "tool_result", "tool_use_id": message.get("tool_call_id", ""), "content": content}]
    blocks: list[Json] = content if isinstance(content, list) else [_text(content)] if content else []
    blocks = list(blocks)
    for call in message.get("tool_calls") or ():
        function = call["function"]
        blocks.append({"type": "tool_use", "id": call["id"], "name": function["name"], "input": _input(function)})
    return blocks or [_text("(nothing)")]


def _input(function: Json) -> Any:
    """Arguments as an object; a model now and then writes some that are not JSON."""
    try:
        return json.loads(function["arguments"])
    except ValueError:
        return {"arguments": function["arguments"]}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _tool(function: Json) -> Json:
    return {"name": function["name"], "description": function["description"], "input_schema": function["parameters"]}
