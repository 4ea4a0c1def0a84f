"""Who speaks: what stands before the words of a turn, in the forms that transcripts and chats write it.

``Ann: words``, ``[10:12] Ann: words``, ``10:12 Ann: words``, ``Ann (10:12): words``,
``Hon. A. Berg (North, Ind.): words``, ``<ann> words``, ``安：words``.
"""

from __future__ import annotations

import re

_STAMP = r"(?:\[[^\]\n]{1,24}\][ \t]*|\d{1,2}:\d\d(?::\d\d)?[ \t]+)?"
_NAME = r"[^\W\d](?:[^:：\n(]|\([^)\n]{0,40}\)){0,79}"
LABEL = rf"{_STAMP}(?:<[^>\n]{{1,32}}>[ \t]|{_NAME}(?::[ \t]|：[ \t]?))"
"""A regular expression without groups: stamp, name, and what parts it from the words."""

_LABEL = re.compile(rf"{_STAMP}(?:<([^>\n]{{1,32}})>[ \t]|({_NAME})(?::[ \t]|：))")


def speaker_at(text: str, start: int) -> str:
    """The name before the turn that begins at an offset, "" if there is none."""
    label = _LABEL.match(text, start)
    return (label[1] or label[2]).strip() if label else ""
