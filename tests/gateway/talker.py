"""A provider that says a text in pieces, in every wire format, and what asks it through a gateway."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from raw_client import CHAT, MESSAGES, Reply, chat, request
from running_gateway import RunningGateway
from scripted_upstream import Out, Seen

from sparing.finish.events import data_of, split_events

GEMINI = "/v1beta/models/gemini-2.5-flash"
SENTENCES = [f"This is the sentence with the number {number} of them. " for number in range(60)]
TEXT = "".join(SENTENCES)
CALL = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
CHAT_USAGE = {"prompt_tokens": 7, "completion_tokens": 700, "total_tokens": 707}
PATHS = {
    "chat": CHAT,
    "anthropic": MESSAGES,
    "responses": "/v1/responses",
    "gemini": f"{GEMINI}:streamGenerateContent?alt=sse",
}


class Talker:
    """A provider that says a text in pieces, as long as somebody listens.

    Attributes:
        said: Pieces that went out.
        left: Whether the other end went away before the last.
    """

    def __init__(self, pieces: list[str]) -> None:
        self.pieces, self.said, self.left = pieces, 0, False

    async def __call__(self, seen: Seen, out: Out) -> None:
        wire = next((name for name, path in PATHS.items() if path == seen.path), "gemini")
        if ":streamGenerateContent" not in seen.path and not seen.json.get("stream"):
            await out.json(whole(wire, "".join(self.pieces)))
            return
        await out.start_events()
        for event in opening(wire):
            await out.event(event, event.get("type", ""))
        for piece in self.pieces:
            await out.event(saying(wire, piece), saying(wire, piece).get("type", ""))
            self.said += 1
            await asyncio.sleep(0.002)
        for event in closing(wire, "".join(self.pieces)):
            await out.event(event, event.get("type", "") if isinstance(event, dict) else "")
        await out.end()


def whole(wire: str, text: str) -> dict[str, Any]:
    usage = {"input_tokens": 7, "output_tokens": 700}
    if wire == "chat":
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        base = {"id": "c1", "object": "chat.completion", "created": 1, "model": "m"}
        return {**base, "choices": [choice], "usage": CHAT_USAGE}
    if wire == "anthropic":
        base = {"id": "m1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn"}
        return {**base, "stop_sequence": None, "content": [{"type": "text", "text": text}], "usage": usage}
    if wire == "responses":
        details = {"input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        return {**response("completed"), "output": [item(text)], "usage": {**usage, "total_tokens": 707, **details}}
    candidate = {"content": {"role": "model", "parts": [{"text": text}]}, "finishReason": "STOP", "index": 0}
    return {"candidates": [candidate], "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 700}}


def response(status: str) -> dict[str, Any]:
    base: dict[str, Any] = {"id": "r1", "object": "response", "created_at": 1, "model": "m", "tools": [], "output": []}
    return base | {"parallel_tool_calls": True, "tool_choice": "auto", "status": status}


def item(text: str) -> dict[str, Any]:
    part = {"type": "output_text", "text": text, "annotations": []}
    return {"type": "message", "id": "i1", "role": "assistant", "status": "completed", "content": [part]}


PLACE = {"item_id": "i1", "output_index": 0, "content_index": 0}


def opening(wire: str) -> list[dict[str, Any]]:
    if wire == "anthropic":
        message = {**whole(wire, ""), "content": [], "stop_reason": None}
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        return [{"type": "message_start", "message": message}, block]
    if wire == "responses":
        part = {"type": "output_text", "text": "", "annotations": []}
        return [
            {"type": "response.created", "sequence_number": 0, "response": response("in_progress")},
            {
                "type": "response.output_item.added",
                "sequence_number": 1,
                "output_index": 0,
                "item": {**item(""), "status": "in_progress", "content": []},
            },
            {"type": "response.content_part.added", "sequence_number": 2, "part": part, **PLACE},
        ]
    return []


def saying(wire: str, piece: str) -> dict[str, Any]:
    if wire == "anthropic":
        return {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": piece}}
    if wire == "responses":
        return {"type": "response.output_text.delta", "sequence_number": 3, "delta": piece, "logprobs": [], **PLACE}
    if wire == "gemini":
        return {"candidates": [{"content": {"role": "model", "parts": [{"text": piece}]}, "index": 0}]}
    choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
    return {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def closing(wire: str, text: str) -> list[Any]:
    if wire == "anthropic":
        delta = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
        usage = {"usage": {"output_tokens": 700}}
        return [{"type": "content_block_stop", "index": 0}, {**delta, **usage}, {"type": "message_stop"}]
    if wire == "responses":
        part = item(text)["content"][0]
        return [
            {"type": "response.output_text.done", "sequence_number": 6, "text": text, "logprobs": [], **PLACE},
            {"type": "response.content_part.done", "sequence_number": 7, "part": part, **PLACE},
            {"type": "response.output_item.done", "sequence_number": 8, "output_index": 0, "item": item(text)},
            {"type": "response.completed", "sequence_number": 9, "response": whole(wire, text)},
        ]
    if wire == "gemini":
        return [{**whole(wire, ""), "modelVersion": "m"}]
    last = {"index": 0, "delta": {}, "finish_reason": "stop"}
    return [
        {**saying("chat", ""), "choices": [last]},
        {**saying("chat", ""), "choices": [], "usage": CHAT_USAGE},
        "[DONE]",
    ]


def pieces(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")]


def ask(gateway: RunningGateway, wire: str, *, stream: bool, headers: Mapping[str, str], says: str = "hi") -> Reply:
    path = PATHS[wire] if stream or wire != "gemini" else f"{GEMINI}:generateContent"
    bodies: dict[str, dict[str, Any]] = {
        "chat": chat(says, stream=stream),
        "anthropic": chat(says, stream=stream, max_tokens=4000),
        "responses": {"model": "gpt-4o", "input": says, "stream": stream},
        "gemini": {"contents": [{"role": "user", "parts": [{"text": says}]}]},
    }
    return request(gateway.url, path, bodies[wire], headers)


def texts_of(wire: str, reply: Reply) -> str:
    """All text of a stream."""
    said = ""
    for event in split_events(reply.body):
        data: Any = data_of(event)
        if not isinstance(data, dict):
            continue
        if wire == "chat":
            said += "".join(choice["delta"].get("content") or "" for choice in data["choices"])
        elif wire == "gemini":
            said += "".join(part["text"] for part in data["candidates"][0]["content"]["parts"])
        elif data["type"] == "content_block_delta":
            said += data["delta"]["text"]
        elif data["type"] == "response.output_text.delta":
            said += data["delta"]
    return said
