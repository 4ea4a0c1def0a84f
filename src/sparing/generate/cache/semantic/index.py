"""The questions that were answered, found again by what they have in common with a new one."""

from __future__ import annotations

import heapq
import math
from collections import OrderedDict, defaultdict
from dataclasses import dataclass, field
from itertools import islice

from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.embed import Vector, similarity
from sparing.generate.cache.semantic.wording import Wording, weight

_LOOKED_AT = 32  # candidates whose vectors are compared
_VISITED = 2_000  # holders of the question's words that are counted, those of its rarest words first
_ALIKE = 0.9


@dataclass(slots=True, eq=False)
class Record:
    """One answered question.

    Attributes:
        key: Of the entry in the store.
        wrong_at: The highest similarity at which its answer was wrong; only nearer questions get it.
    """

    key: bytes
    wording: Wording
    vector: Vector
    wrong_at: float = -1.0


@dataclass(frozen=True, slots=True)
class Match:
    """The nearest question that agrees.

    Attributes:
        record: None where questions were found but none agrees.
        num_alike: Other questions that were looked at and are more alike than 0.9, whether they agree or not.
    """

    record: Record | None
    similarity: float
    num_alike: int = 0


@dataclass(slots=True)
class _Group:
    """The questions of one context."""

    records: OrderedDict[bytes, Record] = field(default_factory=OrderedDict)
    by_word: defaultdict[str, set[Record]] = field(default_factory=lambda: defaultdict(set))


class Index:
    """Questions by context; a context is everything else in the request, and whose it is.

    Args:
        most: Records in all; the contexts that were used longest ago give way, and within one its oldest questions.
        per_context: Records of one context.
    """

    def __init__(self, most: int, *, per_context: int = 20_000) -> None:
        self._most = most
        self._per_context = per_context
        self._groups: OrderedDict[bytes, _Group] = OrderedDict()
        self.num_records = 0

    def nearest(self, context: bytes, wording: Wording, vector: Vector) -> Match | None:
        """The nearest of the questions that share most words and agree; None where none shares any."""
        near = self.near(context, wording, vector)
        agreeing = [(alike, at) for at, (alike, one) in enumerate(near) if not disagreement(wording, one.wording)]
        if not agreeing:
            return Match(None, -1.0) if near else None
        alike, best = max(agreeing)
        return Match(near[best][1], alike, sum(is_alike(other) for at, (other, _) in enumerate(near) if at != best))

    def near(self, context: bytes, wording: Wording, vector: Vector) -> list[tuple[float, Record]]:
        """The questions that share most of its rare words, each with how alike it is."""
        group = self._groups.get(context)
        if group is None:
            return []
        self._groups.move_to_end(context)
        holders = sorted(filter(None, map(group.by_word.get, _telling(wording))), key=len)
        shared: dict[Record, float] = {}
        visited = 0
        for some in holders:
            rarity = math.log1p(len(group.records) / len(some))
            for record in islice(some, max(0, _VISITED - visited)):
                shared[record] = shared.get(record, 0.0) + rarity
            visited += len(some)
        likeliest = heapq.nlargest(_LOOKED_AT, shared, key=shared.__getitem__)
        return [(similarity(vector, one.vector), one) for one in likeliest]

    def add(self, context: bytes, record: Record) -> None:
        """Add a question, in place of the one with the same key."""
        group = self._groups.setdefault(context, _Group())
        self._groups.move_to_end(context)
        self._remove(group, record.key)
        group.records[record.key] = record
        self.num_records += 1
        for word in _telling(record.wording):
            group.by_word[word].add(record)
        if len(group.records) > self._per_context:
            self._remove(group, next(iter(group.records)))
        while self.num_records > self._most:
            oldest, first = next(iter(self._groups.items()))
            self._remove(first, next(iter(first.records)))
            if not first.records:
                del self._groups[oldest]

    def remove(self, context: bytes, key: bytes) -> None:
        """Forget a question whose answer is gone."""
        group = self._groups.get(context)
        if group is not None:
            self._remove(group, key)
            if not group.records:
                del self._groups[context]

    def _remove(self, group: _Group, key: bytes) -> None:
        record = group.records.pop(key, None)
        if record is None:
            return
        self.num_records -= 1
        for word in _telling(record.wording):
            holders = group.by_word[word]
            holders.discard(record)
            if not holders:
                del group.by_word[word]


def is_alike(similarity: float) -> bool:
    """Whether a question counts as one of the crowd around another."""
    return similarity > _ALIKE


def _telling(wording: Wording) -> set[str]:
    """The words that say something, by their beginnings: forms of a word count as one."""
    return {word[:5] for word in wording.words if weight(word) == 1.0}
