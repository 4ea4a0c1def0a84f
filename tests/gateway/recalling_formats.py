"""What the model of `recalling_model` says in the wire formats of OpenAI's Responses and of Gemini."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recalling_model import Say


def responses_whole(say: Say, number: int) -> dict[str, Any]:
    """A thought, a message where there is a text, and the calls."""
    output: list[dict[str, Any]] = [
        {"id": f"rs{number}", "type": "reasoning", "summary": [], "encrypted_content": f"secret {number}"}
    ]
    if say.text:
        part = {"type": "output_text", "text": say.text, "annotations": []}
        message = {"id": f"msg{number}", "type": "message", "role": "assistant", "status": "completed"}
        output.append({**message, "content": [part]})
    for index, (name, arguments) in enumerate(say.calls):
        call = {"id": f"fc{number}{index}", "type": "function_call", "call_id": f"t{number}{index}"}
        output.append({**call, "name": name, "arguments": arguments, "status": "completed"})
    usage = {
        "input_tokens": 100 + number,
        "input_tokens_details": {"cached_tokens": 2 * number},
        "output_tokens": 10,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 110 + number,
    }
    ended: dict[str, Any] = {"status": "completed"}
    if say.finish:
        ended = {"status": "incomplete", "incomplete_details": {"reason": f"{say.finish}: max_output_tokens"}}
    base = {"id": f"resp{number}", "object": "response", "created_at": number, "model": "scripted", "tools": []}
    return {**base, "parallel_tool_calls": True, "tool_choice": "auto", **ended, "output": output, "usage": usage}


def responses_events(say: Say, number: int) -> Iterator[tuple[Any, str]]:
    yield from events_of(responses_whole(say, number))


def events_of(whole: dict[str, Any]) -> Iterator[tuple[Any, str]]:
    """A response as it is streamed."""
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    kinds: list[dict[str, Any]] = [
        {"type": "response.created", "response": begun},
        {"type": "response.in_progress", "response": begun},
    ]
    for index, item in enumerate(whole["output"]):
        kinds += _item_events(item, {"output_index": index})
    kinds.append({"type": f"response.{whole['status']}", "response": whole})
    for at, event in enumerate(kinds):
        yield {**event, "sequence_number": at}, event["type"]


def _item_events(item: dict[str, Any], place: dict[str, Any]) -> list[dict[str, Any]]:
    from recalling_model import pieces

    named = {"item_id": item["id"], **place}
    begun, middle = {**item}, []
    if item["type"] == "message":
        begun["content"] = []
        (part,) = item["content"]
        inner = {**named, "content_index": 0}
        middle = [{"type": "response.content_part.added", "part": {**part, "text": ""}, **inner}]
        middle += [
            {"type": "response.output_text.delta", "delta": piece, "logprobs": [], **inner}
            for piece in pieces(part["text"])
        ]
        middle += [{"type": "response.output_text.done", "text": part["text"], "logprobs": [], **inner}]
        middle += [{"type": "response.content_part.done", "part": part, **inner}]
    elif item["type"] == "function_call":
        begun["arguments"] = ""
        kind = "response.function_call_arguments"
        middle = [{"type": f"{kind}.delta", "delta": piece, **named} for piece in pieces(item["arguments"])]
        middle += [{"type": f"{kind}.done", "arguments": item["arguments"], "name": item["name"], **named}]
    start = {"type": "response.output_item.added", "item": begun, **place}
    return [start, *middle, {"type": "response.output_item.done", "item": item, **place}]


def gemini_parts(say: Say, number: int) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = [{"text": f"thought {number}", "thought": True}]
    parts += [{"text": say.text}] if say.text else []
    for index, (name, arguments) in enumerate(say.calls):
        signed = {"thoughtSignature": f"c2lnbmV{number}"} if index == 0 else {}
        parts.append({"functionCall": {"name": name, "args": _object(arguments)}, **signed})
    return parts


def gemini_whole(say: Say, number: int, parts: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    content = {"role": "model", "parts": gemini_parts(say, number) if parts is None else parts}
    finish = "MAX_TOKENS" if say.finish else "STOP"
    usage = {
        "promptTokenCount": 100 + number,
        "candidatesTokenCount": 10,
        "totalTokenCount": 110 + number,
        "cachedContentTokenCount": 2 * number,
    }
    candidate = {"content": content, "finishReason": finish, "index": 0}
    return {
        "candidates": [candidate],
        "modelVersion": "scripted",
        "responseId": f"r{number}",
        "usageMetadata": usage,
    }


def gemini_events(say: Say, number: int) -> Iterator[tuple[Any, str]]:
    from recalling_model import pieces

    whole = gemini_whole(say, number, [{"text": ""}])
    for part in gemini_parts(say, number):
        cut = [{**part, "text": piece} for piece in pieces(part["text"])] if "text" in part else [part]
        for piece in cut:
            candidate = {"content": {"role": "model", "parts": [piece]}, "index": 0}
            yield {**whole, "candidates": [candidate]}, ""
    yield whole, ""


def _object(arguments: str) -> Any:
    try:
        return json.loads(arguments)
    except ValueError:
        return arguments  # what no API sends; a test may
