"""Which values of a text are used later: no labels needed, so the same measure runs on anybody's logs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Set
from typing import Any

from sparing.evals.literal import visible

_WITH_DIGIT = re.compile(r"[\w.:\-]*\d[\w.:\-]*\w|\d{2,}")
_NAMELIKE = re.compile(r"[A-Z0-9]")
_LONGEST_VALUE_CHARS = 80  # longer strings are prose, and nobody repeats them word for word


def values(content: str) -> list[str]:
    """Leaves of a JSON result and its keys that hold a digit; words with a digit of any other text. Each once."""
    try:
        found = list(_leaves(json.loads(content)))
    except (ValueError, RecursionError):
        found = _WITH_DIGIT.findall(content)
    return [v for v in dict.fromkeys(found) if 2 <= len(v) <= _LONGEST_VALUE_CHARS]


def is_used(value: str, passed: Set[str], said: str) -> bool:
    """Whether a value is among those passed to a tool, or, if it looks like a name or a number, is said."""
    return value in passed or bool(_NAMELIKE.search(value) and len(value) > 2 and visible(said, value))


def said_of(texts: Iterable[str]) -> str:
    """Texts as one, thousands separators taken out of numbers."""
    return re.sub(r"(?<=\d),(?=\d{3}\b)", "", "\n".join(texts))


def _leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if any(c.isdigit() for c in key):
                yield key
            yield from _leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(inner)
    elif isinstance(value, str):
        yield value
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield json.dumps(value)
