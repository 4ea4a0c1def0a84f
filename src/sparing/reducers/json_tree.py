"""A JSON document as a tree of parts small enough to be kept or left out one by one.

Containers and long strings are opened up; what is short is a leaf. Every node knows its place in the source and its
literal without insignificant whitespace; a list of records is laid out in columns where that is shorter.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import msgspec

from sparing.reducers.json_node import Node
from sparing.reducers.json_table import minify
from sparing.reducers.json_tree_tables import item_starts, lay_out

_SHORT = 120  # characters of a literal that is not opened up
_COARSE = 600  # the same in a document of a megabyte: the number of leaves is bounded
_LEAVES = 1500
_DEPTH = 48

_TO_VALUE = re.compile(r'[\s,{]*("(?:[^"\\]|\\.)*")\s*:\s*')
_PIECE = re.compile(r"(?:(?<=[.!?;。！？])(?= )|(?<=\\n))")


def parse_tree(source: str, offset: int, check: Callable[[], None], columns: bool = True) -> Node:
    """Open a document up.

    Args:
        source: The document without blanks around it.
        offset: Where it starts in the text it comes from.
        check: Called now and then; raises when the time is up.
        columns: Whether records may be laid out in columns.

    Raises:
        msgspec.DecodeError, UnicodeEncodeError, RecursionError: Not JSON that can be read.
    """
    minify(source)  # raises for what is not JSON: from here on literals are trusted
    root = Node(offset, offset + len(source))
    opener = _Opener(min(_COARSE, max(_SHORT, len(source) // _LEAVES)), columns)
    pending: list[_Unopened] = [(root, source, offset, 0)]
    opened = 0
    while pending:
        opened += 1
        if opened % 256 == 0:
            check()
        pending.extend(opener.open(*pending.pop()))
    for node in reversed(root.walk()):
        commas = 0 if node.is_string else max(len(node.children) - 1, 0)
        inside = sum([child.size for child in node.children]) + commas
        node.size = len(node.key) + len(node.opens) + len(node.text) + inside + len(node.closes)
    return root


_Unopened = tuple[Node, str, int, int]
"""A node, its literal in the source without its key, where that starts, and how deep it is."""


@dataclass(frozen=True, slots=True)
class _Opener:
    """Turns literals longer than `short` characters into nodes with children."""

    short: int
    columns: bool

    def open(self, node: Node, literal: str, at: int, depth: int) -> list[_Unopened]:
        """Fill in a node; returns the children that are still to be opened."""
        first = literal[0]
        if len(literal) <= self.short or depth >= _DEPTH or first not in '{["':
            node.text = minify(literal) if first in "{[" else literal
            return []
        if first == '"':
            _open_string(node, literal, at)
            return []
        if first == "{":
            return self._open_object(node, literal, at, depth + 1)
        return self._open_list(node, literal, at, depth + 1)

    def _open_object(self, node: Node, literal: str, at: int, depth: int) -> list[_Unopened]:
        found: list[_Unopened] = []
        position = 1
        for value in msgspec.json.decode(literal, type=dict[str, msgspec.Raw]).values():
            text = bytes(value).decode()
            key = _TO_VALUE.match(literal, position)
            if key is None or not literal.startswith(text, key.end()):
                break
            start, position = key.end(), key.end() + len(text)
            found.append(
                (Node(at + key.start(1), at + position, key.group(1) + ":", parent=node), text, at + start, depth)
            )
        if not found or literal[position:].strip() != "}":  # a repeated key: msgspec tells only its last value
            node.text = minify(literal)
            return []
        node.opens, node.closes, node.kind, node.unit = "{", "}", "{", "fields"
        node.children = [child for child, *_ in found]
        if self.columns and lay_out(node, [text for _, text, *_ in found]):
            return []
        return found if depth == 1 else self._in_chunks(node, found)

    def _open_list(self, node: Node, literal: str, at: int, depth: int) -> list[_Unopened]:
        texts = [bytes(value).decode() for value in msgspec.json.decode(literal, type=list[msgspec.Raw])]
        if not texts:
            node.text = "[]"
            return []
        node.opens, node.closes, node.kind, node.unit = "[", "]", "[", "items"
        starts = item_starts(literal, texts)
        if texts[0][0] not in "{[" and max(map(len, texts)) <= self.short // 2:
            self._scalars(node, texts, [at + start for start in starts])
            return []
        found = [
            (Node(at + start, at + start + len(text), parent=node), text, at + start, depth)
            for start, text in zip(starts, texts, strict=True)
        ]
        node.children = [child for child, *_ in found]
        return [] if self.columns and lay_out(node, texts) else self._in_chunks(node, found)

    def _scalars(self, node: Node, texts: Sequence[str], starts: Sequence[int]) -> None:
        """Leaves of many short items, without a node for each."""
        first, size = 0, 0
        for i, text in enumerate(texts):
            size += len(text)
            if size > self.short // 2 or i == len(texts) - 1:
                joined = minify(f"[{','.join(texts[first : i + 1])}]")[1:-1]
                count = i + 1 - first
                node.children.append(Node(starts[first], starts[i] + len(text), text=joined, count=count, parent=node))
                first, size = i + 1, 0

    def _in_chunks(self, node: Node, found: list[_Unopened]) -> list[_Unopened]:
        """Make one leaf of short neighbours, so that a leaf is worth its bookkeeping; the rest is left to be opened."""
        chunk = self.short // 2 if node.kind == "[" or self.short > _SHORT else 0
        unopened: list[_Unopened] = []
        children: list[Node] = []
        run: list[_Unopened] = []
        size = 0
        for one in found:
            if len(one[1]) > chunk:
                _join(children, run)
                children.append(one[0])
                unopened.append(one)
                size = 0
                continue
            run.append(one)
            size += len(one[1]) + len(one[0].key)
            if size > chunk:
                _join(children, run)
                size = 0
        _join(children, run)
        node.children = children
        return unopened


def _join(children: list[Node], run: list[_Unopened]) -> None:
    """Add a run of short values as one leaf, and clear it."""
    if run:
        text = ",".join([node.key + (minify(literal) if literal[0] in "{[" else literal) for node, literal, *_ in run])
        first = run[0][0]
        children.append(Node(first.start, run[-1][0].end, text=text, count=len(run), parent=first.parent))
        run.clear()


def _open_string(node: Node, literal: str, at: int) -> None:
    """Sentences and lines of a long string."""
    cuts = [1, *(m.start() for m in _PIECE.finditer(literal, 2, len(literal) - 1)), len(literal) - 1]
    node.opens = node.closes = node.kind = '"'
    node.unit = "characters"
    for start, end in pairwise(cuts):
        node.children.append(Node(at + start, at + end, text=literal[start:end], parent=node))
