"""Where each value of a JSON text stands, by character offset; the text itself is never rebuilt.

Objects and arrays that can hold prompt text are walked here; every other value is skipped, and checked, by the C
scanner of the standard library. One pass, linear. Accepts what `json.loads` accepts, less NaN and Infinity.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container
from json import JSONDecodeError, JSONDecoder
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, TypeAlias

from sparing.errors import MalformedBody
from sparing.receive.resume import NOTHING, WALKS, Resumed, is_large

if TYPE_CHECKING:
    from sparing.receive.turns import Turn

Members: TypeAlias = "dict[str, Node]"
Value: TypeAlias = "str | bool | Members | list[Node] | Opaque | None"


class Opaque:
    """What stands for a number, or for an object or array that was skipped."""


OPAQUE = Opaque()

# A request may be large, but not large and made of crumbs: 100,000 messages, the most that a provider documents
# (Anthropic, "Messages"), have some 10 values each.
MAX_VALUES = 1_000_000


class Node:
    """A value and its place.

    Attributes:
        value: The decoded string, boolean or null; members or elements, as nodes, of a container that was walked;
            else `OPAQUE`.
        start: Offset of its first character in the source.
        end: One past its last.
        turn: What it is as a message, once it was met as one (see `turns.turns_of`).
    """

    __slots__ = ("end", "start", "turn", "value")

    def __init__(self, value: Value, start: int, end: int) -> None:
        self.value = value
        self.start = start
        self.end = end
        self.turn: Turn | None = None


def read_object(body: bytes, walked: Container[str], growing: str = "") -> tuple[str, Members]:
    """Decode a body and find the members of its root object.

    Args:
        walked: Keys whose values are walked if they are containers; containers under any other key are skipped.
        growing: The member whose array begins with the same elements in the next request (see `resume`).
    Returns:
        The body as text (encoding it again gives the same bytes), and its members; of duplicate keys the last counts.
    Raises:
        MalformedBody: Not UTF-8, not one JSON object, nested too deeply for the interpreter's stack, or of more than
            `MAX_VALUES` values where prompt text may be.
    """
    source = _decode(body)
    if not is_large(source):
        growing = ""
    resumed = WALKS.resume(source, walked) if growing else NOTHING
    walker = _Walker(source, walked, growing, resumed)
    try:
        root = walker.root()
    except JSONDecodeError as error:
        where = f"line {error.lineno} column {error.colno}"
        raise MalformedBody(f"the body is not valid JSON, {where}: {error.msg}") from None
    except RecursionError:
        raise _too_deep() from None
    if not isinstance(root.value, dict):
        raise MalformedBody(f"the body must be a JSON object, not {type_name(source, root)}")
    array = root.value.get(growing) if growing else None
    if array is not None:
        WALKS.keep(source, walked, array, walker.left_after.get(array.start, ()), resumed)
    return source, root.value


def unfold(source: str, node: Node) -> Node:
    """A value that was skipped, with its members or elements; of objects in it, those in its arrays, the members too.

    Raises:
        MalformedBody: As `read_object`.
    """
    try:
        return _Walker(source, ()).value(node.start, walk=True)
    except RecursionError:
        raise _too_deep() from None


def type_name(source: str, node: Node) -> str:
    """The JSON type of a value, with its article: "an array"."""
    names = {'"': "a string", "{": "an object", "[": "an array", "t": "a boolean", "f": "a boolean", "n": "null"}
    return names.get(source[node.start], "a number")


def _decode(body: bytes) -> str:
    try:
        source = body.decode()
    except UnicodeDecodeError as error:
        raise MalformedBody(f"the body is not UTF-8: {error.reason} at byte {error.start}") from None
    if not source:
        raise MalformedBody("the body is empty", hint="send a JSON object")
    if source[0] == "\ufeff":
        raise MalformedBody("the body starts with a byte order mark at byte 0", hint="send UTF-8 without one")
    return source


def _too_deep() -> MalformedBody:
    return MalformedBody("the body is nested too deeply", hint="send fewer levels of arrays and objects")


def _too_many() -> MalformedBody:
    return MalformedBody(f"the body holds more than {MAX_VALUES:,} values", hint="send fewer, longer messages")


class _NoSuchConstant(ValueError):
    """Python reads NaN, Infinity and -Infinity; JSON has none of them."""


def _refuse(name: str) -> None:
    raise _NoSuchConstant(f"{name} is not a JSON value")


# Numbers stay text: nobody needs their value, and a long one would run into Python's limit on digits.
_decoder = JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse)
_scan: Callable[[str, int], tuple[object, int]] = _decoder.scan_once  # type: ignore[attr-defined]

_SPACE = re.compile(r"[ \t\n\r]*+")
_KEY = re.compile(r'[ \t\n\r]*+"([^"\\\x00-\x1f]*+)"[ \t\n\r]*+:[ \t\n\r]*+').match  # all but keys with escapes


class _Walker:
    """Walks a body, or one value in it.

    Attributes:
        left: How many more values it may have.
        left_after: The same after each element of the arrays under `growing`, by the array's offset.
    """

    __slots__ = ("growing", "left", "left_after", "resumed", "source", "walked")

    def __init__(self, source: str, walked: Container[str], growing: str = "", resumed: Resumed = NOTHING) -> None:
        self.source = source
        self.walked = walked
        self.growing = growing
        self.resumed = resumed
        self.left = MAX_VALUES
        self.left_after: dict[int, list[int]] = {}

    def root(self) -> Node:
        root = self.value(self.skip_space(0), walk=True)
        end = self.skip_space(root.end)
        if end != len(self.source):
            raise JSONDecodeError("Extra data", self.source, end)
        return root

    def skip_space(self, at: int) -> int:
        found = _SPACE.match(self.source, at)
        return found.end() if found else at

    def value(self, at: int, *, walk: bool) -> Node:
        source = self.source
        first = source[at : at + 1]
        if first == '"':
            text, end = scanstring(source, at + 1)
            return Node(text, at, end)
        if walk and first == "{":
            return self._object(at)
        if walk and first == "[":
            return self._array(at)
        try:
            value, end = _scan(source, at)
        except StopIteration as stop:
            raise JSONDecodeError("Expecting value", source, stop.value) from None
        except _NoSuchConstant as error:
            raise JSONDecodeError(f"{error} (in what begins here)", source, at) from None
        return Node(value if value is None or value is True or value is False else OPAQUE, at, end)

    def _object(self, start: int) -> Node:
        source, walked = self.source, self.walked
        members: Members = {}
        at, mark = start + 1, ","
        while mark == ",":
            self.left -= 1
            if self.left < 0:
                raise _too_many()
            plain = _KEY(source, at)
            if plain:
                key, at = plain[1], plain.end()
            else:
                at = self.skip_space(at)
                if source[at : at + 1] == "}" and not members:
                    return Node(members, start, at + 1)
                key, at = self._escaped_key(at)
            if source[at : at + 1] == '"':  # as `value` does, without the call: most members are strings
                text, end = scanstring(source, at + 1)
                members[key] = Node(text, at, end)
            else:
                grows = key == self.growing and source[at : at + 1] == "["
                node = members[key] = self._growing_array(at) if grows else self.value(at, walk=key in walked)
                end = node.end
            at = end + 1
            mark = source[end:at]
            if mark != "," and mark != "}":
                mark, at = self._delimiter(end, "}")
        return Node(members, start, at)

    def _growing_array(self, start: int) -> Node:
        """An array of which the first elements may be known, as `_array` finds them."""
        left_after = self.left_after[start] = []
        if start != self.resumed.start:
            return self._array(start, left_after)
        elements = list(self.resumed.elements)
        left_after.extend(self.resumed.left)
        self.left = left_after[-1]
        mark, at = self._delimiter(elements[-1].end, "]")
        return self._elements(elements, start, at, left_after) if mark == "," else Node(elements, start, at)

    def _array(self, start: int, left_after: list[int] | None = None) -> Node:
        at = self.skip_space(start + 1)
        if self.source[at : at + 1] == "]":
            return Node([], start, at + 1)
        return self._elements([], start, at, left_after)

    def _elements(self, elements: list[Node], start: int, at: int, left_after: list[int] | None) -> Node:
        """The rest of an array, from the element at `at`."""
        mark = ","
        while mark == ",":
            self.left -= 1
            if self.left < 0:
                raise _too_many()
            if self.source[at : at + 1] <= " ":
                at = self.skip_space(at)
            element = self.value(at, walk=True)
            elements.append(element)
            if left_after is not None:
                left_after.append(self.left)
            mark, at = self._delimiter(element.end, "]")
        return Node(elements, start, at)

    def _escaped_key(self, at: int) -> tuple[str, int]:
        """The key at `at` and where its value begins."""
        if self.source[at : at + 1] != '"':
            raise JSONDecodeError("Expecting property name enclosed in double quotes", self.source, at)
        key, end = scanstring(self.source, at + 1)
        colon = self.skip_space(end)
        if self.source[colon : colon + 1] != ":":
            raise JSONDecodeError("Expecting ':' delimiter", self.source, colon)
        return key, self.skip_space(colon + 1)

    def _delimiter(self, at: int, closing: str) -> tuple[str, int]:
        """What follows a value, a comma or the closing bracket, and the offset after it."""
        mark = self.source[at : at + 1]
        if mark not in (",", closing):
            at = self.skip_space(at)
            mark = self.source[at : at + 1]
            if mark not in (",", closing):
                raise JSONDecodeError("Expecting ',' delimiter", self.source, at)
        return mark, at + 1
