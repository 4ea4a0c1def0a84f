"""Which part of a data set a group (an article, a meeting, a conversation) belongs to: train, validation or test.

The choice hangs on the group's own name, not on its place in a file, so it is the same for every reader of the data.
What is trained, tuned or calibrated never sees a test group.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Literal

Split = Literal["train", "validation", "test"]

_TRAIN, _VALIDATION = 70, 85  # percent, cumulative


def split_of(kind: str, group: str) -> Split:
    """The part that a group belongs to: 70 % of all groups train, 15 % validation, 15 % test.

    Args:
        kind: Data set: ``nq``, ``xquad``, ``qmsum``, ``tatqa``, ``tau_bench``.
        group: An article's title (nq, xquad), `meeting_id` (qmsum), the table's uid (tatqa), the task's number
            (tau_bench).
    """
    digest = sha256(f"{kind}\0{group}".encode("utf-8", "replace")).digest()
    place = int.from_bytes(digest[:8], "big") % 100
    if place < _TRAIN:
        return "train"
    return "validation" if place < _VALIDATION else "test"


def meeting_id(turns: Iterable[str]) -> str:
    """A name for a meeting that has none: the digest of what was said, blanks aside."""
    digest = sha256()
    for turn in turns:
        digest.update(" ".join(turn.split()).encode("utf-8", "replace") + b"\n")
    return digest.hexdigest()[:16]
