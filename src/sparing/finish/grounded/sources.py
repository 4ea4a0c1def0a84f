"""What of a retrieved passage may bear out a claim, and how it is named."""

from __future__ import annotations

import re

from sparing.retrieval import Source

_GAP = re.compile(r"\[…[^\]\n]*\]")  # the mark of what was left out: no words of the source


def evidence(source: Source) -> str:
    """The whole passage; before it what was sent, where that is not its very text."""
    sent, whole = _GAP.sub(" ", source.text), source.passage.text
    return whole if source.text.strip() in whole or _GAP.search(source.text) else f"{sent}\n{whole}"


def title(source: Source) -> str:
    """Where it is from, as a reader looks for it: ``policy.md, lines 10-24``."""
    return ", ".join(part for part in (source.passage.source, source.passage.place) if part)
