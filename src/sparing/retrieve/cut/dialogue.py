"""Transcripts and chats: turns of a speaker, whole; a long turn's later parts know who speaks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sparing.reducers.speakers import LABEL, speaker_at
from sparing.retrieve.cut.pack import BLOCK, Unit
from sparing.retrieve.cut.stretches import paragraph, trimmed

_TURN = re.compile(rf"^(?={LABEL})", re.MULTILINE)


def units(text: str, title: str = "") -> Iterator[Unit]:
    """Turns, or sentences of long ones under the speaker's name."""
    heads = (title,) if title else ()
    starts = sorted({0, *(match.start() for match in _TURN.finditer(text))})
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        first = trimmed(text, start, end)[0]
        speaker = speaker_at(text, first)
        for number, unit in enumerate(paragraph(text, first, end, heads, BLOCK)):
            yield unit._replace(heads=(*heads, f"{speaker}:")) if number and speaker else unit
