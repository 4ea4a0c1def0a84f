"""The ladder over a JSON document's leaves: a leaf brings along the keys and brackets above it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import msgspec

from sparing.core.counter import Counter
from sparing.core.ladder import Elision, Rendition
from sparing.reducers.json_node import Node

_SHOWN_KEYS = 40  # most members of a top-level object that always shows all its keys
_BY_SIZE = 0.02  # share of the worth that goes by size: more text is never worth nothing


def shows_keys(root: Node) -> bool:
    """Whether the document is an object of few enough members to name them all."""
    return root.is_object and len(root.children) <= _SHOWN_KEYS


@dataclass(frozen=True, slots=True)
class Order:
    """Leaves in the order they are added.

    Attributes:
        leaves: All of them.
        first: How many stay in every rung.
        named: From this many on, the members of the top-level object are all named.
    """

    leaves: Sequence[Node]
    first: int
    named: int


def tree_ladder(
    source: str, root: Node, order: Order, worth: Sequence[float], counter: Counter, reducer: str
) -> TreeLadder:
    """Build the ladder: one rung per leaf beyond those that must stay.

    Args:
        source: The text as it came; the last rung where the shorter form is not cheaper.
        worth: One per leaf of the order, >= 0.
    """
    full, tokens = _measure(root, counter)
    source_tokens = counter.count(source)
    full_tokens = counter.count(full)
    if full_tokens > source_tokens:
        full, full_tokens = source, source_tokens
    marker_tokens = counter.count('"… 12 items",')
    named = _costs(root, order.leaves, tokens, marker_tokens, shows_keys(root))
    unnamed = _costs(root, order.leaves, tokens, marker_tokens, False) if shows_keys(root) else named
    costs = [*unnamed[: order.named], *named[order.named :]]
    costs = [*list(accumulate(reversed(costs[:-1]), min, initial=full_tokens))[:0:-1], full_tokens]
    gained = _gained(worth, [tokens[id(leaf)] for leaf in order.leaves])
    return TreeLadder(root, order, full, costs[order.first :], gained[order.first :], counter, reducer)


@dataclass(frozen=True)
class TreeLadder:
    """Rung r keeps the first ``order.first + r`` leaves of the order. See `core.ladder.Ladder`."""

    root: Node
    order: Order
    full: str
    tokens: Sequence[int]
    worth: Sequence[float]
    counter: Counter
    reducer: str

    def render(self, rung: int) -> Rendition:
        """The document with a string, or a member, for everything left out."""
        last = len(self.tokens) - 1
        if rung < last:
            size = self.order.first + rung
            named = shows_keys(self.root) and size >= self.order.named
            rendering = _Rendering(self.root, _active(self.order.leaves[:size]), named)
            text = "".join(rendering.pieces())
            if rendering.elisions and self.counter.count(text) < self.tokens[last]:
                elisions = tuple(rendering.elisions)
                return Rendition(text, self.tokens[rung], self.worth[rung], "values", elisions, self.reducer)
        return Rendition(self.full, self.tokens[rung], self.worth[rung], "values", (), self.reducer)


class _Rendering:
    """One pass over the tree: pieces of text, and what was left out on the way."""

    def __init__(self, root: Node, active: set[int], named: bool) -> None:
        self.root = root
        self.named = named
        self.active = active
        self.elisions: list[Elision] = []

    def pieces(self) -> Iterator[str]:
        yield from self._node(self.root)

    def _node(self, node: Node) -> Iterator[str]:
        yield node.key
        if not node.children:
            yield node.text
            return
        yield node.opens
        comma = ""
        left_out = self._left_out(node)
        fields = sum(child.count for child in node.children if id(child) in left_out)
        marked = False
        at = 0
        while at < len(node.children):
            child = node.children[at]
            if id(child) in left_out:
                end = at + 1
                while end < len(node.children) and id(node.children[end]) in left_out and not self._names(node):
                    end += 1
                run = node.children[at:end]
                self._note(run)
                at = end
                if node.is_object and marked:
                    continue
                marked = not self._names(node)
                yield comma + self._marker(node, run, fields)
            else:
                yield comma
                yield from self._node(child) if id(child) in self.active else [whole_text(child)]
                at += 1
            comma = "" if node.is_string else ","
        yield node.closes

    def _left_out(self, node: Node) -> set[int]:
        """Children to leave out: those that are not wanted, where a marker is shorter."""
        absent = [child for child in node.children if id(child) not in self.active]
        if self._names(node):
            return {id(child) for child in absent if child.size > len(self._marker(node, [child], 1))}
        if sum(child.size for child in absent) <= len(self._marker(node, absent, len(absent))) + 2:
            return set()
        return {id(child) for child in absent}

    def _names(self, node: Node) -> bool:
        return node is self.root and self.named

    def _marker(self, node: Node, run: Sequence[Node], num_fields: int) -> str:
        if self._names(node):
            (child,) = run
            if child.children:
                count = child.size - len(child.key) - 2 if child.is_string else sum(c.count for c in child.children)
                return f'{child.key}"… {_of(count, child.unit)}"'
            return f'{child.key}"… {_of(*_size_of(child.text))}"'
        if node.is_string:
            return f"[… {_of(sum(child.size for child in run), 'characters')}]"
        if node.is_object:
            return f'"…":"{_of(num_fields, node.unit)}"'
        return f'"… {_of(sum(child.count for child in run), node.unit)}"'

    def _note(self, run: Sequence[Node]) -> None:
        count = sum(one.count for child in run for one in child.walk() if not one.children)
        self.elisions.append(Elision(run[0].start, run[-1].end, count))


def _size_of(literal: str) -> tuple[int, str]:
    """How much a leaf holds, and of what."""
    if literal[0] == "{":
        return len(msgspec.json.decode(literal, type=dict[str, msgspec.Raw])), "fields"
    if literal[0] == "[":
        return len(msgspec.json.decode(literal, type=list[msgspec.Raw])), "items"
    return len(literal) - 2, "characters"


def _of(count: int, unit: str) -> str:
    return f"{count} {unit.removesuffix('s') if count == 1 else unit}"


def _active(leaves: Sequence[Node]) -> set[int]:
    """The leaves and all above them."""
    active: set[int] = set()
    for leaf in leaves:
        node: Node | None = leaf
        while node is not None and id(node) not in active:
            active.add(id(node))
            node = node.parent
    return active


def whole_text(node: Node) -> str:
    """All of a node, nothing left out."""
    return "".join(piece for piece, _ in _flat(node))


def _flat(root: Node) -> Iterator[tuple[str, Node]]:
    """Pieces of the whole text in order, each with the node it belongs to; a comma goes with what follows it."""
    stack: list[tuple[Node, str, bool]] = [(root, "", False)]
    while stack:
        node, before, closing = stack.pop()
        if closing:
            yield node.closes, node
        elif not node.children:
            yield before + node.key + node.text, node
        else:
            yield before + node.key + node.opens, node
            stack.append((node, "", True))
            comma = "" if node.is_string else ","
            stack.extend((child, comma, False) for child in reversed(node.children[1:]))
            stack.append((node.children[0], "", False))


def _measure(root: Node, counter: Counter) -> tuple[str, dict[int, int]]:
    """The whole text, and the tokens of each node without its children."""
    flat = list(_flat(root))
    bounds = list(accumulate((len(piece) for piece, _ in flat), initial=0))
    text = "".join(piece for piece, _ in flat)
    tokens: dict[int, int] = {}
    for (_, node), count in zip(flat, counter.split(text, bounds), strict=True):
        tokens[id(node)] = tokens.get(id(node), 0) + count
    return text, tokens


def _costs(root: Node, order: Sequence[Node], tokens: dict[int, int], marker_tokens: int, names: bool) -> list[int]:
    """Tokens after each leaf is added: its own, those of the containers it brings along, a marker for each gap."""
    missing = {id(root): len(root.children)}
    cost = tokens[id(root)] + marker_tokens
    named = {id(child): marker_tokens for child in root.children} if names else {}
    costs = [cost + sum(named.values())]
    cost = costs[0]
    for leaf in order:
        node, fresh = leaf, True
        while fresh and node.parent is not None:
            cost += tokens[id(node)] - named.get(id(node), 0)
            fresh = id(node.parent) not in missing
            if fresh:
                missing[id(node.parent)] = len(node.parent.children)
                cost += marker_tokens
            missing[id(node.parent)] -= 1
            cost -= marker_tokens if missing[id(node.parent)] == 0 else 0
            node = node.parent
        costs.append(cost)
    return costs


def _gained(worth: Sequence[float], tokens: Sequence[int]) -> list[float]:
    """Share of the worth held after each leaf is added."""
    by_worth = (1 - _BY_SIZE) / (sum(worth) or 1.0)
    by_size = _BY_SIZE / (sum(tokens) or 1)
    gained = list(accumulate((w * by_worth + n * by_size for w, n in zip(worth, tokens, strict=True)), initial=0.0))
    return [*(min(share, 1.0) for share in gained[:-1]), 1.0]
