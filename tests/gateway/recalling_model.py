"""A provider's model that calls `sparing_recall` before it answers, in every wire format, streamed and not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from raw_client import MESSAGES
from recalling_formats import gemini_events, gemini_whole, responses_events, responses_whole
from scripted_upstream import Out, ScriptedUpstream, Seen

OUR_CALL, THEIR_CALL = "sparing_recall", "look"
_MARK = re.compile(r"more: sparing_recall\(([0-9a-f]{10})\)")


Events = Callable[["Say", int], Iterable[tuple[Any, str]]]
Whole = Callable[["Say", int], dict[str, Any]]


@dataclass
class Say:
    """What the model says in one answer: a text, then calls (name, arguments)."""

    text: str = ""
    calls: list[tuple[str, str]] = field(default_factory=list)
    finish: str = ""


def conversation_in(seen: Seen) -> list[Any]:
    """The conversation in the request, whatever its wire format calls it."""
    conversation: list[Any] = next(seen.json[key] for key in ("messages", "input", "contents") if key in seen.json)
    return conversation


def handle_in(seen: Seen) -> str:
    """The handle of the first mark in the request."""
    found = _MARK.search(json.dumps(conversation_in(seen), ensure_ascii=False))
    assert found, "no mark in what was sent"
    return found[1]


def recall(handle: str, **more: Any) -> tuple[str, str]:
    return OUR_CALL, json.dumps({"handle": handle, **more})


async def speak(seen: Seen, out: Out, say: Say, number: int) -> None:
    """Answer in the request's own wire format. `number` tells the answers of one model apart."""
    events, whole = _said_on(seen.path)
    if seen.json.get("stream") or "alt=sse" in seen.path:
        await out.start_events()
        for event, name in events(say, number):
            await out.event(event, name)
        await out.end()
    else:
        await out.json(whole(say, number))


def _said_on(path: str) -> tuple[Events, Whole]:
    if path == "/v1/messages":
        return anthropic_events, anthropic_whole
    if path == "/v1/responses":
        return responses_events, responses_whole
    return (gemini_events, gemini_whole) if "enerateContent" in path else (openai_events, openai_whole)


def pieces(text: str, size: int = 4) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


def openai_usage(number: int) -> dict[str, Any]:
    cached = {"cached_tokens": 2 * number}
    return {
        "prompt_tokens": 100 + number,
        "completion_tokens": 10,
        "total_tokens": 110 + number,
        "prompt_tokens_details": cached,
    }


def openai_events(say: Say, number: int) -> Iterable[tuple[Any, str]]:
    base = {"id": f"c{number}", "object": "chat.completion.chunk", "created": number, "model": "scripted"}

    def chunk(delta: dict[str, Any], finish: str | None = None) -> tuple[Any, str]:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": finish}], "usage": None}, ""

    yield chunk({"role": "assistant", "content": ""})
    for piece in pieces(say.text):
        yield chunk({"content": piece})
    for index, (name, arguments) in enumerate(say.calls):
        opening = {"id": f"t{number}{index}", "type": "function", "function": {"name": name, "arguments": ""}}
        yield chunk({"tool_calls": [{"index": index, **opening}]})
        for piece in pieces(arguments):
            yield chunk({"tool_calls": [{"index": index, "function": {"arguments": piece}}]})
    yield chunk({}, say.finish or ("tool_calls" if say.calls else "stop"))
    yield {**base, "choices": [], "usage": openai_usage(number)}, ""
    yield "[DONE]", ""


def openai_whole(say: Say, number: int) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": say.text or None, "refusal": None}
    if say.calls:
        message["tool_calls"] = [
            {"id": f"t{number}{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
            for index, (name, arguments) in enumerate(say.calls)
        ]
    finish = say.finish or ("tool_calls" if say.calls else "stop")
    choice = {"index": 0, "message": message, "finish_reason": finish}
    base = {"id": f"c{number}", "object": "chat.completion", "created": number, "model": "scripted"}
    return {**base, "choices": [choice], "usage": openai_usage(number)}


def anthropic_usage(number: int) -> dict[str, Any]:
    return {"input_tokens": 100 + number, "cache_read_input_tokens": 2 * number, "output_tokens": 10}


def anthropic_blocks(say: Say, number: int) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = [{"type": "thinking", "thinking": f"thought {number}", "signature": f"s{number}"}]
    blocks += [{"type": "text", "text": say.text}] if say.text else []
    blocks += [
        {"type": "tool_use", "id": f"t{number}{index}", "name": name, "input": _object(arguments)}
        for index, (name, arguments) in enumerate(say.calls)
    ]
    return blocks


def anthropic_whole(say: Say, number: int) -> dict[str, Any]:
    stop = say.finish or ("tool_use" if say.calls else "end_turn")
    base = {"id": f"m{number}", "type": "message", "role": "assistant", "model": "scripted", "stop_sequence": None}
    content = anthropic_blocks(say, number)
    return {**base, "content": content, "stop_reason": stop, "usage": anthropic_usage(number)}


def anthropic_events(say: Say, number: int) -> Iterable[tuple[Any, str]]:
    whole = anthropic_whole(say, number)
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    yield {"type": "message_start", "message": start}, "message_start"
    yield {"type": "ping"}, "ping"
    calls = iter(say.calls)
    for index, block in enumerate(whole["content"]):
        opening, deltas = _block_events(block, next(calls)[1] if block["type"] == "tool_use" else "")
        yield {"type": "content_block_start", "index": index, "content_block": opening}, "content_block_start"
        for delta in deltas:
            yield {"type": "content_block_delta", "index": index, "delta": delta}, "content_block_delta"
        yield {"type": "content_block_stop", "index": index}, "content_block_stop"
    delta = {"stop_reason": whole["stop_reason"], "stop_sequence": None}
    usage = {"output_tokens": 10}
    yield {"type": "message_delta", "delta": delta, "usage": usage}, "message_delta"
    yield {"type": "message_stop"}, "message_stop"


def _block_events(block: dict[str, Any], arguments: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    match block["type"]:
        case "text":
            return {"type": "text", "text": ""}, [{"type": "text_delta", "text": p} for p in pieces(block["text"])]
        case "thinking":
            deltas = [{"type": "thinking_delta", "thinking": p} for p in pieces(block["thinking"])]
            signed = {"type": "signature_delta", "signature": block["signature"]}
            return {"type": "thinking", "thinking": "", "signature": ""}, [*deltas, signed]
    deltas = [{"type": "input_json_delta", "partial_json": p} for p in ("", *pieces(arguments))]
    return {**block, "input": {}}, deltas


def _object(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments  # what no API sends; a test may


Talk = Callable[[Seen, int], Say]
LOST = "2026-03-01 10:00:55 INFO worker 0 took job 595 in 12 ms"
POLICY = {"recall": True, "deadline_ms": 20_000}


def model(upstream: ScriptedUpstream, talk: Talk) -> None:
    """Have the provider's model say what `talk` makes of each request."""

    async def script(seen: Seen, out: Out) -> None:
        number = len(upstream.seen)
        await speak(seen, out, talk(seen, number), number)

    upstream.script = script


def results_in(seen: Seen) -> list[str]:
    """What our tool gave back in a follow-up request."""
    messages = seen.json["messages"]
    if seen.path == MESSAGES:
        return [block["content"] for block in messages[-1]["content"]]
    said = next(at for at in range(len(messages) - 1, -1, -1) if messages[at]["role"] == "assistant")
    return [message["content"] for message in messages[said + 1 :]]
