"""Where pieces of text have been seen before: the search behind `repeats`."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, islice

_LONG_LINE_CHARS = 400  # longer lines are cut into sentences (or JSON objects), where their own text says
_PIECE = re.compile(r"[^\n]*?(?:[.!?][\"')\]]?[ \t]+|[。！？]|\},[ \t]*|\n|\Z)")
_ANCHOR_CHARS = 24  # a piece of this many characters may begin a block alone
_THREE_CHARS = 40  # three pieces of this many together may
_FEWEST_CHARS = 100  # shorter blocks are not looked at: a reference is some 60 characters
_MOST_REPLACED = 3  # pieces in a row that may differ inside a block
MOST_PIECES = 400_000  # remembered per request, some 200 bytes each; later texts are still folded against these
_ID_BITS = 21


@dataclass(frozen=True, slots=True)
class Match:
    """A block of the text at hand that stands earlier.

    Attributes:
        at, size: First piece and number of pieces.
        label: Of the earlier text; "" for the text itself.
        start, end: Characters of the earlier text that it stands for.
        except_: (offset, number) of pieces within the block that differ.
        period: Pieces between block and original where they overlap or touch in the same text, else 0: the block
            repeats the `period` pieces before it.
        diagonal: Identifies the alignment.
    """

    at: int
    size: int
    label: str
    start: int
    end: int
    except_: tuple[tuple[int, int], ...]
    period: int
    diagonal: tuple[bool, int]


@dataclass
class Source:
    """A text cut into pieces.

    Attributes:
        bounds: n + 1 character offsets.
        ids: Of each piece; equal pieces have equal ids.
        ones, threes: Keys of the pieces, and of three in a row, that a block may be found by; 0 for none.
        shown: 1 for pieces that a later reference may point to.
        hidden_to: One past the last piece that was folded.
    """

    text: str
    bounds: Sequence[int]
    ids: Sequence[int]
    unit: str
    shown: bytearray
    ones: Sequence[int]
    threes: Sequence[int]
    places: _Places = field(default_factory=lambda: _Places())
    rejected: dict[tuple[bool, int], int] = field(default_factory=dict)
    hidden_to: int = 0

    def hide(self, match: Match) -> None:
        """The block is folded: nothing refers to it."""
        self.hidden_to = match.at + match.size
        self.shown[match.at : self.hidden_to] = bytes(match.size)

    def reject(self, match: Match) -> None:
        """Do not look at this alignment again before the end of the block."""
        self.rejected[match.diagonal] = match.at + match.size


@dataclass
class _Places:
    """First and latest position of each key."""

    first: dict[int, int] = field(default_factory=dict)
    latest: dict[int, int] = field(default_factory=dict)

    def add(self, key: int, position: int) -> None:
        if key and self.first.setdefault(key, position) != position:
            self.latest[key] = position

    def add_all(self, keys: Sequence[int], base: int) -> None:
        latest = dict(zip(keys, range(base, base + len(keys)), strict=True))
        first = dict(zip(reversed(keys), range(base + len(keys) - 1, base - 1, -1), strict=True))
        self.latest.update(latest)
        self.first.update({key: position for key, position in first.items() if key not in self.first})


class RepeatIndex:
    """Pieces of all texts of a request, in one sequence."""

    def __init__(self) -> None:
        self._last: Source | None = None
        self._id_of: dict[str, int] = {}
        self._ids: list[int] = []
        self._shown = bytearray()
        self._places = _Places()
        self._firsts: list[int] = []  # position of the first piece of each text
        self._texts: list[tuple[str, Sequence[int]]] = []  # label and bounds

    def cut(self, text: str) -> Source:
        """Cut a text into pieces and give them ids. A text that is folded and then added is cut once."""
        if self._last is not None and self._last.text is text:
            fresh = bytearray(len(self._last.ids))
            return replace(self._last, shown=fresh, places=_Places(), rejected={}, hidden_to=0)
        pieces, unit = _pieces(text)
        bounds = list(accumulate(map(len, pieces), initial=0))
        ids = self._identify(pieces)
        ones, threes = _ones(ids, bounds), _threes(ids, bounds)
        self._last = Source(text, bounds, ids, unit, bytearray(len(ids)), ones, threes)
        return self._last

    def _identify(self, pieces: Sequence[str]) -> list[int]:
        known = self._id_of
        if len(known) < MOST_PIECES:
            return [known.setdefault(piece, len(known)) for piece in pieces]
        # Full: what is new gets an id for this text only.
        new: dict[str, int] = {}
        first = len(known)
        return [known[piece] if piece in known else new.setdefault(piece, first + len(new)) for piece in pieces]

    def add(self, label: str, text: str, hidden: Sequence[tuple[int, int]]) -> None:
        """Remember a text, except for its hidden character ranges."""
        if len(self._ids) >= MOST_PIECES:
            return
        source = self.cut(text)
        source.shown = bytearray(b"\1") * len(source.ids)
        for start, end in hidden:
            first, stop = bisect_right(source.bounds, start) - 1, bisect_right(source.bounds, max(start, end - 1))
            source.shown[first:stop] = bytes(min(stop, len(source.ids)) - first)
        base = len(self._ids)
        self._firsts.append(base)
        self._texts.append((label, source.bounds))
        self._ids += source.ids
        self._shown += source.shown
        shown = source.shown
        self._places.add_all([key if shown[at] else 0 for at, key in enumerate(source.ones)], base)
        self._places.add_all(
            [key if shown[at] and shown[at + 1] and shown[at + 2] else 0 for at, key in enumerate(source.threes)], base
        )
        self._ids.append(-1)
        self._shown.append(0)

    def forget(self, label: str) -> None:
        """Nothing refers to this text from now on."""
        for first, (known, bounds) in zip(self._firsts, self._texts, strict=True):
            if known == label:
                self._shown[first : first + len(bounds) - 1] = bytes(len(bounds) - 1)

    def show(self, source: Source, at: int) -> None:
        """Piece `at` of the text at hand stays: later blocks of it may refer to it."""
        source.shown[at] = 1
        source.places.add(source.ones[at], at)
        if at >= 2 and source.shown[at - 1] and source.shown[at - 2]:
            source.places.add(source.threes[at - 2], at - 2)

    def find(self, source: Source, at: int) -> Match | None:
        """The longest block found from piece `at` that stands earlier, if it is worth a look.

        It may begin before `at`, with pieces that were too short to be found by.
        """
        bounds = source.bounds
        best: Match | None = None
        for anchor in (source.threes[at] if at < len(source.threes) else 0, source.ones[at]):
            for own, places in ((False, self._places), (True, source.places)):
                if not anchor or anchor not in places.first:
                    continue
                for position in (places.first.get(anchor), places.latest.get(anchor)):
                    if position is None or source.rejected.get((own, position - at), 0) > at:
                        continue
                    size, except_ = self._extend(source, at, own, position)
                    if best is not None and size <= best.size:
                        continue
                    back = self._before(source, at, own, position, size)
                    if bounds[at + size] - bounds[at - back] >= _FEWEST_CHARS:
                        except_ = [(k + back, n) for k, n in except_]
                        best = self._match(source, at - back, own, position - back, size + back, except_)
            if best is not None:
                break
        return best

    def _extend(self, source: Source, at: int, own: bool, position: int) -> tuple[int, list[tuple[int, int]]]:
        """Follow the alignment of piece `at` with the earlier `position` as far as it holds.

        Returns:
            Number of pieces, and where among them (offset, number) pieces differ.
        """
        ids = source.ids
        earlier, shown = (ids, source.shown) if own else (self._ids, self._shown)
        # Within one text a block may run over its own beginning: it then repeats what stands just before it.
        repeats = own and position >= source.hidden_to
        limit = min(len(ids) - at, (len(ids) if repeats else at) - position if own else len(earlier) - position)
        size = replaced = 0
        except_: list[tuple[int, int]] = []
        while size < limit and not (except_ and own and position + size >= at):
            if ids[at + size] == earlier[position + size] and (repeats or shown[position + size]):
                size += 1
                continue
            near = own and position + size + _MOST_REPLACED >= at
            n = 0 if near else _replaced(ids, at, earlier, position, size, limit)
            replaced += n
            if not n or replaced * 2 > size or 0 in shown[position + size : position + size + n + 1]:
                break
            except_.append((size, n))
            size += n
        return size, except_

    def _before(self, source: Source, at: int, own: bool, position: int, size: int) -> int:
        """How many pieces before `at` the alignment holds for, not counting what is folded already."""
        earlier, shown = (source.ids, source.shown) if own else (self._ids, self._shown)
        apart = at - position if own else size
        most = min(at, position) - source.hidden_to if size > apart else min(at - source.hidden_to, position)
        if own and size <= apart:
            most = min(most, apart - size)  # the original must not become part of the block
        back = 0
        while back < most and source.ids[at - back - 1] == earlier[position - back - 1] and shown[position - back - 1]:
            back += 1
        return back

    def _match(
        self,
        source: Source,
        at: int,
        own: bool,
        position: int,
        size: int,
        except_: list[tuple[int, int]],
    ) -> Match:
        diagonal = (own, position - at)
        period = at - position if own and size > at - position else 0
        if own:
            end = source.bounds[min(position + size, at)]
            return Match(at, size, "", source.bounds[position], end, tuple(except_), period, diagonal)
        text = bisect_right(self._firsts, position) - 1
        label, bounds = self._texts[text]
        first = position - self._firsts[text]
        return Match(at, size, label, bounds[first], bounds[first + size], tuple(except_), 0, diagonal)


def _replaced(ids: Sequence[int], at: int, earlier: Sequence[int], position: int, size: int, limit: int) -> int:
    """How many pieces differ before the alignment holds again for two pieces; 0 if it does not soon."""
    for n in range(1, _MOST_REPLACED + 1):
        k = size + n
        if k + 1 < limit and ids[at + k : at + k + 2] == earlier[position + k : position + k + 2]:
            return n
    return 0


def _ones(ids: Sequence[int], bounds: Sequence[int]) -> list[int]:
    """Key of each piece that is long enough to be found by alone, else 0."""
    return [
        one + 1 << 1 if end - start >= _ANCHOR_CHARS else 0
        for one, start, end in zip(ids, bounds, islice(bounds, 1, None), strict=False)
    ]


def _threes(ids: Sequence[int], bounds: Sequence[int]) -> list[int]:
    """Key of each three pieces in a row that are long enough together, else 0; n - 2 of them."""
    shifted = islice(ids, 1, None), islice(ids, 2, None), islice(bounds, 3, None)
    return [
        ((((a + 1) << _ID_BITS | b) << _ID_BITS | c) << 1) | 1 if end - start >= _THREE_CHARS else 0
        for a, b, c, start, end in zip(ids, shifted[0], shifted[1], bounds, shifted[2], strict=False)
    ]


def _pieces(text: str) -> tuple[list[str], str]:
    """Lines with their line breaks, very long ones cut up; and what to call them."""
    lines = text.split("\n")
    last = lines.pop()
    pieces = [line + "\n" for line in lines]
    if last:
        pieces.append(last)
    if all(len(piece) <= _LONG_LINE_CHARS for piece in pieces):
        return pieces, "lines"
    cut: list[str] = []
    for piece in pieces:
        cut += filter(None, _PIECE.findall(piece)) if len(piece) > _LONG_LINE_CHARS else (piece,)
    return cut, "pieces"
