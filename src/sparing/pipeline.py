"""receive -> plan -> reduce -> guard -> generate -> finish -> record."""

from __future__ import annotations

from dataclasses import dataclass

from sparing.core.budget import Budget, Mode
from sparing.core.receipt import Receipt
from sparing.core.wire import Wire
from sparing.settings import PolicySettings


@dataclass(frozen=True, slots=True)
class Reduction:
    """A request as it may go out.

    Attributes:
        body: The bytes to send: the very bytes that came when nothing was reduced or the mode is `audit`.
        receipt: What was done; `receipt.reason` says why when nothing was.
    """

    body: bytes
    receipt: Receipt
    model: str
    stream: bool


def reduce_body(body: bytes, wire: Wire, policy: PolicySettings, budget: Budget, mode: Mode) -> Reduction:
    """The first four verbs: parse, plan, reduce, guard. Pure and CPU-bound; call it off the event loop for big bodies.

    Raises:
        MalformedBody: The body is not of this wire format.
        BudgetExceeded: A hard budget is smaller than what may not be reduced.
    """
    raise NotImplementedError
