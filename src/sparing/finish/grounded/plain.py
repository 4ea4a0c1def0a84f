"""A text as quotations are compared: without case, line ends and the typesetter's choice of signs, offsets kept."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

_SIGNS = str.maketrans(
    {**dict.fromkeys("‘’‚‛′`´", "'"), **dict.fromkeys("“”„‟″«»「」『』", '"'), **dict.fromkeys("‐‑‒–—―−", "-")}
)
_NOTHING = frozenset("\u00ad\u200b\u200c\u200d\ufeff*")  # soft hyphens, joiners, Markdown's emphasis
_BROKEN_WORD = re.compile(r"(?<=[^\W\d_])-\n[ \t]*(?=[^\W\d_])")


@dataclass(frozen=True, slots=True)
class Plain:
    """A text made plain.

    Attributes:
        at: For each character of `text`, and for its end, the offset in the original.
    """

    text: str
    at: tuple[int, ...]


def rejoined(text: str) -> str:
    """The text with words that were broken at a line end made whole."""
    return _BROKEN_WORD.sub("", text)


@lru_cache(maxsize=256)
def plain(text: str) -> Plain:
    """Fold case and widths, make quotes and dashes alike, join words broken at a line end, make one blank of many."""
    skipped = {at for match in _BROKEN_WORD.finditer(text) for at in range(match.start(), match.end())}
    letters: list[str] = []
    at: list[int] = []
    for offset, letter in enumerate(text):
        if letter in _NOTHING or offset in skipped:
            continue
        for folded in unicodedata.normalize("NFKC", letter).casefold().translate(_SIGNS):
            if folded.isspace():
                if letters and letters[-1] == " ":
                    continue
                folded = " "
            letters.append(folded)
            at.append(offset)
    return Plain("".join(letters), (*at, len(text)))
