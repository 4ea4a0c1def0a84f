"""Models that need no network: one that answers what it is told, one that replays what was recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import msgspec

from sparing.core.upstream import Answer, Call
from sparing.errors import UpstreamUnreachable

Reply = Callable[[Call], str]


@dataclass(frozen=True, slots=True)
class CannedAnswer:
    """An answer that is already there. Implements `core.upstream.Answer`."""

    status: int
    headers: Mapping[str, str]
    pieces: tuple[bytes, ...]

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class FakeModel:
    """Answers every call with `reply`, in the call's wire format, streamed a word at a time if asked to.

    Attributes:
        reply: The text of the answer, or a function of the call.
        calls: Every call received, oldest first.
    """

    reply: str | Reply = "ok"
    calls: list[Call] = field(default_factory=list)

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        text = self.reply if isinstance(self.reply, str) else self.reply(call)
        write = _WRITERS.get(call.wire, _openai)
        pieces = write(text, call)
        kind = "text/event-stream" if call.stream else "application/json"
        return CannedAnswer(200, {"content-type": kind}, tuple(pieces))

    async def aclose(self) -> None:
        """Nothing to give back."""


@dataclass
class ReplayModel:
    """Replays answers recorded in a folder; a call that was never recorded is an error, not a guess.

    With `record_from` set, unknown calls go there and their answers are kept for the next time.
    """

    folder: Path
    record_from: FakeModel | None = None

    async def send(self, call: Call) -> Answer:
        file = self.folder / f"{sha256(call.path.encode() + b' ' + call.body).hexdigest()[:32]}.json"
        if file.is_file():
            return msgspec.json.decode(file.read_bytes(), type=_Recorded).answer()
        if self.record_from is None:
            raise UpstreamUnreachable(f"no recorded answer for this call in {self.folder}", provider="replay")
        answer = await self.record_from.send(call)
        pieces = [piece async for piece in answer.chunks()]
        recorded = _Recorded(answer.status, dict(answer.headers), pieces)
        self.folder.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(recorded))
        return recorded.answer()

    async def aclose(self) -> None:
        """Nothing to give back."""


class _Recorded(msgspec.Struct, frozen=True):
    status: int
    headers: dict[str, str]
    pieces: list[bytes]

    def answer(self) -> CannedAnswer:
        return CannedAnswer(self.status, self.headers, tuple(self.pieces))


def _openai(text: str, call: Call) -> list[bytes]:
    shared: dict[str, object] = {"id": "chatcmpl-fake", "created": 0, "model": call.model or "fake"}
    usage = {"prompt_tokens": 1, "completion_tokens": len(text.split()), "total_tokens": 1 + len(text.split())}
    if not call.stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}
        return [msgspec.json.encode({**shared, "object": "chat.completion", "choices": [choice], "usage": usage})]
    deltas: list[dict[str, str]] = [{"role": "assistant", "content": ""}, *({"content": word} for word in _words(text))]
    choices: list[dict[str, object]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    chunks: list[dict[str, object]] = [
        {**shared, "object": "chat.completion.chunk", "choices": [choice]} for choice in choices
    ]
    chunks[-1]["usage"] = usage
    return [b"data: " + msgspec.json.encode(chunk) + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]


def _anthropic(text: str, call: Call) -> list[bytes]:
    usage = {"input_tokens": 1, "output_tokens": len(text.split())}
    message = {
        "id": "msg_fake",
        "type": "message",
        "role": "assistant",
        "model": call.model or "fake",
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": usage,
    }
    if not call.stream:
        return [msgspec.json.encode(message)]
    events: list[dict[str, object]] = [
        {"type": "message_start", "message": {**message, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": word}}
            for word in _words(text)
        ),
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}, "usage": usage},
        {"type": "message_stop"},
    ]
    return [f"event: {event['type']}\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n" for event in events]


def _responses(text: str, call: Call) -> list[bytes]:
    words = len(text.split())
    usage = {
        "input_tokens": 1,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": words,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 1 + words,
    }
    part = {"type": "output_text", "text": text, "annotations": []}
    item = {"type": "message", "id": "msg_fake", "role": "assistant", "status": "completed", "content": [part]}
    response: dict[str, object] = {
        "id": "resp_fake",
        "object": "response",
        "created_at": 0,
        "model": call.model or "fake",
        "status": "completed",
        "output": [item],
        "parallel_tool_calls": True,
        "tool_choice": "auto",
        "tools": [],
        "usage": usage,
    }
    if not call.stream:
        return [msgspec.json.encode(response)]
    place: dict[str, object] = {"item_id": "msg_fake", "output_index": 0, "content_index": 0}
    open_item = {**item, "status": "in_progress", "content": []}
    events: list[dict[str, object]] = [
        {"type": "response.created", "response": {**response, "status": "in_progress", "output": [], "usage": None}},
        {"type": "response.output_item.added", "output_index": 0, "item": open_item},
        {"type": "response.content_part.added", "part": {**part, "text": ""}, **place},
        *({"type": "response.output_text.delta", "delta": word, "logprobs": [], **place} for word in _words(text)),
        {"type": "response.output_text.done", "text": text, "logprobs": [], **place},
        {"type": "response.content_part.done", "part": part, **place},
        {"type": "response.output_item.done", "output_index": 0, "item": item},
        {"type": "response.completed", "response": response},
    ]
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return [f"event: {event['type']}\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n" for event in numbered]


def _gemini(text: str, call: Call) -> list[bytes]:
    pieces = _words(text) if call.stream else [text]
    answers: list[dict[str, object]] = [
        {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": piece}]}}]} for piece in pieces
    ]
    words = len(text.split())
    usage = {"promptTokenCount": 1, "candidatesTokenCount": words, "totalTokenCount": 1 + words}
    candidate = {"index": 0, "content": {"role": "model", "parts": [{"text": pieces[-1]}]}, "finishReason": "STOP"}
    answers[-1] = {"candidates": [candidate], "usageMetadata": usage}
    if not call.stream:
        return [msgspec.json.encode(answers[0])]
    return [b"data: " + msgspec.json.encode(answer) + b"\n\n" for answer in answers]


def _words(text: str) -> list[str]:
    return [word + " " for word in text.split(" ")[:-1]] + text.split(" ")[-1:]


_WRITERS = {
    "openai.chat": _openai,
    "openai.responses": _responses,
    "anthropic.messages": _anthropic,
    "gemini": _gemini,
}
