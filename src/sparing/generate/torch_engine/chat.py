"""OpenAI's Chat Completions, as far as a plain model has it: what comes in, and what goes out."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from sparing.errors import MalformedBody

Positive = Annotated[int, Meta(ge=1)]


class StreamOptions(Struct):
    include_usage: bool = False


class ChatRequest(Struct):
    """The fields that are read. What would change the answer and cannot be done is refused by `read_chat`."""

    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    max_completion_tokens: Positive | None = None
    max_tokens: Positive | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(gt=0, le=1)] | None = None
    seed: int | None = None
    stop: str | list[str] | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    logprobs: bool | None = None
    tools: list[Any] | None = None
    response_format: dict[str, Any] | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: dict[str, float] | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """Where the answer ends."""
        several = [self.stop] if isinstance(self.stop, str) else self.stop or []
        return tuple(filter(None, several))

    @property
    def answer_tokens(self) -> int | None:
        """The most tokens that the answer may have; None: as many as there is room for."""
        return self.max_completion_tokens or self.max_tokens


def read_chat(body: bytes) -> ChatRequest:
    """A request, with every message's content as one string.

    Raises:
        MalformedBody: It is none, or asks for what this engine cannot do.
    """
    try:
        request = msgspec.json.decode(body, type=ChatRequest)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedBody(f"this is no chat request: {error}") from error
    for name, cannot in (
        ("n", request.n not in (None, 1)),
        ("logprobs", bool(request.logprobs)),
        ("tools", bool(request.tools)),
        ("response_format", (request.response_format or {}).get("type", "text") != "text"),
        ("frequency_penalty", bool(request.frequency_penalty)),
        ("presence_penalty", bool(request.presence_penalty)),
        ("logit_bias", bool(request.logit_bias)),
    ):
        if cannot:
            raise MalformedBody(f"the PyTorch engine has no {name}", hint="leave it out", param=name)
    request.messages = [_plain(message, f"messages[{index}]") for index, message in enumerate(request.messages)]
    return request


def _plain(message: dict[str, Any], where: str) -> dict[str, Any]:
    role, content = message.get("role"), message.get("content")
    if not isinstance(role, str):
        raise MalformedBody(f"{where} has no role", param=f"{where}.role")
    if isinstance(content, list) and all(isinstance(part, dict) for part in content):
        texts = [part.get("text") for part in content if part.get("type") == "text"]
        if len(texts) == len(content) and all(isinstance(text, str) for text in texts):
            content = "".join(texts)
    if not isinstance(content, str):
        raise MalformedBody(f"{where} is not text", hint="the embedded model reads text only", param=f"{where}.content")
    return {"role": "system" if role == "developer" else role, "content": content}


@dataclass(frozen=True, slots=True)
class Spent:
    """What one answer took. `kept_tokens` and `kv_bytes`: of the prompt, in the cache, once it was read."""

    prompt_tokens: int
    answer_tokens: int
    kept_tokens: int
    kv_bytes: int

    def usage(self) -> dict[str, int]:
        """OpenAI's usage object, with two fields more."""
        return {
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.answer_tokens,
            "total_tokens": self.prompt_tokens + self.answer_tokens,
            "kv_kept_tokens": self.kept_tokens,
            "kv_bytes": self.kv_bytes,
        }


@dataclass(frozen=True, slots=True)
class ChatAnswer:
    """Writes one answer, whole or in events."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def whole(self, text: str, finish_reason: str, spent: Spent) -> bytes:
        message = {"role": "assistant", "content": text, "refusal": None}
        choice = {"index": 0, "message": message, "finish_reason": finish_reason, "logprobs": None}
        return self._json("chat.completion", choices=[choice], usage=spent.usage())

    def first(self) -> bytes:
        return self._delta({"role": "assistant", "content": ""})

    def piece(self, text: str) -> bytes:
        return self._delta({"content": text})

    def last(self, finish_reason: str, spent: Spent | None) -> bytes:
        """The events at the end; with the usage if it was asked for."""
        usage = _event(self._json("chat.completion.chunk", choices=[], usage=spent.usage())) if spent else b""
        return self._delta({}, finish_reason) + usage + _event(b"[DONE]")

    def _delta(self, delta: dict[str, str], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        return _event(self._json("chat.completion.chunk", choices=[choice]))

    def _json(self, kind: str, **fields: object) -> bytes:
        return msgspec.json.encode(
            {"id": self.id, "object": kind, "created": self.created, "model": self.model, **fields}
        )


def _event(data: bytes) -> bytes:
    return b"data: %b\n\n" % data
