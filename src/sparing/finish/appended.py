"""A request with something added at the end of one of its arrays; every other byte stays."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sparing.receive.json_text import read_object


def _itself(value: str) -> str:
    return value


def appended(body: bytes, key: str, values: Sequence[str], element: Callable[[str], str] = _itself) -> bytes:
    """The body with these values (JSON texts) at the end of the array under `key`, so that a prefix that the provider
    cached is still one. Where there is none, it gets one.

    Args:
        element: How what is no array is written as the first element of one.
    Raises:
        MalformedBody: Not a JSON object.
    """
    source, root = read_object(body, frozenset())
    added, node = ",".join(values), root.get(key)
    if node is None:
        start = source.index("{") + 1
        comma = "," if root else ""
        return f'{source[:start]}"{key}":[{added}]{comma}{source[start:]}'.encode()
    given = source[node.start : node.end]
    if not given.startswith("["):
        first = "" if given == "null" else f"{element(given)},"
        return f"{source[: node.start]}[{first}{added}]{source[node.end :]}".encode()
    end = node.end - 1
    comma = "," if given[1:-1].strip() else ""
    return f"{source[:end]}{comma}{added}{source[end:]}".encode()
