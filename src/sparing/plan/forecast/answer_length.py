"""How long answers are, by what kind of traffic they answer: learned online, in bounded memory.

Lengths are kept as histograms over octaves of tokens that forget, one per kind. A kind of which little was seen borrows
from all others; one that is made of parts (a policy and an intent) first from those that share a part with it.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Hashable, Sequence

_PER_OCTAVE = 2
_BINS = 17 * _PER_OCTAVE  # up to 131,072 tokens
_BORROWED = 8.0  # answers that the others' histogram counts for
_HALF_LIFE = 200.0
_GROWTH = 2.0 ** (1.0 / _HALF_LIFE)
_MOST_STALE, _STALE_SHARE = 8, 16  # answers, of how many: so much may be missing from what is said of them
_MOST_KINDS = 4_096
_START_TOKENS, _START_OCTAVES = 250.0, 1.5
_LARGEST = 1e9


class _Histogram:
    """Attributes:
    num: Answers observed.
    quantiles: By how many are asked for: as of which `num`, and what they were.
    """

    __slots__ = ("bins", "num", "quantiles", "unit")

    def __init__(self) -> None:
        self.num = 0
        self.quantiles: dict[int, tuple[int, list[float]]] = {}
        self.bins = [0.0] * _BINS
        self.unit = 1.0

    def add(self, tokens: int) -> None:
        self.num += 1
        self.unit *= _GROWTH
        if self.unit > _LARGEST:
            self.bins = [value / self.unit for value in self.bins]
            self.unit = 1.0
        self.bins[min(_BINS - 1, int(math.log2(max(1, tokens)) * _PER_OCTAVE))] += self.unit


def _start(tokens: float) -> list[float]:
    middle = math.log2(tokens)
    weights = [math.exp(-0.5 * (((i + 0.5) / _PER_OCTAVE - middle) / _START_OCTAVES) ** 2) for i in range(_BINS)]
    return [2.0 * weight / sum(weights) for weight in weights]


class AnswerLengths:
    """Lengths of answers in tokens, by kind: anything that can be a key; a tuple is made of parts.

    Args:
        most_kinds: Of which lengths are kept, parts included; those that were not seen for longest are forgotten.
        start_tokens: A usual length, before anything was seen.
    """

    def __init__(self, most_kinds: int = _MOST_KINDS, start_tokens: float = _START_TOKENS) -> None:
        self._most_kinds = most_kinds
        self._starting = _start(start_tokens)
        self._of_all = _Histogram()
        self._kinds: OrderedDict[Hashable, _Histogram] = OrderedDict()

    def observe(self, kind: Hashable, tokens: int) -> None:
        """Note the length of one whole answer; one that a ceiling cut is none."""
        self._of_all.add(tokens)
        for key in (*_parts(kind), kind):
            known = self._kinds.get(key)
            if known is None:
                known = self._kinds[key] = _Histogram()
                if len(self._kinds) > self._most_kinds:
                    self._kinds.popitem(last=False)
            self._kinds.move_to_end(key)
            known.add(tokens)

    def lengths(self, kind: Hashable, num: int = 5) -> list[float]:
        """So many equally likely lengths, rising. The newest of many answers may not be among them yet."""
        known = self._kinds.get(kind)
        if known is None:
            if _parts(kind):
                return self._found(kind, num)
            known = self._of_all
        seen, found = known.quantiles.get(num, (-1, []))
        if seen < 0 or known.num - seen > min(_MOST_STALE, known.num // _STALE_SHARE):
            found = self._found(kind, num)
            known.quantiles[num] = known.num, found
        return found

    def _found(self, kind: Hashable, num: int) -> list[float]:
        shares = self._shares(kind)
        total = sum(shares)
        return _quantiles(shares, [total * (i + 0.5) / num for i in range(num)])

    def __len__(self) -> int:
        return len(self._kinds)

    def _shares(self, kind: Hashable) -> Sequence[float]:
        unit = self._of_all.unit
        of_all = [seen / unit + start for seen, start in zip(self._of_all.bins, self._starting, strict=True)]
        parts = [self._with(self._kinds[part], of_all) for part in _parts(kind) if part in self._kinds]
        others = [sum(column) for column in zip(*map(_normal, parts), strict=True)] if parts else of_all
        known = self._kinds.get(kind)
        return others if known is None else self._with(known, others)

    def _with(self, known: _Histogram, others: Sequence[float]) -> list[float]:
        unit, borrowed = known.unit, _BORROWED / sum(others)
        return [own / unit + borrowed * other for own, other in zip(known.bins, others, strict=True)]


def _parts(kind: Hashable) -> list[Hashable]:
    """What the parts of a kind are known by: itself with all other parts left open."""
    if not isinstance(kind, tuple) or len(kind) < 2:
        return []
    return [tuple(one if i == at else None for i, one in enumerate(kind)) for at in range(len(kind))]


def _normal(shares: Sequence[float]) -> list[float]:
    total = sum(shares)
    return [share / total for share in shares]


def _quantiles(shares: Sequence[float], aims: Sequence[float]) -> list[float]:
    """Where the sum of the shares reaches each of these, rising, in tokens."""
    found: list[float] = []
    low = 0.0
    for i, share in enumerate(shares):
        while len(found) < len(aims) and low + share >= aims[len(found)]:
            part = (aims[len(found)] - low) / share if share > 0 else 0.0
            found.append(float(2.0 ** ((i + part) / _PER_OCTAVE)))
        low += share
    return found + [float(2.0 ** (len(shares) / _PER_OCTAVE))] * (len(aims) - len(found))
