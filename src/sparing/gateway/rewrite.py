"""Requests of the cascade's own making, out of the caller's: words at the end of the prompt, answers drawn at random.

What is written stands behind everything that the provider may have cached; every other byte stays.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from sparing.core.upstream import Call
from sparing.errors import MalformedBody
from sparing.generate.cascade import Rewrite
from sparing.receive.fields import given
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.last_words import WALKED, behind, last_words

_TEMPERATURE: Final = "0.7"
_CONFIG: Final = ("generationConfig", "generation_config")


def add_words(call: Call, words: str) -> Call | None:
    """The call with words at the end of the user's newest message; None where the prompt does not end with one."""
    found = _read(call, WALKED)
    if found is None:
        return None
    source, root = found
    if call.wire == "openai.responses" and not _is_false(given(root, "store")):
        return None  # the provider would keep the words as part of the conversation
    content = last_words(root, call.wire)
    if content is None:
        return None
    at, added = behind(content, words, call.wire)
    return replace(call, body=(source[:at] + added + source[at:]).encode())


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


REWRITE: Final = Rewrite(add_words, vary)
