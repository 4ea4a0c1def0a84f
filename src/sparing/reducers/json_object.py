"""Any JSON document: without whitespace and with lists of records as columns; then without what nobody asked about.

Every rung is valid JSON. The top-level keys and short top-level values go last but for what the question names. What is
left out says what it was: ``"… 14 items"`` in a list, ``"…":"5 fields"`` in an object, ``[… 320 characters]`` inside a
string.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec

from sparing.core.content import Content
from sparing.core.ladder import Ladder, Skip
from sparing.core.reducer import Ask
from sparing.reducers.anchors import anchors
from sparing.reducers.json_node import Node
from sparing.reducers.json_notation_ladder import in_text
from sparing.reducers.json_tree import parse_tree
from sparing.reducers.json_tree_ladder import Order, shows_keys, tree_ladder, whole_text
from sparing.reducers.json_unusual import failures
from sparing.reducers.json_worth import asked, mix

_BLANK = "\ufeff \t\r\n"
_TOP_VALUE = 60  # characters of a top-level value that goes last
_FAILING, _NEAR_TOP = 0.15, 0.1  # shares of the worth beside what the question says
_PATH = 200  # characters of the keys above a leaf that count as its own text
_IDENTITY = re.compile(r'(?:\b|_|-)(?:id|key|name|number|code|uuid|status|error)":|(?<=[a-z])(?:Id|Key|Name)":')
_WORD_BREAK = re.compile(r"_|(?<=[a-z])(?=[A-Z])")


class JsonObject:
    """Offers parts of a JSON document. Implements `core.reducer.Reducer`."""

    name = "json_object.v1"
    content = frozenset({str(Content.JSON)})

    def propose(self, text: str, ask: Ask) -> Ladder | Skip:
        """A rung per leaf; the last is the document without whitespace, or the text itself where that is no shorter.

        Where nobody parses it, rungs are in text notation.
        """
        ladder = self._propose(text, ask)
        return in_text(ladder, text, ask, self.name) if ask.text_form else ladder

    def _propose(self, text: str, ask: Ask) -> Ladder | Skip:
        ask.deadline.check()
        source = text.strip(_BLANK)
        offset = len(text) - len(text.lstrip(_BLANK))
        try:
            root = parse_tree(source, offset, ask.deadline.check)
            if _loses(root, text, ask.pins):  # a pinned key or constant is written once in columns
                root = parse_tree(source, offset, ask.deadline.check, columns=False)
        except (msgspec.DecodeError, UnicodeEncodeError) as error:
            return Skip(f"not valid JSON: {error}")
        except RecursionError:
            return Skip("JSON nested too deep")
        if _loses(root, text, ask.pins):
            return Skip("a pinned string would be re-formatted")
        leaves = [node for node in root.walk() if not node.children]
        ask.deadline.check()
        worth = _worths(leaves, ask)
        by_place, named = _in_order(leaves, root, text, worth, ask)
        first = sum(_is_pinned(leaf, root, text, ask.pins) for leaf in leaves)
        order = Order([leaves[i] for i in by_place], first, named)
        ladder = tree_ladder(text, root, order, [worth[i] for i in by_place], ask.counter, self.name)
        if len(ladder.tokens) == 1 and ladder.full == text:
            return Skip("no part of this JSON can be left out")
        return ladder


def _loses(root: Node, text: str, pins: tuple[str, ...]) -> bool:
    whole = whole_text(root) if pins else ""
    return any(pin and whole.count(pin) < text.count(pin) for pin in pins)


def _in_order(leaves: Sequence[Node], root: Node, text: str, worth: Sequence[float], ask: Ask) -> tuple[list[int], int]:
    """Indexes of the leaves as they are added, and after how many the top-level values are all there."""
    by_worth = sorted(range(len(leaves)), key=lambda i: -worth[i])
    top = [i for i in by_worth if _is_top(leaves[i], root)]
    top.sort(key=lambda i: (-worth[i], not _IDENTITY.search(leaves[i].key)))
    shown = [f"{_keys_first_shown_by(leaf)}\n{leaf.key}{leaf.text}" for leaf in leaves] if ask.question else []
    pinned = [i for i, leaf in enumerate(leaves) if _is_pinned(leaf, root, text, ask.pins)]
    early = dict.fromkeys([*pinned, *anchors(shown, worth, ask.question), *top])
    return list(dict.fromkeys([*early, *by_worth])), len(early)


def _is_top(leaf: Node, root: Node) -> bool:
    return leaf.parent is root and shows_keys(root) and len(leaf.text) <= _TOP_VALUE


def _is_pinned(leaf: Node, root: Node, text: str, pins: tuple[str, ...]) -> bool:
    if leaf is root:
        return True
    return any(pin and (pin in text[leaf.start : leaf.end] or pin in _keys_first_shown_by(leaf)) for pin in pins)


def _keys_first_shown_by(leaf: Node) -> str:
    """Keys above a leaf that no earlier leaf would show."""
    keys = []
    node = leaf
    while node.parent is not None and node.parent.children[0] is node:
        node = node.parent
        keys.append(node.key + node.opens)
    return "\n".join(keys)


def _worths(leaves: Sequence[Node], ask: Ask) -> list[float]:
    paths: dict[int, tuple[str, int]] = {}
    texts = [f"{_path(leaf, paths)[0]} {leaf.text}\n" for leaf in leaves]
    bounds = [0]
    for text in texts:
        bounds.append(bounds[-1] + len(text))
    joined = "".join(texts)
    ask.deadline.check()
    failing = [0.0] * len(leaves)
    for i, weight in failures(joined, bounds).items():
        failing[i] = weight
    near_top = [1 / (1 + _path(leaf, paths)[1]) for leaf in leaves]
    parts: list[tuple[float, list[float]]] = [(_FAILING, failing), (_NEAR_TOP, near_top)]
    if ask.question:
        parts += asked(joined, bounds, ask.question)
    return mix(parts, len(leaves))


def _path(node: Node, known: dict[int, tuple[str, int]]) -> tuple[str, int]:
    """The keys down to a node as words, and how many containers that is."""
    above = []
    at: Node | None = node
    while at is not None and id(at) not in known:
        above.append(at)
        at = at.parent
    path, depth = known[id(at)] if at is not None else ("", -1)
    for one in reversed(above):
        words = _WORD_BREAK.sub(" ", one.key.strip('":'))
        path, depth = f"{path} {words}"[-_PATH:], depth + 1
        known[id(one)] = path, depth
    return path, depth
