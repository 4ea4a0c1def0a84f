"""From tokens to text that can be shown: whole characters, nothing of a stop string."""

from __future__ import annotations

from collections.abc import Callable, Sequence

_HALF = "\ufffd"  # what decoding gives for a character of which not all bytes are there
_LOOK_BACK_TOKENS = 8  # decoded again with each token: some tokenizers write a token by what stands before it


class Writer:
    """The text of one answer, piece by piece.

    Args:
        decode: The text of tokens.
        stops: Strings at which the answer ends; they are not shown.
    """

    def __init__(self, decode: Callable[[list[int]], str], stops: Sequence[str] = ()) -> None:
        self._decode = decode
        self._stops = stops
        self._ids: list[int] = []
        self._from = 0  # what was shown of the tokens up to `_to` is decoded from here
        self._to = 0
        self._held = ""
        self.stopped = False

    def add(self, token: int) -> str:
        """What can be shown now; "" if nothing can. `stopped` is set at a stop string."""
        self._ids.append(token)
        before = self._decode(self._ids[self._from : self._to])
        text = self._decode(self._ids[self._from :])
        if text.endswith(_HALF):
            return ""
        self._from = max(self._from, self._to - _LOOK_BACK_TOKENS)
        self._to = len(self._ids)
        return self._shown(text[len(before) :])

    def rest(self) -> str:
        """What was held back, at the end of an answer."""
        if self.stopped:
            return ""
        before = self._decode(self._ids[self._from : self._to])
        text = self._held + self._decode(self._ids[self._from :])[len(before) :]
        self._held, self._to = "", len(self._ids)
        return text

    def _shown(self, new: str) -> str:
        text = self._held + new
        found = [at for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            self.stopped, self._held = True, ""
            return text[: min(found)]
        # The end of the text may be the beginning of a stop string.
        held = max((_overlap(text, stop) for stop in self._stops), default=0)
        self._held = text[len(text) - held :]
        return text[: len(text) - held]


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` that `stop` begins with."""
    return next((n for n in range(min(len(text), len(stop) - 1), 0, -1) if text.endswith(stop[:n])), 0)
