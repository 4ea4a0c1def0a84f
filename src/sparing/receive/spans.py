"""Collects the spans of a request."""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import NamedTuple

from sparing.core.span import Kind, Span, Zone
from sparing.receive.called import Called, Step
from sparing.receive.fields import given, is_unicode, member_objects, objects, required, string_or_empty, wrong_type
from sparing.receive.json_text import Members, Node
from sparing.receive.resume import is_large
from sparing.receive.turns import Turn

# What a caller writes into a block to say "cache the request up to here": Anthropic's name (taken over by gateways that
# speak OpenAI's format), OpenAI's name.
_CACHE_MARKS = ("cache_control", "prompt_cache_breakpoint")

_LIVE = (Kind.USER, Kind.TOOL_RESULT, Kind.DOCUMENT)


class Origin(NamedTuple):
    """What a stretch of the request is, whoever's words it holds."""

    kind: Kind
    message: int = -1
    block: int = 0
    tool: str = ""
    pair: str = ""

    @classmethod
    def of(cls, turn: Turn, kind: Kind, tool: str = "", pair: str = "") -> Origin:
        return cls(kind, turn.message, turn.block, tool, pair)


class Read(NamedTuple):
    """What a message came to.

    Attributes:
        found: Its spans, each with its offset.
        steps: Its calls and results.
        marked: Whether it says anything about caching.
        num_cached: How many of its spans belong to a cached prefix that ends in it; None if none does.
    """

    found: list[tuple[int, Span]]
    steps: list[Step]
    marked: bool
    num_cached: int | None


class Spans:
    """The spans of a request, added in the order in which the provider reads it: tools, system, messages."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.called = Called()
        self.marked = False  # whether the caller says anything about caching
        self._is_large = is_large(source)
        self._found: list[tuple[int, Span]] = []
        self._num_cached = 0

    def message(self, turn: Turn, read: Callable[[Turn], None]) -> None:
        """Add the spans of a message by `read`, or as they were read before."""
        known = turn.read
        if known is not None:
            if known.num_cached is not None:
                self._num_cached = len(self._found) + known.num_cached
            self._found += known.found
            self.marked = self.marked or known.marked
            self.called.again(known.steps)
            return
        if not self._is_large:
            read(turn)
            return
        marked, num_cached = self.marked, self._num_cached
        first, first_step = len(self._found), len(self.called.steps)
        self.marked = False
        read(turn)
        cached = self._num_cached - first if self._num_cached != num_cached else None
        turn.read = Read(self._found[first:], self.called.steps[first_step:], self.marked, cached)
        self.marked = self.marked or marked

    def text(self, members: Members, key: str, parent: str, origin: Origin, *, editable: bool = True) -> None:
        """A required member that is a string."""
        node, path = required(members, key, parent)
        if not isinstance(node.value, str):
            raise wrong_type(self.source, node, path, "a string")
        self.string(node, node.value, path, origin, editable=editable)

    def string(self, node: Node, text: str, label: str, origin: Origin, *, editable: bool = True) -> None:
        """A string literal with its decoded text."""
        editable = editable and (len(text) + 2 == node.end - node.start or is_unicode(text))
        zone = Zone.LIVE if editable and origin.kind in _LIVE else Zone.PINNED
        self._add(node, label, origin, text, literal=(node.start, node.end) if editable else None, zone=zone)

    def raw(self, node: Node, label: str, origin: Origin) -> None:
        """A value that is sent as JSON, counted as it stands and never edited."""
        self._add(node, label, origin, self.source[node.start : node.end])

    def value(self, node: Node, label: str, origin: Origin) -> None:
        """An array or object as its JSON, which can be edited into other JSON."""
        zone = Zone.LIVE if origin.kind in _LIVE else Zone.PINNED
        literal = (node.start, node.end)
        self._add(node, label, origin, self.source[node.start : node.end], literal=literal, zone=zone)

    def remainder(self, node: Node, label: str, origin: Origin, text: str) -> None:
        """What is left of a value beside what in it are spans of their own. Never edited."""
        self._add(node, label, origin, text)

    def call(self, members: Members, key: str, parent: str, origin: Origin) -> None:
        """The argument of a tool call, if there is one: the text of a string, else its JSON. Never edited."""
        node = given(members, key)
        if node is None:
            return
        if isinstance(node.value, str):
            self.string(node, node.value, f"{parent}.{key}", origin, editable=False)
        else:
            self.raw(node, f"{parent}.{key}", origin)

    def media(self, node: Node, label: str, origin: Origin, tokens: int) -> None:
        """Something that is not text."""
        self._add(node, label, origin, "", tokens=tokens)

    def end_block(self, members: Members) -> None:
        """Everything added so far is a cached prefix if this block says so."""
        for mark in _CACHE_MARKS:
            if mark in members:
                self.marked = True
                if given(members, mark):
                    self._num_cached = len(self._found)

    def in_order(self) -> tuple[Span, ...]:
        """All spans in the order of the body; those of the cached prefix are frozen."""
        cached, rest = self._found[: self._num_cached], self._found[self._num_cached :]
        found = [(at, span.frozen) for at, span in cached] + rest
        return tuple(span for _, span in sorted(found, key=itemgetter(0)))

    def _add(
        self,
        node: Node,
        label: str,
        origin: Origin,
        text: str,
        *,
        literal: tuple[int, int] | None = None,
        zone: Zone = Zone.PINNED,
        tokens: int = -1,
    ) -> None:
        kind, message, block, tool, pair = origin
        place = (node.start, node.end)
        span = Span(label, kind, text, literal, zone, None, block, message, tool, pair, tokens, place)
        self._found.append((node.start, span))


def add_tool_schemas(spans: Spans, root: Members, key: str) -> int:
    """One span per tool definition under ``root[key]``; how many there are."""
    node = given(root, key)
    if node is None:
        return 0
    num_tools = 0
    for path, tool, members in objects(spans.source, node, key):
        # OpenAI nests the definition by its type, Anthropic does not.
        forms = (members, member_objects(members, "function"), member_objects(members, "custom"))
        name = next(filter(None, (string_or_empty(form, "name") for form in forms)), "")
        spans.raw(tool, path, Origin(Kind.TOOL_SCHEMA, tool=name))
        spans.end_block(members)
        num_tools += 1
    return num_tools
