"""An upstream that counts its calls and answers what a test tells it to, and requests to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sparing.core.upstream import Answer, Call

JSON = "application/json"
EVENTS = "text/event-stream"


@dataclass
class ScriptedAnswer:
    pieces: Sequence[bytes | Exception | asyncio.Event]
    status: int = 200
    kind: str = JSON
    more_headers: dict[str, str] = field(default_factory=dict)
    closed: bool = False

    @property
    def headers(self) -> dict[str, str]:
        return {"content-type": self.kind, **self.more_headers}

    async def chunks(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            elif isinstance(piece, Exception):
                raise piece
            else:
                yield piece

    async def aclose(self) -> None:
        self.closed = True


@dataclass
class CountingUpstream:
    """`make` gets the call and its number, from 1, and gives the answer or raises."""

    make: Callable[[Call, int], ScriptedAnswer]
    calls: list[Call] = field(default_factory=list)
    answers: list[ScriptedAnswer] = field(default_factory=list)
    before: asyncio.Event | None = None

    async def send(self, call: Call) -> Answer:
        self.calls.append(call)
        number = len(self.calls)
        if self.before is not None:
            await self.before.wait()
        self.answers.append(self.make(call, number))
        return self.answers[-1]

    async def aclose(self) -> None: ...


def chat_body(text: str = "What is the capital of France?", **more: Any) -> dict[str, Any]:
    return {"model": "m", "temperature": 0, "messages": [{"role": "user", "content": text}], **more}


def call(
    body: object = None,
    *,
    tenant: str = "one",
    wire: str = "openai.chat",
    path: str = "/v1/chat/completions",
    raw: bytes = b"",
    **headers: str,
) -> Call:
    data = raw or json.dumps(chat_body() if body is None else body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(wire=wire, method="POST", path=path, headers=named, body=data, tenant=tenant)


def chat_answer(text: str = "Paris.", finish: str = "stop", **message: Any) -> bytes:
    choice = {"index": 0, "message": {"role": "assistant", "content": text, **message}, "finish_reason": finish}
    usage = {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11}
    return json.dumps({"id": "c", "choices": [choice], "usage": usage}).encode()


def chat_events(words: Sequence[str], finish: str | None = "stop") -> list[bytes]:
    """An event per word, one that ends and the end mark."""
    deltas = [{"index": 0, "delta": {"content": word}, "finish_reason": None} for word in words]
    deltas.append({"index": 0, "delta": {}, "finish_reason": finish})
    return [*(b"data: " + json.dumps({"choices": [d]}).encode() + b"\n\n" for d in deltas), b"data: [DONE]\n\n"]


async def read(answer: Answer) -> bytes:
    """All of an answer, closed afterwards."""
    try:
        return b"".join([chunk async for chunk in answer.chunks()])
    finally:
        await answer.aclose()


def saying(text: str = "Paris.") -> CountingUpstream:
    """Answers every call with the text and the call's number."""
    return CountingUpstream(lambda _call, number: ScriptedAnswer([chat_answer(f"{text} {number}")]))
