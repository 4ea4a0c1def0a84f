"""The result of a function that is a JSON value, not a text: its strings are spans, the rest is only counted."""

from __future__ import annotations

import json

from sparing.receive.fields import is_unicode
from sparing.receive.json_text import Node, strings_in
from sparing.receive.spans import Origin, Spans

# More strings than this are the cells of a table, not texts. Told from their number, which no edit changes, so that a
# reduced request is read as the original was.
_MOST = 64

Steps = tuple[str | int, ...]


def add_leaves(spans: Spans, node: Node, path: str, origin: Origin) -> None:
    """Add a value: each string in it that may be a text, then what is left of it as one span that is never edited."""
    if isinstance(node.value, str):
        spans.string(node, node.value, path, origin)
        return
    leaves = _texts(strings_in(spans.source, node))
    rest, done = [], node.start
    for _, leaf in leaves:
        rest.append(spans.source[done : leaf.start])
        done = leaf.end
    rest.append(spans.source[done : node.end])
    spans.remainder(node, path, origin, "".join(rest))
    for steps, leaf in leaves:
        assert isinstance(leaf.value, str)
        spans.string(leaf, leaf.value, path + _label(steps), origin)


def _texts(leaves: list[tuple[Steps, Node]]) -> list[tuple[Steps, Node]]:
    """All of the strings; of very many those at the top, where functions put their output."""
    for chosen in (leaves, [leaf for leaf in leaves if len(leaf[0]) == 1]):
        if len(chosen) <= _MOST:
            return chosen
    return []


def _label(steps: Steps) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else _member(step) for step in steps)


def _member(key: str) -> str:
    return f".{key}" if key.isidentifier() and is_unicode(key) else f"[{json.dumps(key[:40])}]"
