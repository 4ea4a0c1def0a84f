"""Which line of a TOML text a key stands in: the standard library's reader does not say."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

_HEADER = re.compile(r"\s*\[(?!\[)(.+?)\]\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*=""")


def line_of(text: str, path: Sequence[str]) -> int:
    """The line, counted from 1, of the key or table at `path`; else of the nearest table around it; 1 at last.

    Args:
        text: TOML that can be read.
    """
    found: dict[tuple[str, ...], int] = {}
    for number, written in _written(text):
        for end in range(1, len(written) + 1):
            found.setdefault(written[:end], number)
    wanted = tuple(path)
    return next((found[wanted[:end]] for end in range(len(wanted), 0, -1) if wanted[:end] in found), 1)


def _written(text: str) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Line and path of every table header and every key."""
    table: tuple[str, ...] = ()
    open_string = ""
    for number, line in enumerate(text.splitlines(), 1):
        if open_string:
            open_string = "" if line.count(open_string) % 2 else open_string
            continue
        if header := _HEADER.match(line):
            table = _split(header[1])
            yield number, table
        elif key := _KEY.match(line):
            yield number, (*table, *_split(key[1]))
        open_string = next((mark for mark in ('"""', "'''") if line.count(mark) % 2), "")


def _split(dotted: str) -> tuple[str, ...]:
    """The parts of a dotted key, unquoted; none where it cannot be one (a line within an array)."""
    import tomllib

    try:
        value: object = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(value, dict):
        name, value = next(iter(value.items()))
        parts.append(name)
    return tuple(parts)
