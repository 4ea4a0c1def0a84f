"""The questions that were answered, found again by what they have in common with a new one."""

from __future__ import annotations

from collections import Counter, OrderedDict, defaultdict
from dataclasses import dataclass, field

from sparing.generate.cache.semantic.agree import disagreement
from sparing.generate.cache.semantic.embed import Vector, similarity
from sparing.generate.cache.semantic.wording import Wording, weight

_LOOKED_AT = 8  # candidates whose vectors are compared
_PER_CONTEXT = 2_000


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
    """

    record: Record | None
    similarity: float


@dataclass(slots=True)
class _Group:
    """The questions of one context."""

    records: OrderedDict[bytes, Record] = field(default_factory=OrderedDict)
    by_word: defaultdict[str, set[Record]] = field(default_factory=lambda: defaultdict(set))


class Index:
    """Questions by context; a context is everything else in the request, and whose it is.

    Args:
        most: Records in all; the contexts that were used longest ago give way, and within one its oldest questions.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._groups: OrderedDict[bytes, _Group] = OrderedDict()
        self.num_records = 0

    def nearest(self, context: bytes, wording: Wording, vector: Vector) -> Match | None:
        """The nearest of the questions that share most words and agree; None where none shares any."""
        group = self._groups.get(context)
        if group is None:
            return None
        self._groups.move_to_end(context)
        shared: Counter[Record] = Counter()
        for word in _telling(wording):
            for record in group.by_word.get(word, ()):
                shared[record] += 1
        if not shared:
            return None
        agreeing = [one for one, _ in shared.most_common(_LOOKED_AT) if not disagreement(wording, one.wording)]
        scored = [(similarity(vector, one.vector), at, one) for at, one in enumerate(agreeing)]
        return Match(max(scored)[2], max(scored)[0]) if scored else Match(None, -1.0)

    def add(self, context: bytes, record: Record) -> None:
        """Add a question, in place of the one with the same key."""
        group = self._groups.setdefault(context, _Group())
        self._groups.move_to_end(context)
        self._remove(group, record.key)
        group.records[record.key] = record
        self.num_records += 1
        for word in _telling(record.wording):
            group.by_word[word].add(record)
        if len(group.records) > _PER_CONTEXT:
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


def _telling(wording: Wording) -> set[str]:
    """The words that say something, by their beginnings: forms of a word count as one."""
    return {word[:5] for word in wording.words if weight(word) == 1.0}
