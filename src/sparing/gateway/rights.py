"""What a request may read of stores: what its key holds, or what of that it asks for."""

from __future__ import annotations

from collections.abc import Collection

from sparing.core.passage import Rights
from sparing.errors import NotAllowed
from sparing.gateway.headers import CONTROL, Raw
from sparing.plan.callers import Caller

_LABELS = CONTROL + b"labels"


def rights_of(caller: Caller | None, narrowed_to: Collection[str] | None) -> Rights:
    """What a caller may read: what its key holds, or what of that it asks for; nobody without a key holds anything.

    Args:
        narrowed_to: Labels that the caller names itself; its tenant stays, others that it does not hold are nothing.
    Raises:
        NotAllowed: It names some, and its key is not trusted to.
    """
    held = caller.labels if caller is not None else frozenset[str]()
    if narrowed_to is None:
        return Rights(held)
    if caller is None or not caller.trust_labels:
        raise NotAllowed("this request may not name labels", hint="leave out x-sparing-labels, or set trust_labels")
    return Rights(frozenset(label for label in held if label.startswith("tenant:") or label in narrowed_to))


def labels_of(headers: Raw) -> frozenset[str] | None:
    """The labels that a caller wants to be held to, ``x-sparing-labels: group:legal, group:hr``; None: all its own.

    A header that is sent twice holds to what both say.
    """
    named = [value.decode("latin-1") for name, value in headers if name == _LABELS]
    if not named:
        return None
    return frozenset.intersection(*(frozenset(map(str.strip, text.split(","))) - {""} for text in named))
