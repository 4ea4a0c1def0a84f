"""Where an answer that grows longer than it should may end: after a sentence, never within code, JSON or a table.

Reads the answer piece by piece as it is streamed. It ends at the first place past the ceiling where a reader could
stop: the end of a sentence, of an item of a list, of a block of code. An answer that is JSON or markup goes on to its
own end.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from sparing.reducers.sentences import sentence_bounds

_COUNTED_CHARS: Final = 64  # counted together: a token more or less is no matter, half words would be
_LONG_LINE_CHARS: Final = 16_000  # no prose
_WINDOW_CHARS: Final = 400  # of a line, to tell the end of a sentence from an abbreviation
_FEED_CHARS: Final = 32  # of an answer that came whole
_MORE: Final = "x" * 12  # the next sentence has just begun, and so short a one would count with the one before it
_CLOSERS = r"""["'”’»)\]*_]*"""
_STOP = re.compile(rf"[.!?…]{_CLOSERS}(?=\s+\S)|[。！？｡।॥؟۔][」』）》”]*(?=\s*\S)")
_STOP_AT_END = re.compile(rf"(?:[.!?…]{_CLOSERS}|[。！？｡।॥؟۔][」』）》”]*)\Z")
_FENCE = re.compile(r"\s*(`{3,}|~{3,})")
_ITEM = re.compile(r"\s*(?:[-*•+]|\d{1,3}[.)])\s")
_NO_PROSE = re.compile(r"(?: {4}|\t|\s*(?:\||```|~~~|#))")  # indented code, a row of a table, a fence, a heading
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


class Ends:
    """Watches one answer.

    Args:
        ceiling_tokens: From here on the answer ends where it can.
        count: Tokens of a text.

    Attributes:
        tokens: Of the answer so far, counted in pieces.
        complete: Whether what ends here is a whole answer; it is one cut short.
    """

    complete = False

    def __init__(self, ceiling_tokens: int, count: Callable[[str], int]) -> None:
        self.tokens = 0
        self._ceiling_tokens = ceiling_tokens
        self._count = count
        self._uncounted = ""
        self._fed_chars = 0
        self._passes = False  # it is no prose, or cannot be judged: it goes on to its own end
        self._line = ""
        self._searched = 0  # of the line
        self._fence = ""
        self._open = 0  # brackets and braces
        self._in_math = False
        self._line_end: int | None = None  # where the answer may end if what follows is another sentence
        self._after_item = False

    def feed(self, piece: str) -> int | None:
        """Characters of `piece` that still belong to the answer, if it ends there; None while it goes on."""
        before = self._fed_chars
        for part in _LINES.findall(piece):
            end = self._grown(part)
            if end is not None:
                return max(0, end - before)
        return None

    def feed_whole(self, text: str) -> int | None:
        """As `feed`, of all of an answer: where it ends; None if at its own end."""
        for start in range(0, len(text), _FEED_CHARS):
            kept = self.feed(text[start : start + _FEED_CHARS])
            if kept is not None:
                return len(text[: start + kept].rstrip())
        return None

    def also(self, text: str) -> None:
        """Count what was generated and is not the answer: thoughts."""
        self.tokens += self._count(text) if text else 0

    def _grown(self, part: str) -> int | None:
        """Where the answer ends, now that its last line has grown by this; positions are of the whole answer."""
        self._fed_chars += len(part)
        self._counted(part)
        if self._passes:
            return None
        self._line += part
        said = self._line.strip()
        if self._fed_chars == len(self._line) and said[:1] in ("{", "[", "<"):
            self._passes = bool(said)
        if len(self._line) > _LONG_LINE_CHARS:
            self._passes = True
        end = self._judged(said) if said and not self._passes else None
        if end is None and self._line.endswith("\n"):
            self._line_over(said)
        return end

    def _judged(self, said: str) -> int | None:
        over = self.tokens >= self._ceiling_tokens
        before, self._line_end = self._line_end, None
        if over and before is not None and (not said[0].islower() if not self._after_item else self._is_new()):
            return before
        if self._fence or _NO_PROSE.match(self._line):
            return None
        start = self._fed_chars - len(self._line)
        for stop in _STOP.finditer(self._line, self._searched):
            self._searched = stop.end()
            if over and self._is_free(self._line[: stop.end()]) and self._is_sentence(stop.end()):
                return start + stop.end()
        return None

    def _is_new(self) -> bool:
        """Whether this line does not go on with the item of a list before it."""
        return _ITEM.match(self._line) is not None

    def _is_sentence(self, end: int) -> bool:
        before, after = self._line[max(0, end - _WINDOW_CHARS) : end], self._line[end:]
        begins = len(before) + len(after) - len(after.lstrip())
        return begins in sentence_bounds(before + after + _MORE)[1:-1]

    def _is_free(self, line: str) -> bool:
        """Whether nothing is open at the end of this beginning of a line."""
        return (
            self._open + _brackets(line) <= 0
            and line.count("(") <= line.count(")")
            and not line.count("`") % 2
            and not line.count("**") % 2
            and self._in_math == bool(line.count("$$") % 2)
        )

    def _line_over(self, said: str) -> None:
        """Note what a whole line leaves open, and whether the answer could end with it."""
        line, self._line, self._searched = self._line, "", 0
        if not said:
            return
        fence = _FENCE.match(line)
        closes = bool(self._fence) and fence is not None and said.startswith(self._fence) and not said.strip(said[0])
        if fence is not None and (closes or not self._fence):
            self._fence = "" if closes else fence[1]
        elif not self._fence:
            prose, self._after_item = not _NO_PROSE.match(line), _ITEM.match(line) is not None
            ends = bool(_STOP_AT_END.search(said)) or (self._after_item and said[-1] not in ":,;")
            free = prose and ends and self._is_free(line)
            self._open = max(0, self._open + _brackets(line))
            self._in_math ^= bool(line.count("$$") % 2)
            self._line_end = self._end_of(line) if free else None
            return
        self._after_item = False
        self._line_end = self._end_of(line) if closes else None

    def _end_of(self, line: str) -> int:
        return self._fed_chars - len(line) + len(line.rstrip())

    def _counted(self, part: str) -> None:
        self._uncounted += part
        if len(self._uncounted) >= _COUNTED_CHARS:
            self.tokens += self._count(self._uncounted)
            self._uncounted = ""


def _brackets(line: str) -> int:
    return line.count("{") + line.count("[") - line.count("}") - line.count("]")
