"""How much may be sent, and what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from sparing.core.deadline import Deadline


class Mode(StrEnum):
    """What the pipeline may do with a request."""

    OFF = "off"  # pass through, untouched and unmeasured
    AUDIT = "audit"  # reduce, record what would have been saved, send the original
    ON = "on"


@dataclass(frozen=True, slots=True)
class Budget:
    """What one request may cost.

    Attributes:
        input_tokens: Most tokens the whole prompt may have; None leaves it to the policy's effort.
        deadline: When the reduction has to be done.
        risk: Most of the needed evidence that may be lost, 0..1; None leaves it to the policy.
    """

    input_tokens: int | None = None
    deadline: Deadline = field(default_factory=Deadline)
    risk: float | None = None
