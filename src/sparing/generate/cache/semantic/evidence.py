"""What is known of a lookup when it is decided whether a kept answer will do."""

from __future__ import annotations

from typing import NamedTuple


class Evidence(NamedTuple):
    """Numbers only: it is kept with the labels.

    Attributes:
        similarity: Of the question asked and the one that was answered, -1..1; below 0 where the rules keep them apart.
        num_alike: Other kept questions that are alike too.
    """

    similarity: float
    num_alike: int = 0


APART = Evidence(-1.0)
