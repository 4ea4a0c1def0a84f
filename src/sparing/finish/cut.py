"""An answer that ends where somebody else says: stands in for `ends.Ends` before a `stop.Stop`."""

from __future__ import annotations

from collections.abc import Callable


class Cut:
    """Ends the answer within the piece that comes next once it is told to.

    Attributes:
        complete: What ends here is a whole answer, and is told as one.
        tokens: Of what was seen, counted in pieces.
    """

    complete = True

    def __init__(self, count: Callable[[str], int]) -> None:
        self.tokens = 0
        self._count = count
        self._at: int | None = None

    def arm(self, characters: int) -> None:
        """Of the next piece so many still belong to the answer."""
        self._at = characters

    def feed(self, piece: str) -> int | None:
        kept = self._at
        self.tokens += self._count(piece[:kept]) if piece else 0
        return kept

    def feed_whole(self, text: str) -> int | None:
        """An answer that came whole is not cut: what was generated is paid for."""
        self.tokens += self._count(text)
        return None

    def also(self, text: str) -> None:
        self.tokens += self._count(text) if text else 0
