"""Which label sets a caller may read: everything that is read is filtered by them first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.passage import Rights, readable

_MOST_CALLERS = 256  # remembered at a time


@dataclass(frozen=True, slots=True)
class LabelSet:
    """The labels that some documents of a store have, these and no others, and how much that is.

    Attributes:
        words: Of all its passages together.
    """

    id: int
    labels: frozenset[str]
    documents: int
    passages: int
    words: int


class LabelSets:
    """All label sets of a store that have a document, in one state of it."""

    def __init__(self, sets: Sequence[LabelSet]) -> None:
        self._sets = sets
        self._labelled = any(one.labels for one in sets)
        self._known: dict[Rights, list[LabelSet]] = {}

    def allowed(self, rights: Rights) -> list[LabelSet]:
        """Those that the caller may read."""
        if rights not in self._known:
            if len(self._known) == _MOST_CALLERS:
                self._known.clear()
            readers = [one for one in self._sets if readable(one.labels, rights, labelled=self._labelled)]
            self._known[rights] = readers
        return self._known[rights]
