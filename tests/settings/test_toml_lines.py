"""Lines of keys in TOML texts."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from typing import Any

import pytest

from sparing.settings.toml_lines import line_of

TEXT = '''# [not.a.table]
top = 1
[a] # a table
b = """
[a.c]
d = 2
"""
c = [
  "[x]",
]
"quoted name" = 3
e.f = 4

[a.deep."dotted.name"]
g = 'h'
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("top",), 2),
        (("a",), 3),
        (("a", "b"), 4),
        (("a", "c"), 8),
        (("a", "quoted name"), 11),
        (("a", "e", "f"), 12),
        (("a", "deep", "dotted.name"), 14),
        (("a", "deep", "dotted.name", "g"), 15),
    ],
)
def test_a_key_is_found(path: tuple[str, ...], line: int) -> None:
    """Bare, quoted and dotted names, tables, and never what stands in a string."""
    assert line_of(TEXT, path) == line


def test_what_is_not_there_is_where_it_would_be() -> None:
    """At the nearest table around it."""
    assert line_of(TEXT, ("a", "zzz")) == 3
    assert line_of(TEXT, ("zzz",)) == 1


def test_every_key_of_a_text_has_a_line() -> None:
    """None of those that the reader finds falls back to its table."""

    def paths(value: Any, at: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
        for name, inner in value.items():
            yield (*at, name)
            if isinstance(inner, dict):
                yield from paths(inner, (*at, name))

    found = list(paths(tomllib.loads(TEXT)))
    lines = [line_of(TEXT, path) for path in found if path != ("a", "deep")]
    assert len(set(lines)) == len(lines) - 1  # e and e.f stand in one line
