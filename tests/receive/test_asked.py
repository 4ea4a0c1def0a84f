"""A few members of a request, whatever else is in it."""

from __future__ import annotations

import msgspec
import pytest

from sparing.core.span import Prompt
from sparing.receive.asked import asked


class Wanted(msgspec.Struct):
    n: int | None = None


@pytest.mark.parametrize(
    ("source", "n"),
    [
        ('{"n": 2, "other": [1]}', 2),
        ("{}", None),
        ('{"n": 3, "text": "half of a pair: \\ud83d"}', 3),
    ],
)
def test_members_are_read(source: str, n: int | None) -> None:
    """Also from a body that strict decoders refuse."""
    assert asked(Prompt("openai.chat", source, ()), Wanted) == Wanted(n)


@pytest.mark.parametrize("source", ['{"n": "two"}', '{"n": 2, "deep": ' + "[" * 100_000 + "]" * 100_000 + "}"])
def test_what_cannot_be_read(source: str) -> None:
    """A value of another type, or a body too deep."""
    assert asked(Prompt("openai.chat", source, ()), Wanted) is None
