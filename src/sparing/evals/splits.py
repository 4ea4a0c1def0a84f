"""Which part of a data set a group (an article, a meeting, a conversation) belongs to: train, validation or test.

The choice hangs on the group's own name or text, not on its place in a file, so it is the same for every reader of the
data and for every later version of a file. What is trained or tuned never sees a test group; what is reported is
measured on test groups.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b
from typing import Literal

Split = Literal["train", "validation", "test"]

_VALIDATION_PERCENT, _TEST_PERCENT = 10, 20


def split_of(kind: str, group_id: str) -> Split:
    """The part that a group belongs to: 70 % of all groups train, 10 % validation, 20 % test.

    Args:
        kind: Data set: ``nq``, ``xquad``, ``qmsum``, ``tatqa``, ``tau_bench``.
        group_id: An article's title (nq, xquad), `meeting_id` (qmsum), the table's uid (tatqa), the task's number
            (tau_bench).
    """
    digest = blake2b(f"{kind}\0{group_id}".encode("utf-8", "replace"), digest_size=8).digest()
    place = int.from_bytes(digest, "big") % 100
    if place < _TEST_PERCENT:
        return "test"
    return "validation" if place < _TEST_PERCENT + _VALIDATION_PERCENT else "train"


def meeting_id(turns: Iterable[str]) -> str:
    """A name for a meeting that has none: the digest of what was said, blanks and speakers aside."""
    digest = blake2b(digest_size=8)
    for turn in turns:
        digest.update(" ".join(turn.split()).encode("utf-8", "replace") + b"\n")
    return digest.hexdigest()
