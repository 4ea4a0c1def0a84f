"""Requests of the cascade's own making, out of the caller's: words at the end of the prompt, answers drawn at random.

What is written stands behind everything that the provider may have cached; every other byte stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from sparing.core.upstream import Call
from sparing.errors import MalformedBody
from sparing.generate.cascade import Rewrite
from sparing.receive.fields import given
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.splice import encode_string

_TEMPERATURE: Final = "0.7"
_TURNS: Final[Mapping[str, str]] = {"openai.responses": "input", "gemini": "contents"}
_TEXT_PARTS: Final[Mapping[str, str]] = {
    "gemini": '{{"text":{}}}',
    "openai.responses": '{{"type":"input_text","text":{}}}',
}
_WALKED: Final = frozenset(("messages", "contents", "input", "content", "parts"))
_CONFIG: Final = ("generationConfig", "generation_config")
_NO_WORDS: Final = frozenset(("tool_result", "function_call_output"))


def add_words(call: Call, words: str) -> Call | None:
    """The call with words at the end of the user's newest message; None where the prompt does not end with one."""
    found = _read(call, _WALKED)
    if found is None:
        return None
    source, root = found
    if call.wire == "openai.responses" and not _is_false(given(root, "store")):
        return None  # the provider would keep the words as part of the conversation
    turns = given(root, _TURNS.get(call.wire, "messages"))
    place = _end_of(turns, needs_role=call.wire != "gemini") if turns is not None else None
    if place is None:
        return None
    end = place.end - 1  # before the quote, or the bracket
    if isinstance(place.value, str):
        added = encode_string("\n\n" + words)[1:-1]
    else:
        added = "," + _TEXT_PARTS.get(call.wire, '{{"type":"text","text":{}}}').format(encode_string(words))
    return replace(call, body=(source[:end] + added + source[end:]).encode())


def vary(call: Call) -> Call | None:
    """The call, its answer drawn at a temperature of 0.7; None where it asks for several, or cannot be read."""
    found = _read(call, _CONFIG)
    if found is None:
        return None
    source, root = found
    start = source.index("{") + 1
    if call.wire == "gemini":
        name = next((name for name in _CONFIG if given(root, name)), "")
        if not name:
            added = f'"generationConfig":{{"temperature":{_TEMPERATURE}}},'
            return replace(call, body=(source[:start] + added + source[start:]).encode())
        config = root[name]
        if not isinstance(config.value, dict) or "candidateCount" in config.value:
            return None
        root, start = config.value, config.start + 1
    elif "n" in root:
        return None
    known = root.get("temperature")
    if known is not None:
        return replace(call, body=(source[: known.start] + _TEMPERATURE + source[known.end :]).encode())
    comma = "," if root else ""
    return replace(call, body=f'{source[:start]}"temperature":{_TEMPERATURE}{comma}{source[start:]}'.encode())


def _read(call: Call, walked: frozenset[str] | tuple[str, ...]) -> tuple[str, Members] | None:
    if call.headers.get("content-encoding", "identity") != "identity":
        return None
    try:
        return read_object(call.body, walked)
    except MalformedBody:
        return None


def _is_false(node: Node | None) -> bool:
    return node is not None and node.value is False


def _end_of(turns: Node, *, needs_role: bool) -> Node | None:
    """The string, or the array of parts, that the words of the user's newest message end with."""
    if isinstance(turns.value, str):
        return turns
    last = turns.value[-1] if isinstance(turns.value, list) and turns.value else None
    message = last.value if last is not None else None
    if not isinstance(message, dict):
        return None
    role = given(message, "role")
    if role.value != "user" if role is not None else needs_role:
        return None
    content = given(message, "content") or given(message, "parts")
    if content is None or isinstance(content.value, str):
        return content
    parts = content.value if isinstance(content.value, list) else []
    return content if parts and all(map(_is_said, parts)) else None


def _is_said(part: Node) -> bool:
    """Whether a part is the user's own, and not what a tool answered."""
    if not isinstance(part.value, dict) or not {"functionResponse", "function_response"}.isdisjoint(part.value):
        return False
    kind = given(part.value, "type")
    return kind is None or kind.value not in _NO_WORDS


REWRITE: Final = Rewrite(add_words, vary)
