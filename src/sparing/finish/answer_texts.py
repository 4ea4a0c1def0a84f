"""What a whole answer says, in any wire format, and the same answer with its texts changed; every other byte stays."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from sparing.errors import MalformedBody
from sparing.receive.json_text import Members, Node, read_object
from sparing.receive.splice import encode_string

_WALKED = frozenset({"choices", "message", "content", "output", "candidates", "parts"})


def answer_texts(body: bytes, wire: str) -> list[str]:
    """The texts that an answer shows its reader; none of one that cannot be read."""
    found = _found(body, wire)
    return [] if found is None else [text for _, text in found[1]]


def with_texts(body: bytes, wire: str, change: Callable[[str], str]) -> bytes:
    """The answer with each text as `change` has it; the very body where it changes none."""
    found = _found(body, wire)
    if found is None:
        return body
    source, texts = found
    pieces: list[str] = []
    done = 0
    for node, text in texts:
        new = change(text)
        if new != text:
            pieces += (source[done : node.start], encode_string(new))
            done = node.end
    return "".join((*pieces, source[done:])).encode() if pieces else body


def _found(body: bytes, wire: str) -> tuple[str, list[tuple[Node, str]]] | None:
    find = _FINDERS.get(wire)
    if find is None:
        return None
    try:
        source, root = read_object(body, _WALKED)
    except MalformedBody:
        return None
    texts = [(node, node.value) for node in find(root) if isinstance(node.value, str) and node.value.strip()]
    return source, sorted(texts, key=lambda one: one[0].start)


def _of_chat(root: Members) -> Iterator[Node]:
    for choice in _objects(root, "choices"):
        content = _object(choice, "message").get("content")
        if content is not None and isinstance(content.value, str):
            yield content
        else:
            yield from _parts(_object(choice, "message"), "content")


def _of_responses(root: Members) -> Iterator[Node]:
    for item in _objects(root, "output"):
        if _text(item, "type") == "message":
            yield from _parts(item, "content", "output_text")


def _of_anthropic(root: Members) -> Iterator[Node]:
    yield from _parts(root, "content")


def _of_gemini(root: Members) -> Iterator[Node]:
    for candidate in _objects(root, "candidates"):
        for part in _objects(_object(candidate, "content"), "parts"):
            if "text" in part and not ("thought" in part and part["thought"].value is True):
                yield part["text"]


def _parts(members: Members, name: str, kind: str = "text") -> Iterator[Node]:
    return (part["text"] for part in _objects(members, name) if _text(part, "type") == kind and "text" in part)


def _objects(members: Members, name: str) -> Iterator[Members]:
    value = members[name].value if name in members else None
    if isinstance(value, list):
        yield from (node.value for node in value if isinstance(node.value, dict))


def _object(members: Members, name: str) -> Members:
    value = members[name].value if name in members else None
    return value if isinstance(value, dict) else {}


def _text(members: Members, name: str) -> str:
    value = members[name].value if name in members else None
    return value if isinstance(value, str) else ""


_FINDERS: Mapping[str, Callable[[Members], Iterator[Node]]] = {
    "openai.chat": _of_chat,
    "openai.responses": _of_responses,
    "anthropic.messages": _of_anthropic,
    "gemini": _of_gemini,
}
