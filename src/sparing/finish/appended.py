"""A request with something added at the end of one of its arrays; every other byte stays."""

from __future__ import annotations

from collections.abc import Sequence

from sparing.receive.json_text import read_object


def appended(body: bytes, key: str, values: Sequence[str]) -> bytes:
    """The body with these values (JSON texts) at the end of the non-empty array under `key`, so that a prefix that
    the provider cached is still one.

    Raises:
        MalformedBody: Not a JSON object.
    """
    source, root = read_object(body, frozenset())
    end = root[key].end - 1
    return "".join([source[:end], *(f",{value}" for value in values), source[end:]]).encode()
