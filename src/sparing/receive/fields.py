"""Typed access to the members of a request; what is missing or of the wrong type is named by its path."""

from __future__ import annotations

from collections.abc import Iterator

from sparing.errors import MalformedBody
from sparing.receive.json_text import Members, Node, type_name


def wrong_type(source: str, node: Node, path: str, expected: str) -> MalformedBody:
    return MalformedBody(f"{path} must be {expected}, not {type_name(source, node)}", param=path)


def required(members: Members, key: str, parent: str = "") -> tuple[Node, str]:
    """A member and its path."""
    path = f"{parent}.{key}" if parent else key
    if key not in members:
        raise MalformedBody(f"{path} is required", param=path)
    return members[key], path


def given(members: Members, key: str) -> Node | None:
    """A member that is there and not null."""
    node = members.get(key)
    return None if node is None or node.value is None else node


def place(members: Members, key: str) -> tuple[int, int] | None:
    """Where the value of a member stands in the source; None where it is missing or null."""
    node = given(members, key)
    return None if node is None else (node.start, node.end)


def string_or_empty(members: Members, key: str) -> str:
    """A member that only informs (an id, a name): "" where it is missing, not a string or not Unicode."""
    node = members.get(key)
    return node.value if node is not None and isinstance(node.value, str) and is_unicode(node.value) else ""


def member_objects(members: Members, key: str) -> Members:
    """Members of a nested object that only informs; none where it is missing or of another type."""
    node = members.get(key)
    return node.value if node is not None and isinstance(node.value, dict) else {}


def objects(source: str, node: Node, path: str, expected: str = "an array") -> Iterator[tuple[str, Node, Members]]:
    """Path, node and members of each element of an array of objects.

    Raises:
        MalformedBody: Not an array, or an element is not an object.
    """
    if not isinstance(node.value, list):
        raise wrong_type(source, node, path, expected)
    for index, element in enumerate(node.value):
        element_path = f"{path}[{index}]"
        if not isinstance(element.value, dict):
            raise wrong_type(source, element, element_path, "an object")
        yield element_path, element, element.value


def model_name(source: str, root: Members) -> str:
    """The `model` field, "" if it is missing."""
    node = given(root, "model")
    if node is None:
        return ""
    if not isinstance(node.value, str) or not is_unicode(node.value):
        raise wrong_type(source, node, "model", "a string of Unicode characters")
    return node.value


def wants_stream(source: str, root: Members) -> bool:
    """The `stream` field, False if it is missing."""
    node = given(root, "stream")
    if node is None:
        return False
    if not isinstance(node.value, bool):
        raise wrong_type(source, node, "stream", "a boolean")
    return node.value


def is_unicode(text: str) -> bool:
    """Whether a text can be encoded: JSON can spell lone surrogates, UTF-8 cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
