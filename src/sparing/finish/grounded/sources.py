"""The passages that an answer may stand on, as this room sees them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Protocol

from sparing.core.passage import Passage

_GAP = re.compile(r"\[…[^\]\n]*\]")  # the mark of what was left out: no words of the source


class Source(Protocol):
    """A passage as it goes to the model.

    Attributes:
        number: What the answer cites it by, from 1.
        text: What was kept of it, with marks for what was not.
    """

    @property
    def number(self) -> int: ...

    @property
    def passage(self) -> Passage: ...

    @property
    def text(self) -> str: ...


class Sources(Protocol):
    """What was retrieved for a question."""

    @property
    def sources(self) -> Sequence[Source]: ...


def evidence(source: Source) -> str:
    """All that may bear out a claim: what stands above the passage, what was sent of it, and the whole of it."""
    sent = _GAP.sub(" ", source.text)
    whole = source.passage.text
    parts = (source.passage.heads, whole if sent.strip() in whole else f"{sent}\n{whole}")
    return "\n".join(part for part in parts if part.strip())


def title(source: Source) -> str:
    """Where it is from, as a reader looks for it: ``policy.md, lines 10-24``."""
    return ", ".join(part for part in (source.passage.source, source.passage.place) if part)
