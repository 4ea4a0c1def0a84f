"""A model's answer, read loosely: its words, how it ended, and how sure the model was, where it says so.

For judging only, in every wire format alike, as events or whole; nothing is built from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

_DATA = re.compile(rb"^data:[ \t]?(.*?)\r?$", re.MULTILINE)
_STOPPED = frozenset(("stop", "end_turn", "stop_sequence", "STOP", "completed"))
_CUT = frozenset(("length", "max_tokens", "MAX_TOKENS", "incomplete", "max_output_tokens"))
_CALLS = frozenset(("tool_calls", "function_call", "tool_use"))


@dataclass(slots=True)
class Draft:
    """An answer.

    Attributes:
        ended: ``stop``, ``length``, ``calls`` (of tools), another reason as the provider writes it, or "" if unknown.
        logprobs: Natural logarithms of the chances of its tokens, in order; empty where the upstream does not say.
        agreement: Share of further answers that say the same (`votes`); 0.5 where none was drawn.
    """

    text: str = ""
    ended: str = ""
    logprobs: list[float] = field(default_factory=list)
    agreement: float = 0.5


def read_draft(wire: str, body: bytes) -> Draft:
    """What a whole answer says; of one that cannot be read, nothing."""
    draft = Draft()
    for event in _objects(body):
        see(wire, event, draft)
    return draft


def see(wire: str, event: dict[str, Any], draft: Draft) -> None:
    """Add what one object of an answer says."""
    _READERS.get(wire, _chat)(event, draft)


def _objects(body: bytes) -> Iterator[dict[str, Any]]:
    whole = body.lstrip()[:1] == b"{"
    pieces: Iterable[bytes] = (body,) if whole else (found[1] for found in _DATA.finditer(body))
    for piece in pieces:
        try:
            value = msgspec.json.decode(piece)
        except (msgspec.DecodeError, RecursionError):
            continue
        if isinstance(value, dict):
            yield value


def _chat(event: dict[str, Any], draft: Draft) -> None:
    for choice in _dicts(event.get("choices"))[:1]:
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict) and isinstance(said.get("content"), str):
            draft.text += said["content"]
        if isinstance(said, dict) and said.get("tool_calls"):
            draft.ended = "calls"
        _end(draft, choice.get("finish_reason"))
        known = choice.get("logprobs")
        for token in _dicts(known.get("content") if isinstance(known, dict) else None):
            if isinstance(token.get("logprob"), int | float):
                draft.logprobs.append(float(token["logprob"]))


def _messages(event: dict[str, Any], draft: Draft) -> None:
    delta = event.get("delta")
    if isinstance(delta, dict):
        draft.text += delta["text"] if isinstance(delta.get("text"), str) else ""
        _end(draft, delta.get("stop_reason"))
    for block in _dicts(event.get("content")):
        draft.text += block["text"] if isinstance(block.get("text"), str) else ""
    _end(draft, event.get("stop_reason"))


def _responses(event: dict[str, Any], draft: Draft) -> None:
    if event.get("type") == "response.output_text.delta" and isinstance(event.get("delta"), str):
        draft.text += event["delta"]
    ended = event.get("response") if str(event.get("type", "")).startswith("response.") else event
    if not isinstance(ended, dict) or ended.get("status") == "in_progress":
        return
    items = _dicts(ended.get("output"))
    if event is ended:
        draft.text += "".join(
            part["text"] for item in items for part in _dicts(item.get("content")) if isinstance(part.get("text"), str)
        )
    _end(draft, "tool_calls" if any(item.get("type") == "function_call" for item in items) else ended.get("status"))


def _gemini(event: dict[str, Any], draft: Draft) -> None:
    for candidate in _dicts(event.get("candidates"))[:1]:
        content = candidate.get("content")
        for part in _dicts(content.get("parts") if isinstance(content, dict) else None):
            draft.text += part["text"] if isinstance(part.get("text"), str) and not part.get("thought") else ""
            if "functionCall" in part:
                draft.ended = "calls"
        _end(draft, candidate.get("finishReason"))


def _end(draft: Draft, reason: object) -> None:
    if isinstance(reason, str) and draft.ended != "calls":
        kinds = (("stop", _STOPPED), ("length", _CUT), ("calls", _CALLS))
        draft.ended = next((kind for kind, reasons in kinds if reason in reasons), reason)


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


_READERS = {
    "openai.chat": _chat,
    "openai.responses": _responses,
    "anthropic.messages": _messages,
    "gemini": _gemini,
}
