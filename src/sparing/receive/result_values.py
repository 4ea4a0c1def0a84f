"""The result of a function that is a JSON object, not a text: what its members hold are the texts."""

from __future__ import annotations

import json

from sparing.receive.fields import is_unicode
from sparing.receive.json_text import Members, Node, unfold
from sparing.receive.spans import Origin, Spans

_MOST_MEMBERS = 64  # more are the rows of a table by name; each too small to be worth a look


def add_result(spans: Spans, node: Node, path: str, origin: Origin) -> None:
    """Add the members of a result: strings as texts, arrays and objects as JSON, content blocks by their texts.

    What is left (keys, numbers) is one span that is counted and never edited. Which spans there are depends on the
    shape of the result only, so a reduced request is read as the original was.

    Args:
        node: Was walked as far as its members.
    """
    if isinstance(node.value, str):
        spans.string(node, node.value, path, origin)
        return
    source = spans.source
    if isinstance(node.value, list):  # against the rules
        spans.value(node, path, origin)
        return
    if not isinstance(node.value, dict) or len(node.value) > _MOST_MEMBERS:
        spans.raw(node, path, origin)
        return
    found = sorted(
        (piece for key, member in node.value.items() for piece in _texts(source, path + _step(key), member)),
        key=lambda piece: piece[1].start,
    )
    rest, done = [], node.start
    for _, piece in found:
        rest.append(source[done : piece.start])
        done = piece.end
    spans.remainder(node, path, origin, "".join((*rest, source[done : node.end])))
    for label, piece in found:
        if isinstance(piece.value, str):
            spans.string(piece, piece.value, label, origin)
        else:
            spans.value(piece, label, origin)


def _texts(source: str, path: str, member: Node) -> list[tuple[str, Node]]:
    """The texts of a member, each with its label; none of a number, a boolean or null."""
    if isinstance(member.value, str):
        return [(path, member)]
    if source[member.start] not in "[{":
        return []
    blocks = _blocks(source, member)
    if not blocks:
        return [(path, member)]
    return [(f"{path}[{index}].text", block["text"]) for index, block in enumerate(blocks)]


def _blocks(source: str, node: Node) -> list[Members]:
    """The elements of an array of content blocks, as MCP servers answer: objects that all have a text."""
    if not source[node.start + 1 : node.end].lstrip().startswith("{"):
        return []
    elements = unfold(source, node).value
    if not isinstance(elements, list):
        return []
    blocks = [element.value for element in elements if isinstance(element.value, dict)]
    whole = len(blocks) == len(elements) and all("text" in block and "type" in block for block in blocks)
    return blocks if whole and all(isinstance(block["text"].value, str) for block in blocks) else []


def _step(key: str) -> str:
    return f".{key}" if key.isidentifier() and is_unicode(key) else f"[{json.dumps(key[:40])}]"
