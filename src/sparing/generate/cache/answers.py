"""Whether an answer is whole and went well, and what it says: per wire format, streamed or not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

EVENTS, JSON = "text/event-stream", "application/json"
_decode = msgspec.json.Decoder().decode
_Object = Mapping[str, Any]


@dataclass(slots=True)
class Said:
    """What an answer says.

    Attributes:
        endings: Why each part of it ended, in the provider's words; "" where one has not ended.
        wrong: There is an error inside.
    """

    endings: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    calls_tools: bool = False
    wrong: bool = False

    @property
    def text(self) -> str:
        return "".join(self.texts)

    @property
    def went_well(self) -> bool:
        """Ended as it should, by itself: not cut off, filtered, refused or broken."""
        return not self.wrong and bool(self.endings) and self.endings <= _GOOD


_GOOD = {"stop", "tool_calls", "function_call", "end_turn", "stop_sequence", "tool_use", "completed", "STOP"}


def read_answer(wire: str, kind: str, body: bytes) -> Said | None:
    """An answer of the media type `kind`; None if it cannot be read."""
    see = _READERS.get(wire)
    if see is None:
        return None
    said = Said()
    try:
        for value in _values(kind, body):
            if not isinstance(value, dict):
                return None
            said.wrong = said.wrong or bool(value.get("error"))
            see(value, said)
    except (msgspec.DecodeError, RecursionError, TypeError, AttributeError, KeyError):
        return None
    return said


def _values(kind: str, body: bytes) -> Iterator[Any]:
    """The JSON values of an answer."""
    if kind == EVENTS:
        for line in body.splitlines():
            data = line.removeprefix(b"data:").strip() if line.startswith(b"data:") else b""
            if data and data != b"[DONE]":
                yield _decode(data)
        return
    whole = _decode(body)
    yield from whole if isinstance(whole, list) else (whole,)


def _see_chat(value: _Object, said: Said) -> None:
    for choice in value.get("choices") or ():
        message: _Object = choice.get("message") or choice.get("delta") or {}
        if content := message.get("content"):
            said.texts.append(content if isinstance(content, str) else _parts_text(content))
        said.calls_tools = said.calls_tools or bool(message.get("tool_calls") or message.get("function_call"))
        said.wrong = said.wrong or bool(message.get("refusal"))
        _end(said, choice.get("finish_reason"), whole="message" in choice)


def _see_anthropic(value: _Object, said: Said) -> None:
    kind = value.get("type")
    if kind == "message":
        _blocks(value.get("content") or (), said)
        _end(said, value.get("stop_reason"), whole=True)
    elif kind == "content_block_start":
        _blocks((value["content_block"],), said)
    elif kind == "content_block_delta":
        said.texts.append(value["delta"].get("text", ""))
    elif kind == "message_delta":
        said.calls_tools = said.calls_tools or value["delta"].get("stop_reason") == "tool_use"
        # The end of the stream is what makes it whole: see `message_stop`.
        said.wrong = said.wrong or value["delta"].get("stop_reason") not in _GOOD
    elif kind == "message_stop":
        _end(said, "end_turn", whole=True)


def _blocks(blocks: Iterable[_Object], said: Said) -> None:
    for block in blocks:
        said.texts.append(block.get("text") or "")
        said.calls_tools = said.calls_tools or block.get("type", "").endswith("tool_use")


def _see_responses(value: _Object, said: Said) -> None:
    response = value.get("response", {}) if "type" in value else value
    kind = value.get("type", "response.done")
    if kind in ("response.failed", "response.incomplete"):
        said.wrong = True
    if kind not in ("response.completed", "response.done"):
        return
    said.wrong = said.wrong or bool(response.get("error"))
    for item in response.get("output") or ():
        if item.get("type") == "message":
            parts = item.get("content") or ()
            said.texts.append(_parts_text(parts))
            said.wrong = said.wrong or any(part.get("type") == "refusal" for part in parts)
        elif item.get("type") != "reasoning":
            said.calls_tools = True
    _end(said, response.get("status"), whole=True)


def _see_gemini(value: _Object, said: Said) -> None:
    said.wrong = said.wrong or bool((value.get("promptFeedback") or {}).get("blockReason"))
    for candidate in value.get("candidates") or ():
        for part in (candidate.get("content") or {}).get("parts") or ():
            if not part.get("thought"):
                said.texts.append(part.get("text") or "")
            said.calls_tools = said.calls_tools or "functionCall" in part
        _end(said, candidate.get("finishReason"), whole=False)


def _end(said: Said, reason: object, *, whole: bool) -> None:
    if reason is not None or whole:
        said.endings.add(reason if isinstance(reason, str) else "")


def _parts_text(parts: Iterable[_Object]) -> str:
    return "".join(part.get("text") or "" for part in parts)


_READERS: Mapping[str, Callable[[_Object, Said], None]] = {
    "openai.chat": _see_chat,
    "openai.responses": _see_responses,
    "anthropic.messages": _see_anthropic,
    "gemini": _see_gemini,
}
