"""Words of ours behind the last of the user's: at the end of a prompt, behind everything that a provider caches."""

from __future__ import annotations

from typing import Final

from sparing.receive.fields import given, string_or_empty
from sparing.receive.json_text import Members, Node
from sparing.receive.splice import encode_string

WALKED: Final = frozenset({"messages", "input", "contents", "content", "parts"})
_TURNS: Final = {"openai.responses": "input", "gemini": "contents"}
_PARTS: Final = {"openai.responses": '{{"type":"input_text","text":{}}}', "gemini": '{{"text":{}}}'}
_PART: Final = '{{"type":"text","text":{}}}'
_RESULTS: Final = frozenset({"tool_result", "function_call_output"})
_GEMINIS_RESULT: Final = frozenset({"functionResponse", "function_response"})


def last_words(root: Members, wire: str) -> Node | None:
    """The string, or the list of parts, that a prompt ends with; None where it does not end with the user's own words.

    Args:
        root: Read with `WALKED`.
    """
    turns = given(root, _TURNS.get(wire, "messages"))
    if turns is None or isinstance(turns.value, str):
        return turns
    last = turns.value[-1].value if isinstance(turns.value, list) and turns.value else None
    return _words(last, wire) if isinstance(last, dict) else None


def behind(content: Node, words: str, wire: str) -> tuple[int, str]:
    """Where words are put to stand behind these, and as what."""
    if isinstance(content.value, str):
        return content.end - 1, encode_string(f"\n\n{words}")[1:-1]
    return content.end - 1, f",{part(words, wire)}"


def part(words: str, wire: str) -> str:
    """A part of a message that says these words."""
    return _PARTS.get(wire, _PART).format(encode_string(words))


def _words(message: Members, wire: str) -> Node | None:
    """The content of a message of the user's that says something and answers no tool."""
    role = string_or_empty(message, "role")
    if role != "user" and not (wire == "gemini" and not role):
        return None
    content = given(message, "parts" if wire == "gemini" else "content")
    if content is None or isinstance(content.value, str):
        return content if content is not None and content.value else None
    parts = content.value if isinstance(content.value, list) else []
    inner = [one.value for one in parts if isinstance(one.value, dict)]
    if any(string_or_empty(one, "type") in _RESULTS or not _GEMINIS_RESULT.isdisjoint(one) for one in inner):
        return None
    return content if any(string_or_empty(one, "text") for one in inner) else None
