"""Which label sets a caller may read: everything that is read is filtered by them first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sparing.core.passage import Rights, readable


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


def allowed(sets: Sequence[LabelSet], rights: Rights) -> list[LabelSet]:
    """Those that the caller may read.

    Args:
        sets: All that have a document.
    """
    labelled = any(one.labels for one in sets)
    return [one for one in sets if readable(one.labels, rights, labelled=labelled)]
