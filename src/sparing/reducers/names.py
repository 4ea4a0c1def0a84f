"""Names of things in running text: paths, addresses, hashes, ids, amounts, numbers of two digits or more."""

from __future__ import annotations

import re
from collections.abc import Iterator

_RUN = re.compile(r"[\w$€£#~./\\](?:[\w.@/\\:#+%=&?$€£-]|,(?=\d))*")
_TELLS = re.compile(r"\d[\d.,:]?\d|[a-z][A-Z]|\w[_@/\\]\w|[A-Za-z]\d|\d[A-Za-z]")
_TRAILING = ".:?-&=+@%"
_MOST_CHARS = 200  # longer ones are data, not names


def name_spans(text: str) -> Iterator[tuple[int, int]]:
    """Character ranges of names in order: ``ann@example.org``, ``src/a.py``, ``pay_88213``, ``$1,200``."""
    for run in _RUN.finditer(text):
        name = run[0].rstrip(_TRAILING)
        if len(name) <= _MOST_CHARS and _TELLS.search(name):
            yield run.start(), run.start() + len(name)
